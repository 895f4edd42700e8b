#define _XOPEN_SOURCE 700

#include "image.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jpeglib.h>
#include <png.h>

/* One picture on its way in or out. libpng and libjpeg leave through `broken` when they fail. */
typedef struct codec {
    FILE *file;
    image *picture;
    size_t rows_held; /* rows that picture->pixels has room for */
    image_error *why;
    jmp_buf broken;
    png_structp png;
    png_infop info;
    struct jpeg_decompress_struct jpeg;
} codec;

static bool fail(image_error *why, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(why->text, sizeof why->text, format, arguments);
    va_end(arguments);
    return false;
}

static _Noreturn void give_up(codec *c, const char *what, const char *text)
{
    fail(c->why, "%s%s", what, text);
    longjmp(c->broken, 1);
}

/* Runs work(c); false if it gave up on the way. */
static bool attempt(codec *c, void (*work)(codec *))
{
    if (setjmp(c->broken) != 0)
        return false;
    work(c);
    return true;
}

/* ---- Grey --------------------------------------------------------------------------------------------------- */

static uint8_t luma(unsigned red, unsigned green, unsigned blue)
{
    return (uint8_t)((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

/* a * b, for 0 to 255 that stand for 0 to 1. */
static unsigned times(unsigned a, unsigned b)
{
    return (a * b + 127) / 255;
}

static unsigned on_white(unsigned value, unsigned alpha)
{
    return (value * alpha + 255 * (255 - alpha) + 127) / 255;
}

/* ---- The pixels as they arrive ------------------------------------------------------------------------------ */

static bool fits(size_t width, size_t height)
{
    return width <= IMAGE_MAX_SIDE && height <= IMAGE_MAX_SIDE && width * height <= IMAGE_MAX_PIXELS;
}

static void set_size(codec *c, size_t width, size_t height)
{
    char size[64];
    snprintf(size, sizeof size, "%zu x %zu pixels", width, height);
    if (!fits(width, height))
        give_up(c, "the picture is too large: ", size);
    c->picture->width = width;
    c->picture->height = height;
}

/* Where row y goes. Memory is taken as the rows come, since a header of a few bytes can promise any number. */
static uint8_t *row_at(codec *c, size_t y)
{
    image *p = c->picture;
    if (y >= c->rows_held) {
        size_t rows = y < p->height / 2 ? 2 * (y + 1) : p->height;
        uint8_t *pixels = realloc(p->pixels, rows * p->width);
        if (pixels == NULL)
            give_up(c, "there is not enough memory", "");
        p->pixels = pixels;
        c->rows_held = rows;
    }
    return p->pixels + y * p->width;
}

/* ---- PNG ---------------------------------------------------------------------------------------------------- */

static _Noreturn void png_failed(png_structp png, png_const_charp text)
{
    codec *c = png_get_error_ptr(png);
    if (ferror(c->file))
        give_up(c, strerror(errno), "");
    if (feof(c->file))
        give_up(c, "the file ends too early", "");
    give_up(c, "libpng says: ", text);
}

/* What libpng only warns of (a chunk out of place, an odd colour profile) is no reason to refuse a picture. */
static void png_warned(png_structp png, png_const_charp text)
{
    (void)png;
    (void)text;
}

/* libpng's last step for each row: 1 grey, 2 grey and alpha, 3 colour or 4 colour and alpha become 1 grey, in
 * place. */
static void png_row_to_grey(png_structp png, png_row_infop row, png_bytep data)
{
    (void)png;
    size_t channels = row->channels;
    size_t green = channels > 2 ? 1 : 0, blue = channels > 2 ? 2 : 0;
    for (size_t x = 0; x < row->width; x++) {
        const uint8_t *pixel = data + x * channels;
        unsigned alpha = channels % 2 == 0 ? pixel[channels - 1] : 255;
        data[x] = luma(on_white(pixel[0], alpha), on_white(pixel[green], alpha), on_white(pixel[blue], alpha));
    }
}

static void decode_png(codec *c)
{
    png_init_io(c->png, c->file);
    png_set_user_limits(c->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX); /* set_size has the say */
    png_set_crc_action(c->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_read_info(c->png, c->info);
    set_size(c, png_get_image_width(c->png, c->info), png_get_image_height(c->png, c->info));
    png_set_expand(c->png);
    png_set_scale_16(c->png);
    png_set_read_user_transform_fn(c->png, png_row_to_grey);
    png_set_user_transform_info(c->png, NULL, 8, 1);
    int passes = png_set_interlace_handling(c->png);
    for (int pass = 0; pass < passes; pass++)
        for (size_t y = 0; y < c->picture->height; y++)
            png_read_row(c->png, row_at(c, y), NULL);
    png_read_end(c->png, NULL);
}

static bool read_png(codec *c)
{
    bool done = false;
    c->png = png_create_read_struct(PNG_LIBPNG_VER_STRING, c, png_failed, png_warned);
    c->info = c->png == NULL ? NULL : png_create_info_struct(c->png);
    if (c->info == NULL)
        fail(c->why, "there is not enough memory");
    else
        done = attempt(c, decode_png);
    png_destroy_read_struct(&c->png, &c->info, NULL);
    return done;
}

static void encode_png(codec *c)
{
    const image *p = c->picture;
    png_init_io(c->png, c->file);
    png_set_IHDR(c->png, c->info, (png_uint_32)p->width, (png_uint_32)p->height, 8, PNG_COLOR_TYPE_GRAY,
                 PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_write_info(c->png, c->info);
    for (size_t y = 0; y < p->height; y++)
        png_write_row(c->png, p->pixels + y * p->width);
    png_write_end(c->png, NULL);
}

static bool write_png(codec *c)
{
    bool done = false;
    c->png = png_create_write_struct(PNG_LIBPNG_VER_STRING, c, png_failed, png_warned);
    c->info = c->png == NULL ? NULL : png_create_info_struct(c->png);
    if (c->info == NULL)
        fail(c->why, "there is not enough memory");
    else
        done = attempt(c, encode_png);
    png_destroy_write_struct(&c->png, &c->info);
    return done;
}

/* ---- JPEG --------------------------------------------------------------------------------------------------- */

static _Noreturn void jpeg_failed(j_common_ptr jpeg)
{
    codec *c = jpeg->client_data;
    char text[JMSG_LENGTH_MAX];
    jpeg->err->format_message(jpeg, text);
    give_up(c, ferror(c->file) ? strerror(errno) : "libjpeg says: ", ferror(c->file) ? "" : text);
}

/* libjpeg makes up the pixels that are missing and only warns (level -1); here that is a failure. */
static void jpeg_warned(j_common_ptr jpeg, int level)
{
    if (level < 0)
        jpeg_failed(jpeg);
}

static void jpeg_row_to_grey(const struct jpeg_decompress_struct *jpeg, const uint8_t *in, uint8_t *grey)
{
    /* Adobe's programs, and those who follow them, store how much ink is missing. */
    unsigned flip = jpeg->saw_Adobe_marker ? 0 : 255;
    for (size_t x = 0; x < jpeg->output_width; x++, in += jpeg->output_components) {
        if (jpeg->out_color_space == JCS_GRAYSCALE) {
            grey[x] = in[0];
        } else if (jpeg->out_color_space == JCS_RGB) {
            grey[x] = luma(in[0], in[1], in[2]);
        } else {
            unsigned paper = in[3] ^ flip;
            grey[x] = luma(times(in[0] ^ flip, paper), times(in[1] ^ flip, paper), times(in[2] ^ flip, paper));
        }
    }
}

static void decode_jpeg(codec *c)
{
    j_decompress_ptr jpeg = &c->jpeg;
    jpeg_create_decompress(jpeg);
    jpeg_stdio_src(jpeg, c->file);
    jpeg_read_header(jpeg, TRUE);
    set_size(c, jpeg->image_width, jpeg->image_height);
    J_COLOR_SPACE space = jpeg->jpeg_color_space;
    if (space == JCS_YCbCr || space == JCS_RGB)
        jpeg->out_color_space = JCS_RGB;
    else if (space == JCS_CMYK || space == JCS_YCCK)
        jpeg->out_color_space = JCS_CMYK;
    else if (space != JCS_GRAYSCALE)
        give_up(c, "this JPEG's kind of colour is not supported", "");
    jpeg_start_decompress(jpeg);
    JDIMENSION bytes = jpeg->output_width * (JDIMENSION)jpeg->output_components;
    JSAMPARRAY row = jpeg->mem->alloc_sarray((j_common_ptr)jpeg, JPOOL_IMAGE, bytes, 1);
    while (jpeg->output_scanline < jpeg->output_height) {
        size_t y = jpeg->output_scanline;
        jpeg_read_scanlines(jpeg, row, 1);
        jpeg_row_to_grey(jpeg, row[0], row_at(c, y));
    }
    jpeg_finish_decompress(jpeg);
}

static bool read_jpeg(codec *c)
{
    struct jpeg_error_mgr errors;
    c->jpeg.err = jpeg_std_error(&errors);
    c->jpeg.client_data = c;
    errors.error_exit = jpeg_failed;
    errors.emit_message = jpeg_warned;
    bool done = attempt(c, decode_jpeg);
    jpeg_destroy_decompress(&c->jpeg);
    return done;
}

/* ---- Files -------------------------------------------------------------------------------------------------- */

/* Not a folder, a pipe or a device: reading those may block, writing over them would replace them. */
static bool is_file(const char *path, image_error *why)
{
    struct stat status;
    if (stat(path, &status) != 0)
        return fail(why, "%s", strerror(errno));
    return S_ISREG(status.st_mode) || fail(why, "this is not a regular file");
}

static bool read_any(codec *c)
{
    static const uint8_t png[] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
    static const uint8_t jpeg[] = {0xff, 0xd8, 0xff};
    uint8_t start[sizeof png] = {0};
    size_t length = fread(start, 1, sizeof start, c->file);
    if (ferror(c->file))
        return fail(c->why, "%s", strerror(errno));
    if (length == 0)
        return fail(c->why, "the file is empty");
    rewind(c->file);
    if (memcmp(start, png, sizeof png) == 0)
        return read_png(c);
    if (memcmp(start, jpeg, sizeof jpeg) == 0)
        return read_jpeg(c);
    return fail(c->why, "this is neither a PNG nor a JPEG picture");
}

bool image_read(image *picture, const char *path, image_error *why)
{
    *picture = (image){0};
    if (!is_file(path, why))
        return false;
    codec c = {.file = fopen(path, "rb"), .picture = picture, .why = why};
    if (c.file == NULL)
        return fail(why, "%s", strerror(errno));
    bool done = read_any(&c);
    fclose(c.file);
    if (!done)
        image_free(picture);
    return done;
}

/* Writes to the new file temporary, which is removed again on failure. */
static bool write_as(const image *picture, const char *temporary, const char *path, image_error *why)
{
    image copy = *picture; /* of the pointer, not of the pixels */
    codec c = {.file = fopen(temporary, "wbx"), .picture = &copy, .why = why};
    if (c.file == NULL)
        return fail(why, "%s", strerror(errno));
    bool done = write_png(&c);
    if (fclose(c.file) != 0 && done)
        done = fail(why, "%s", strerror(errno));
    if (done && rename(temporary, path) != 0)
        done = fail(why, "%s", strerror(errno));
    if (!done)
        remove(temporary);
    return done;
}

bool image_write(const image *picture, const char *path, image_error *why)
{
    if (picture->width == 0 || picture->height == 0 || !fits(picture->width, picture->height))
        return fail(why, "a picture of this size cannot be written");
    bool done = false;
    char *real = realpath(path, NULL); /* so that a link stays one; NULL for a new file */
    const char *target = real != NULL ? real : path;
    const char *slash = strrchr(target, '/');
    size_t folder = slash == NULL ? 0 : (size_t)(slash - target) + 1;
    size_t size = folder + sizeof ".picture-.tmp" + 3 * sizeof(long);
    char *temporary = malloc(size);
    if (temporary == NULL) {
        fail(why, "there is not enough memory");
        goto free_real;
    }
    memcpy(temporary, target, folder);
    snprintf(temporary + folder, size - folder, ".picture-%ld.tmp", (long)getpid());
    if (real != NULL && !is_file(real, why))
        goto free_temporary;
    done = write_as(picture, temporary, target, why);
free_temporary:
    free(temporary);
free_real:
    free(real);
    return done;
}

void image_free(image *picture)
{
    free(picture->pixels);
    *picture = (image){0};
}
