/* Pictures on disk: PNG or JPEG in, as grey pixels; grey PNG out. */
#ifndef IMAGE_H
#define IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What is read at most. A header that promises more is refused before any memory is taken. */
#define IMAGE_MAX_SIDE 1000000u
#define IMAGE_MAX_PIXELS ((size_t)1 << 28)

typedef struct image {
    size_t width, height;
    uint8_t *pixels; /* row after row, 0 black to 255 white */
} image;

/* Why a call failed: the end of a sentence, without the file's name. */
typedef struct image_error {
    char text[256];
} image_error;

/* Reads a PNG or a JPEG (its first bytes tell which). Colour becomes grey by ITU-R 601 luma, rounded:
 * (299 R + 587 G + 114 B + 500) / 1000. Before that 16 bits are rounded to 8, and what is transparent is laid on
 * white. Gamma, colour profiles and EXIF orientation are not applied. A truncated file, or one whose pixels
 * cannot be trusted, is not read at all. picture is to be freed with image_free if true is returned. */
bool image_read(image *picture, const char *path, image_error *why);

/* Writes a grey PNG, under another name first: path is the whole new picture, or what it was before. */
bool image_write(const image *picture, const char *path, image_error *why);

void image_free(image *picture);

#endif
