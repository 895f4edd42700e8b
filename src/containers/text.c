/* Items as Python prints them. */
#include "base/status.h"
#include "containers/container.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The shortest digits that give this number back, laid out as Python's repr does. */
static void print_double(FILE *out, double real)
{
    enum { DIGITS = 17, WIDEST = 16 };
    char text[64];
    if (isnan(real) || isinf(real)) {
        fputs(isnan(real) ? "nan" : real > 0 ? "inf" : "-inf", out);
        return;
    }
    int digits = 1;
    do
        snprintf(text, sizeof text, "%.*e", digits - 1, real);
    while (strtod(text, NULL) != real && digits++ < DIGITS);
    int exponent = atoi(strchr(text, 'e') + 1);
    if (exponent < -4 || exponent >= WIDEST)
        fputs(text, out);
    else
        fprintf(out, "%.*f", digits - 1 > exponent ? digits - 1 - exponent : 1, real);
}

/* What is not ASCII stays as it is in a string, which is UTF-8, and becomes an escape in bytes. */
static void print_text(FILE *out, const mr_item *item)
{
    static const char plain[] = "\n\r\t\\", letters[] = "nrt\\";
    const unsigned char *bytes = item->data;
    bool is_bytes = item->type == MR_ITEM_BYTES, has_quote = false, has_double = false;
    for (size_t i = 0; i < item->size; i++) {
        has_quote = has_quote || bytes[i] == '\'';
        has_double = has_double || bytes[i] == '"';
    }
    char quote = has_quote && !has_double ? '"' : '\'';
    fputs(is_bytes ? "b" : "", out);
    fputc(quote, out);
    for (size_t i = 0; i < item->size; i++) {
        const char *found = bytes[i] != '\0' ? strchr(plain, bytes[i]) : NULL;
        if (found != NULL)
            fprintf(out, "\\%c", letters[found - plain]);
        else if (bytes[i] == (unsigned char)quote)
            fprintf(out, "\\%c", quote);
        else if (bytes[i] < 0x20 || bytes[i] == 0x7f || (is_bytes && bytes[i] > 0x7f))
            fprintf(out, "\\x%02x", bytes[i]);
        else
            fputc(bytes[i], out);
    }
    fputc(quote, out);
}

/* The number at an index of an array. */
static void print_element(FILE *out, const mr_item *item, size_t index)
{
#define ELEMENT(letter, ctype, format, wide)                                                 \
    case letter: {                                                                           \
        ctype element;                                                                       \
        memcpy(&element, (const char *)item->data + index * sizeof element, sizeof element); \
        fprintf(out, format, (wide)element);                                                 \
        break;                                                                               \
    }
    double real = 0;
    float single = 0;
    switch (item->code) {
        ELEMENT('b', int8_t, "%d", int)
        ELEMENT('B', uint8_t, "%d", int)
        ELEMENT('h', int16_t, "%d", int)
        ELEMENT('H', uint16_t, "%d", int)
        ELEMENT('i', int32_t, "%d", int)
        ELEMENT('I', uint32_t, "%u", unsigned)
        ELEMENT('q', int64_t, "%lld", long long)
        ELEMENT('Q', uint64_t, "%llu", unsigned long long)
    case 'f':
        memcpy(&single, (const char *)item->data + index * sizeof single, sizeof single);
        print_double(out, (double)single);
        break;
    default:
        memcpy(&real, (const char *)item->data + index * sizeof real, sizeof real);
        print_double(out, real);
    }
#undef ELEMENT
}

static void print_array(FILE *out, const mr_item *item)
{
    size_t size = strchr("bB", item->code) != NULL ? 1 : strchr("hH", item->code) != NULL ? 2 : 8;
    if (strchr("iIf", item->code) != NULL)
        size = 4;
    fprintf(out, "array('%c'", item->code);
    for (size_t i = 0; i < item->size / size; i++) {
        fputs(i == 0 ? ", [" : ", ", out);
        print_element(out, item, i);
    }
    fputs(item->size / size > 0 ? "])" : ")", out);
}

static void print_item(FILE *out, const mr_item *item)
{
    static const char *const names[] = {"nothing",
#define OBJECT_NAME(name, handle) #handle,
                                        MR_OBJECT_MAP(OBJECT_NAME)
#undef OBJECT_NAME
    };
    switch (item->type) {
    case MR_ITEM_NONE:
        fputs("None", out);
        break;
    case MR_ITEM_BOOL:
        fputs(item->boolean ? "True" : "False", out);
        break;
    case MR_ITEM_INT:
        fprintf(out, "%lld", (long long)item->integer);
        break;
    case MR_ITEM_DOUBLE:
        print_double(out, item->real);
        break;
    case MR_ITEM_ARRAY:
        print_array(out, item);
        break;
    case MR_ITEM_OBJECT:
        fprintf(out, "<%s>", names[item->object] + strlen("mr_"));
        break;
    default:
        print_text(out, item);
    }
}

static void print_items(FILE *out, const mr_item items[], size_t count, mr__text_form form)
{
    bool is_first = true;
    bool is_single = form == MR__TEXT_LIST || form == MR__TEXT_SET;
    size_t step = is_single ? 1 : 2;
    for (size_t i = 0; i + step <= count; i += step) {
        const char *name = items[i].data;
        if (form == MR__TEXT_NAMES && (items[i].size == 0 || name[0] == '_'))
            continue;
        fputs(is_first ? "" : ", ", out);
        is_first = false;
        if (form == MR__TEXT_NAMES)
            fprintf(out, "%.*s=", (int)items[i].size, name);
        else
            print_item(out, &items[i]);
        if (form == MR__TEXT_DICT)
            fputs(": ", out);
        if (!is_single)
            print_item(out, &items[i + 1]);
    }
}

mr_status mr__items_text(const char *call, const mr_item items[], size_t count, mr__text_form form, char **text)
{
    static const char *const heads[] = {"[", "{", "Namespace(", "{"}, *const tails[] = {"]", "}", ")", "}"};
    size_t size = 0;
    char *made = NULL;
    FILE *out = open_memstream(&made, &size);
    if (out == NULL)
        return mr__fail(MR_ENOMEM, "%s: there is no memory for the text", call);
    if (form == MR__TEXT_SET && count == 0) {
        fputs("set()", out);
    } else {
        fputs(heads[form], out);
        print_items(out, items, count, form);
        fputs(tails[form], out);
    }
    bool is_whole = ferror(out) == 0;
    if (fclose(out) != 0 || !is_whole) {
        free(made);
        return mr__fail(MR_ENOMEM, "%s: there is no memory for the text", call);
    }
    *text = made;
    return MR_OK;
}
