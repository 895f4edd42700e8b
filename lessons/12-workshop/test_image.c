/* What image.c and sobel.c owe the workshop: every kind of picture read right, broken ones refused, and the same
 * edges however the rows are split. Each test makes its files in a folder of its own, which is its working
 * directory. */
#define _XOPEN_SOURCE 700

#include <criterion/criterion.h>
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>

#include "image.h"
#include "sobel.h"

/* ---- Helpers ------------------------------------------------------------------------------------------------ */

static void enter_folder(void)
{
    const char *parent = getenv("TMPDIR");
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/workshop-XXXXXX", parent == NULL ? "/tmp" : parent);
    cr_assert(mkdtemp(folder) != NULL && chdir(folder) == 0);
}

static int count_files(bool delete)
{
    int count = 0;
    DIR *folder = opendir(".");
    for (struct dirent *entry = readdir(folder); entry != NULL; entry = readdir(folder)) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        count++;
        if (delete)
            remove(entry->d_name);
    }
    closedir(folder);
    return count;
}

static void leave_folder(void)
{
    char folder[4096];
    cr_assert(getcwd(folder, sizeof folder) != NULL);
    count_files(true);
    cr_assert(chdir("/") == 0 && rmdir(folder) == 0);
}

TestSuite(workshop, .init = enter_folder, .fini = leave_folder, .timeout = 100);

static unsigned dice(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(*seed >> 33);
}

static uint8_t *noise(size_t size, uint64_t seed)
{
    uint8_t *bytes = malloc(size);
    cr_assert(bytes != NULL);
    for (size_t i = 0; i < size; i++)
        bytes[i] = (uint8_t)dice(&seed);
    return bytes;
}

static void write_bytes(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0);
}

static uint8_t *read_bytes(const char *path, size_t *size)
{
    enum { MOST = 1 << 20 };
    uint8_t *bytes = malloc(MOST);
    FILE *file = fopen(path, "rb");
    cr_assert(file != NULL && bytes != NULL);
    *size = fread(bytes, 1, MOST, file);
    cr_assert(*size < MOST && fclose(file) == 0);
    return bytes;
}

/* It is not read, the picture stays empty, and there is one line for a person. */
static void assert_refused(const char *path, const char *sentence)
{
    image picture;
    image_error why = {""};
    cr_assert(!image_read(&picture, path, &why), "%s was read", path);
    cr_assert(picture.pixels == NULL);
    cr_assert(strstr(why.text, sentence) != NULL, "%s: '%s' instead of '%s'", path, why.text, sentence);
    cr_assert(why.text[0] != '\0' && strchr(why.text, '\n') == NULL);
}

static void assert_pixels(const char *path, size_t width, size_t height, const uint8_t *expected, int tolerance)
{
    image picture;
    image_error why = {""};
    cr_assert(image_read(&picture, path, &why), "%s: %s", path, why.text);
    cr_assert(picture.width == width && picture.height == height);
    for (size_t i = 0; i < width * height; i++)
        cr_assert(abs(picture.pixels[i] - expected[i]) <= tolerance, "%s, pixel %zu: %d instead of %d", path, i,
                  picture.pixels[i], expected[i]);
    image_free(&picture);
}

/* The definitions again, in real numbers: the mixture with white, and the luma, each rounded. */
static int over_white(int value, int alpha)
{
    return (int)((value * alpha + 255.0 * (255 - alpha)) / 255 + 0.5);
}

/* The little more lets an exact half be rounded up although 0.299 is not exact. */
static uint8_t grey_of(int red, int green, int blue)
{
    return (uint8_t)(int)(0.299 * red + 0.587 * green + 0.114 * blue + 0.5 + 1e-9);
}

static const size_t odd_sizes[][2] = {{1, 1}, {1, 2}, {2, 1}, {1, 19}, {23, 1},
                                      {2, 2}, {3, 3}, {5, 3}, {4, 9},  {33, 17}};
enum { ODD_SIZES = sizeof odd_sizes / sizeof odd_sizes[0] };

/* ---- PNG ---------------------------------------------------------------------------------------------------- */

typedef struct png_kind {
    int colour, depth, interlace;
    bool key; /* with a tRNS chunk: a transparent colour, or the alphas of a palette */
} png_kind;

static const png_color_16 key_colour = {.red = 1, .green = 1, .blue = 1, .gray = 1};

static int channels_of(int colour)
{
    static const int channels[] = {1, 0, 3, 1, 2, 0, 4};
    return channels[colour];
}

static size_t png_row_size(png_kind k, size_t width)
{
    return (width * (size_t)(channels_of(k.colour) * k.depth) + 7) / 8;
}

static png_color palette_colour(int i)
{
    return (png_color){(png_byte)(i * 7), (png_byte)(255 - i * 3), (png_byte)(i * 29)};
}

static png_byte palette_alpha(int i)
{
    return (png_byte)(i * 51);
}

static void make_png(const char *path, png_kind k, size_t width, size_t height, const uint8_t *data)
{
    FILE *file = fopen(path, "wb");
    png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
    png_infop info = png_create_info_struct(png);
    cr_assert(file != NULL && png != NULL && info != NULL);
    png_init_io(png, file);
    png_set_IHDR(png, info, (png_uint_32)width, (png_uint_32)height, k.depth, k.colour, k.interlace, 0, 0);
    png_color palette[256];
    png_byte alphas[256];
    for (int i = 0; i < 256; i++) {
        palette[i] = palette_colour(i);
        alphas[i] = palette_alpha(i);
    }
    if (k.colour == PNG_COLOR_TYPE_PALETTE)
        png_set_PLTE(png, info, palette, 1 << k.depth);
    if (k.key)
        png_set_tRNS(png, info, alphas, 1 << (k.depth < 8 ? k.depth : 8), &key_colour);
    png_write_info(png, info);
    int passes = png_set_interlace_handling(png);
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < height; y++)
            png_write_row(png, data + y * png_row_size(k, width));
    png_write_end(png, info);
    png_destroy_write_struct(&png, &info);
    fclose(file);
}

/* Sample number i of a row, as the file has it. */
static int png_sample(const uint8_t *row, size_t i, int depth)
{
    if (depth == 16)
        return row[2 * i] * 256 + row[2 * i + 1];
    size_t bit = i * (size_t)depth;
    return (row[bit / 8] >> (8 - depth - (int)(bit % 8))) & ((1 << depth) - 1);
}

static uint8_t png_expected(png_kind k, const uint8_t *row, size_t x)
{
    int channels = channels_of(k.colour), most = (1 << k.depth) - 1, raw[4] = {0}, v[4];
    for (int i = 0; i < channels; i++) {
        raw[i] = png_sample(row, x * (size_t)channels + (size_t)i, k.depth);
        v[i] = (int)(raw[i] * 255.0 / most + 0.5);
    }
    if (k.colour == PNG_COLOR_TYPE_PALETTE) {
        png_color c = palette_colour(raw[0]);
        int alpha = k.key ? palette_alpha(raw[0]) : 255;
        return grey_of(over_white(c.red, alpha), over_white(c.green, alpha), over_white(c.blue, alpha));
    }
    bool colour = channels > 2;
    int alpha = channels % 2 == 0 ? v[channels - 1] : 255;
    if (k.key && raw[0] == 1 && (!colour || (raw[1] == 1 && raw[2] == 1)))
        alpha = 0;
    return grey_of(over_white(v[0], alpha), over_white(v[colour ? 1 : 0], alpha),
                   over_white(v[colour ? 2 : 0], alpha));
}

static void check_png(png_kind k, size_t width, size_t height)
{
    size_t row = png_row_size(k, width);
    uint8_t *data = noise(row * height, 5 + width), *expected = malloc(width * height);
    if (k.key) /* the transparent colour is to come up at least once */
        memcpy(data, k.depth == 16 ? "\0\1\0\1\0\1" : "\1\1\1\1\1\1", row < 6 ? row : 6);
    for (size_t i = 0; i < width * height; i++)
        expected[i] = png_expected(k, data + i / width * row, i % width);
    make_png("kind.png", k, width, height, data);
    assert_pixels("kind.png", width, height, expected, 0);
    free(expected);
    free(data);
}

/* Every legal pair of colour type and depth, plain and interlaced, with and without transparency, in odd sizes. */
Test(workshop, png_kinds)
{
    static const int kinds[][2] = {{0, 1}, {0, 2}, {0, 4}, {0, 8}, {0, 16}, {2, 8}, {2, 16}, {3, 1},
                                   {3, 2}, {3, 4}, {3, 8}, {4, 8}, {4, 16}, {6, 8}, {6, 16}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (int variant = 0; variant < 4; variant++) {
            png_kind k = {kinds[i][0], kinds[i][1], variant % 2, variant / 2 == 1};
            if (k.key && channels_of(k.colour) % 2 == 0)
                continue; /* it has an alpha channel already */
            for (int size = 0; size < ODD_SIZES; size++)
                check_png(k, odd_sizes[size][0], odd_sizes[size][1]);
        }
}

/* ---- JPEG --------------------------------------------------------------------------------------------------- */

typedef struct jpeg_kind {
    J_COLOR_SPACE in, stored;
    int components;
    bool progressive, adobe;
} jpeg_kind;

static void make_jpeg(const char *path, jpeg_kind k, size_t width, size_t height, const uint8_t *data)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    FILE *file = fopen(path, "wb");
    cr_assert(file != NULL);
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = (JDIMENSION)width;
    jpeg.image_height = (JDIMENSION)height;
    jpeg.input_components = k.components;
    jpeg.in_color_space = k.in;
    jpeg_set_defaults(&jpeg);
    jpeg_set_colorspace(&jpeg, k.stored);
    jpeg_set_quality(&jpeg, 95, TRUE);
    if (k.stored == JCS_CMYK || k.stored == JCS_YCCK)
        jpeg.write_Adobe_marker = k.adobe;
    if (k.progressive)
        jpeg_simple_progression(&jpeg);
    jpeg_start_compress(&jpeg, TRUE);
    for (size_t y = 0; y < height; y++) {
        uint8_t *row = malloc(width * (size_t)k.components);
        memcpy(row, data + y * width * (size_t)k.components, width * (size_t)k.components);
        jpeg_write_scanlines(&jpeg, &row, 1);
        free(row);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
    fclose(file);
}

/* JPEG loses something, so what is expected is what libjpeg itself gives as red, green and blue. */
static uint8_t *jpeg_expected(const char *path, size_t width, size_t height)
{
    struct jpeg_error_mgr errors;
    struct jpeg_decompress_struct jpeg = {.err = jpeg_std_error(&errors)};
    FILE *file = fopen(path, "rb");
    uint8_t *row = malloc(3 * width), *grey = malloc(width * height);
    cr_assert(file != NULL && row != NULL && grey != NULL);
    jpeg_create_decompress(&jpeg);
    jpeg_stdio_src(&jpeg, file);
    jpeg_read_header(&jpeg, TRUE);
    jpeg.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg);
    for (size_t y = 0; y < height; y++) {
        jpeg_read_scanlines(&jpeg, &row, 1);
        for (size_t x = 0; x < width; x++)
            grey[y * width + x] = grey_of(row[3 * x], row[3 * x + 1], row[3 * x + 2]);
    }
    jpeg_finish_decompress(&jpeg);
    jpeg_destroy_decompress(&jpeg);
    fclose(file);
    free(row);
    return grey;
}

Test(workshop, jpeg_grey_and_colour)
{
    static const jpeg_kind kinds[] = {{JCS_RGB, JCS_YCbCr, 3, false, false},
                                      {JCS_RGB, JCS_YCbCr, 3, true, false},
                                      {JCS_RGB, JCS_RGB, 3, false, false},
                                      {JCS_GRAYSCALE, JCS_GRAYSCALE, 1, false, false},
                                      {JCS_GRAYSCALE, JCS_GRAYSCALE, 1, true, false}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        for (int size = 0; size < ODD_SIZES; size++) {
            size_t width = odd_sizes[size][0], height = odd_sizes[size][1];
            uint8_t *data = noise(width * height * 3, i);
            make_jpeg("kind.jpg", kinds[i], width, height, data);
            uint8_t *expected = jpeg_expected("kind.jpg", width, height);
            assert_pixels("kind.jpg", width, height, expected, 0);
            free(expected);
            free(data);
        }
}

/* Ink in four colours, stored as it is or, with Adobe's marker, upside down. */
Test(workshop, jpeg_cmyk)
{
    static const int inks[][4] = {
        {0, 0, 0, 0}, {0, 0, 0, 255}, {255, 0, 0, 0}, {0, 200, 40, 30}, {90, 10, 250, 128}};
    for (size_t i = 0; i < sizeof inks / sizeof inks[0]; i++)
        for (int variant = 0; variant < 3; variant++) {
            jpeg_kind k = {JCS_CMYK, variant == 2 ? JCS_YCCK : JCS_CMYK, 4, false, variant > 0};
            uint8_t data[9 * 5 * 4], expected[9 * 5];
            double paper = (255 - inks[i][3]) / 255.0;
            uint8_t grey =
                grey_of((int)((255 - inks[i][0]) * paper + 0.5), (int)((255 - inks[i][1]) * paper + 0.5),
                        (int)((255 - inks[i][2]) * paper + 0.5));
            for (size_t at = 0; at < sizeof data; at++)
                data[at] = (uint8_t)(k.adobe ? 255 - inks[i][at % 4] : inks[i][at % 4]);
            memset(expected, grey, sizeof expected);
            make_jpeg("ink.jpg", k, 9, 5, data);
            assert_pixels("ink.jpg", 9, 5, expected, 3);
        }
}

/* ---- What is not a picture ---------------------------------------------------------------------------------- */

static const png_kind plain_png = {PNG_COLOR_TYPE_RGB, 8, PNG_INTERLACE_NONE, false};
static const png_kind interlaced_png = {PNG_COLOR_TYPE_PALETTE, 4, PNG_INTERLACE_ADAM7, true};
static const jpeg_kind plain_jpeg = {JCS_RGB, JCS_YCbCr, 3, false, false};
static const jpeg_kind progressive_jpeg = {JCS_RGB, JCS_YCbCr, 3, true, false};

/* Small valid files to be spoilt: two PNG, two JPEG. */
enum { VICTIMS = 4 };

static uint8_t *victim(int which, size_t *size)
{
    uint8_t *data = noise(19 * 11 * 3, 77);
    if (which < 2)
        make_png("victim", which == 0 ? plain_png : interlaced_png, 19, 11, data);
    else
        make_jpeg("victim", which == 2 ? plain_jpeg : progressive_jpeg, 19, 11, data);
    free(data);
    uint8_t *bytes = read_bytes("victim", size);
    remove("victim");
    return bytes;
}

Test(workshop, no_picture)
{
    assert_refused("missing.png", "No such file");
    assert_refused(".", "not a regular file");
    assert_refused("/dev/null", "not a regular file");
    write_bytes("empty.png", "", 0);
    assert_refused("empty.png", "empty");
    write_bytes("text.png", "This is a letter, not a picture.", 32);
    assert_refused("text.png", "neither a PNG nor a JPEG");
    write_bytes("signature.png", "\x89PNG\r\n\x1a\n", 8);
    assert_refused("signature.png", "ends too early");
    write_bytes("signature.jpg", "\xff\xd8\xff", 3);
    assert_refused("signature.jpg", "libjpeg says");
}

/* The name of a file says nothing about what it holds. */
Test(workshop, kind_by_content)
{
    uint8_t *data = noise(4 * 4 * 3, 1);
    make_jpeg("really-a-jpeg.png", plain_jpeg, 4, 4, data);
    uint8_t *expected = jpeg_expected("really-a-jpeg.png", 4, 4);
    assert_pixels("really-a-jpeg.png", 4, 4, expected, 0);
    free(expected);
    free(data);
}

Test(workshop, every_truncation_is_refused)
{
    for (int which = 0; which < VICTIMS; which++) {
        size_t size;
        uint8_t *bytes = victim(which, &size);
        for (size_t length = 0; length < size; length++) {
            write_bytes("short", bytes, length);
            assert_refused("short", "");
        }
        free(bytes);
    }
}

/* Every chunk of a PNG has a checksum, so no flipped bit may pass unseen. */
Test(workshop, every_flipped_bit_of_a_png_is_refused)
{
    for (int which = 0; which < 2; which++) {
        size_t size;
        uint8_t *bytes = victim(which, &size);
        for (size_t bit = 0; bit < 8 * size; bit++) {
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
            write_bytes("flipped", bytes, size);
            assert_refused("flipped", "");
            bytes[bit / 8] ^= (uint8_t)(1 << bit % 8);
        }
        free(bytes);
    }
}

static void put_be(uint8_t *at, uint32_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}

static uint32_t png_checksum(const uint8_t *bytes, size_t size)
{
    uint32_t crc = 0xffffffff;
    for (size_t i = 0; i < size; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    return ~crc;
}

/* A PNG's header chunk: type at 12, width at 16, height at 20, checksum at 29. */
static void resize_png(uint8_t *bytes, uint32_t width, uint32_t height)
{
    put_be(bytes + 16, width, 4);
    put_be(bytes + 20, height, 4);
    put_be(bytes + 29, png_checksum(bytes + 12, 17), 4);
}

/* A JPEG's frame header: marker ff c0 or ff c2, then height at 5, width at 7. */
static void resize_jpeg(uint8_t *bytes, size_t size, uint32_t width, uint32_t height)
{
    for (size_t i = 0; i + 9 < size; i++)
        if (bytes[i] == 0xff && (bytes[i + 1] == 0xc0 || bytes[i + 1] == 0xc2)) {
            put_be(bytes + i + 5, height, 2);
            put_be(bytes + i + 7, width, 2);
            return;
        }
    cr_assert_fail("no frame header");
}

static void assert_huge_refused(int which, uint32_t width, uint32_t height, const char *sentence)
{
    size_t size;
    uint8_t *bytes = victim(which, &size);
    if (which < 2)
        resize_png(bytes, width, height);
    else
        resize_jpeg(bytes, size, width, height);
    write_bytes("huge", bytes, size);
    assert_refused("huge", sentence);
    free(bytes);
}

/* Headers that promise far more than the file holds. Where the tools allow it, memory is limited, to see that a
 * picture of 256 megapixels does not ask for it before it comes. */
Test(workshop, huge_headers_are_refused)
{
#ifndef __SANITIZE_ADDRESS__
    struct rlimit limit = {200u << 20, 200u << 20};
    cr_assert(setrlimit(RLIMIT_AS, &limit) == 0);
#endif
    for (int which = 0; which < 2; which++) {
        assert_huge_refused(which, 0x7fffffff, 0x7fffffff, "too large: 2147483647 x 2147483647");
        assert_huge_refused(which, 0x7fffffff, 1, "too large");
        assert_huge_refused(which, 1, 0x7fffffff, "too large");
        assert_huge_refused(which, 1000000, 269, "too large");
        assert_huge_refused(which, 0xffffffff, 1, "");
        assert_huge_refused(which, 0, 7, "");
        assert_huge_refused(which, 16384, 16384, "libpng says");
        assert_huge_refused(which, 1000000, 268, "libpng says");
        assert_huge_refused(which, 268, 1000000, "libpng says");
    }
    for (int which = 2; which < VICTIMS; which++) {
        assert_huge_refused(which, 65500, 65500, "too large: 65500 x 65500");
        assert_huge_refused(which, 65535, 65535, "");
        assert_huge_refused(which, 0, 1, "");
        assert_huge_refused(which, 16384, 16384, "libjpeg says");
        assert_huge_refused(which, 65500, 4000, "libjpeg says");
    }
}

/* Some bytes changed, cut out or doubled: whatever comes of it, no crash, and either a whole picture or a
 * sentence. */
static size_t spoil(uint8_t *bytes, size_t size, uint64_t *seed)
{
    for (unsigned changes = 1 + dice(seed) % 4; changes > 0; changes--) {
        size_t at = dice(seed) % size, length = dice(seed) % 16;
        if (length > size - at)
            length = size - at;
        switch (dice(seed) % 4) {
        case 0:
            bytes[at] = (uint8_t)dice(seed);
            break;
        case 1:
            bytes[at] = dice(seed) % 2 == 0 ? 0 : 0xff;
            break;
        case 2:
            memset(bytes + at, (int)(dice(seed) % 256), length);
            break;
        default:
            memmove(bytes + at, bytes + at + length, size - at - length);
            size = size - length > 0 ? size - length : 1;
        }
    }
    return size;
}

/* Walks over the chunks and makes their checksums right again, so that the damage gets past them. */
static void mend_checksums(uint8_t *bytes, size_t size)
{
    for (size_t at = 8; at + 12 <= size;) {
        size_t length =
            (size_t)bytes[at] << 24 | (size_t)bytes[at + 1] << 16 | (size_t)bytes[at + 2] << 8 | bytes[at + 3];
        if (length > size - at - 12)
            return;
        put_be(bytes + at + 8 + length, png_checksum(bytes + at + 4, length + 4), 4);
        at += length + 12;
    }
}

static void read_spoilt(const uint8_t *bytes, size_t size)
{
    image picture;
    image_error why = {""};
    write_bytes("spoilt", bytes, size);
    if (image_read(&picture, "spoilt", &why)) {
        uint8_t *edges = malloc(picture.width * picture.height);
        band whole = band_at(picture.width, picture.height, 1, 0);
        sobel(&whole, picture.pixels, edges);
        free(edges);
        image_free(&picture);
    } else {
        cr_assert(why.text[0] != '\0' && strchr(why.text, '\n') == NULL);
    }
}

Test(workshop, spoilt_files_do_not_crash)
{
    uint64_t seed = 2024;
    for (int which = 0; which < VICTIMS; which++) {
        size_t size;
        uint8_t *bytes = victim(which, &size), *copy = malloc(size);
        for (int round = 0; round < 1500; round++) {
            memcpy(copy, bytes, size);
            size_t left = spoil(copy, size, &seed);
            if (which < 2 && round % 2 == 0)
                mend_checksums(copy, left);
            read_spoilt(copy, left);
        }
        free(copy);
        free(bytes);
    }
}

/* ---- Writing ------------------------------------------------------------------------------------------------ */

Test(workshop, written_is_what_is_read)
{
    image_error why = {""};
    for (int size = 0; size < ODD_SIZES; size++) {
        image picture = {odd_sizes[size][0], odd_sizes[size][1], NULL};
        picture.pixels = noise(picture.width * picture.height, 3);
        cr_assert(image_write(&picture, "out.png", &why), "%s", why.text);
        assert_pixels("out.png", picture.width, picture.height, picture.pixels, 0);
        image_free(&picture);
    }
    cr_assert(count_files(false) == 1, "something was left behind");
}

Test(workshop, what_cannot_be_written)
{
    uint8_t pixel = 9;
    image picture = {1, 1, &pixel}, none = {0, 0, NULL};
    image_error why = {""};
    cr_assert(!image_write(&picture, "no/such/folder/out.png", &why));
    cr_assert(strstr(why.text, "No such file") != NULL, "%s", why.text);
    cr_assert(!image_write(&picture, ".", &why) && strstr(why.text, "not a regular file") != NULL);
    cr_assert(!image_write(&picture, "/dev/null", &why) && strstr(why.text, "not a regular file") != NULL);
    cr_assert(!image_write(&picture, "", &why) && !image_write(&none, "none.png", &why));
    cr_assert(count_files(false) == 0, "something was left behind");
}

/* The picture that was there before stays as it was when the new one does not fit. */
Test(workshop, full_disk)
{
    write_bytes("out.png", "before", 6);
    image picture = {200, 200, noise(200 * 200, 8)};
    image_error why = {""};
    struct rlimit limit = {10000, RLIM_INFINITY};
    signal(SIGXFSZ, SIG_IGN);
    cr_assert(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    cr_assert(!image_write(&picture, "out.png", &why) && strstr(why.text, "File too large") != NULL, "%s",
              why.text);
    size_t size;
    uint8_t *bytes = read_bytes("out.png", &size);
    cr_assert(size == 6 && memcmp(bytes, "before", 6) == 0);
    cr_assert(count_files(false) == 1, "something was left behind");
    free(bytes);
    image_free(&picture);
}

Test(workshop, link_and_permissions)
{
    uint8_t pixel = 200;
    image picture = {1, 1, &pixel};
    image_error why = {""};
    struct stat status;
    write_bytes("target.png", "before", 6);
    cr_assert(symlink("target.png", "link.png") == 0);
    cr_assert(image_write(&picture, "link.png", &why), "%s", why.text);
    cr_assert(lstat("link.png", &status) == 0 && S_ISLNK(status.st_mode));
    assert_pixels("target.png", 1, 1, &pixel, 0);
    umask(027);
    cr_assert(image_write(&picture, "new.png", &why), "%s", why.text);
    cr_assert(stat("new.png", &status) == 0 && (status.st_mode & 0777) == 0640);
}

/* ---- Sobel -------------------------------------------------------------------------------------------------- */

static const int kernels[2][3][3] = {{{-1, 0, 1}, {-2, 0, 2}, {-1, 0, 1}}, {{-1, -2, -1}, {0, 0, 0}, {1, 2, 1}}};

/* The definition, as slow as it reads: no bands, no real numbers. */
static uint8_t *reference_edges(const uint8_t *pixels, size_t width, size_t height)
{
    uint8_t *edges = calloc(width * height, 1);
    cr_assert(edges != NULL);
    for (size_t y = 1; y + 1 < height; y++)
        for (size_t x = 1; x + 1 < width; x++) {
            int sum[2] = {0, 0}, length = 0;
            for (size_t i = 0; i < 18; i++)
                sum[i / 9] +=
                    kernels[i / 9][i / 3 % 3][i % 3] * pixels[(y + i / 3 % 3 - 1) * width + x + i % 3 - 1];
            while (length < 255 && (length + 1) * (length + 1) <= sum[0] * sum[0] + sum[1] * sum[1])
                length++;
            edges[y * width + x] = (uint8_t)length;
        }
    return edges;
}

/* Each band goes through memory of its own that is just large enough, as it does on its way to a process. */
static void assert_same_in_bands(const uint8_t *pixels, size_t width, size_t height, size_t parts,
                                 const uint8_t *expected)
{
    size_t each = band_height(height, parts), done = 0;
    cr_assert(band_count(height, parts) <= parts && each * parts < height + parts);
    for (size_t i = 0; i < band_count(height, parts); i++) {
        band b = band_at(width, height, parts, i);
        cr_assert(b.rows >= 1 && b.rows <= each && i * each == done);
        size_t rows = b.above + b.rows + b.below;
        uint8_t *strip = malloc(rows * width), *edges = malloc(b.rows * width);
        memcpy(strip, pixels + (done - b.above) * width, rows * width);
        sobel(&b, strip + b.above * width, edges);
        cr_assert(memcmp(edges, expected + done * width, b.rows * width) == 0,
                  "%zu x %zu in %zu parts: band %zu differs", width, height, parts, i);
        free(edges);
        free(strip);
        done += b.rows;
    }
    cr_assert(done == height);
}

static void check_sobel(uint8_t *pixels, size_t width, size_t height)
{
    uint8_t *expected = reference_edges(pixels, width, height);
    for (size_t parts = 1; parts <= 8; parts++)
        assert_same_in_bands(pixels, width, height, parts, expected);
    free(expected);
    free(pixels);
}

Test(workshop, same_edges_for_any_split)
{
    for (size_t width = 1; width <= 20; width++)
        for (size_t height = 1; height <= 20; height++)
            check_sobel(noise(width * height, width * height), width, height);
    check_sobel(noise(3000 * 2000, 6), 3000, 2000);
    check_sobel(noise(1 * 5000, 6), 1, 5000);
    check_sobel(noise(5000 * 1, 6), 5000, 1);
}

/* Soft pictures, where the lengths are small and the root's integer part matters most. */
Test(workshop, small_gradients)
{
    for (unsigned most = 2; most <= 64; most *= 2) {
        uint8_t *pixels = noise(300 * 200, most);
        for (size_t i = 0; i < 300 * 200; i++)
            pixels[i] = (uint8_t)(100 + pixels[i] % most);
        check_sobel(pixels, 300, 200);
    }
}

Test(workshop, known_edges)
{
    const uint8_t step[] = {0, 0, 10, 10, 0, 0, 10, 10, 0, 0, 10, 10}, corner[] = {0, 0, 0, 0, 0, 0, 0, 0, 255};
    uint8_t edges[12];
    band four = band_at(4, 3, 1, 0), three = band_at(3, 3, 1, 0);
    sobel(&four, step, edges);
    cr_assert(memcmp(edges, (const uint8_t[]){0, 0, 0, 0, 0, 40, 40, 0, 0, 0, 0, 0}, 12) == 0);
    sobel(&three, corner, edges);
    cr_assert(edges[4] == 255, "the root of 2 * 255 * 255 is to be clipped");
}
