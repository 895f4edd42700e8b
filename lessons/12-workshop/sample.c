/* Draws the course's sample picture, at night by a lake: sample OUT.jpg [WIDTH HEIGHT] */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#define MAX_SIDE 65500 /* libjpeg's own limit */
#define QUALITY 85

typedef struct colour {
    double red, green, blue; /* 0 to 1 */
} colour;

static colour mix(colour a, colour b, double t)
{
    t = fmin(fmax(t, 0), 1);
    return (colour){a.red + t * (b.red - a.red), a.green + t * (b.green - a.green),
                    a.blue + t * (b.blue - a.blue)};
}

/* The same number from 0 to 1 for the same two integers, on every machine. */
static double noise(long x, long y)
{
    uint32_t n = (uint32_t)x * 374761393u + (uint32_t)y * 668265263u;
    n = (n ^ (n >> 13)) * 1274126177u;
    return (n ^ (n >> 16)) / 4294967295.0;
}

/* ---- What there is to see; x runs from 0 (left) to 1, y from 0 (top) to 1 ------------------------------------
 */

static colour sky(double x, double y)
{
    colour c = mix((colour){0.03, 0.05, 0.20}, (colour){0.95, 0.45, 0.30}, y * y * 2.2);
    long column = lround(floor(x * 90)), row = lround(floor(y * 90));
    double dx = x * 90 - (double)column - 0.5, dy = y * 90 - (double)row - 0.5;
    bool star = noise(column, row) > 0.93 && fabs(dx) + fabs(dy) < 0.35 * noise(row, column);
    return star ? (colour){1, 1, 0.85} : c;
}

/* Rings that stand closer and closer: where they are finer than the pixels, patterns appear that nobody drew. */
static void paint_rings(double x, double y, colour *c)
{
    double d = hypot((x - 0.74) * 8 / 7, y - 0.24);
    if (d < 0.18)
        *c = mix((colour){0.98, 0.93, 0.70}, (colour){0.78, 0.52, 0.25}, 0.5 + 0.5 * cos(4500 * d * d));
}

static void paint_mountains(double x, double y, colour *c)
{
    for (int range = 2; range >= 1; range--) {
        double top = 0.64 - 0.07 * range + 0.05 * sin(9 * x + 2.1 * range) + 0.025 * sin(23 * x + range) +
                     0.008 * sin(71 * x - range);
        if (y > top)
            *c = mix((colour){0.16, 0.12, 0.25}, (colour){0.42, 0.30, 0.42}, 0.5 * (range - 1) + (y - top));
    }
}

/* A row of towers with windows, some of them lit. */
static void paint_town(double x, double y, colour *c)
{
    long tower = lround(floor(x * 14));
    double inside = x * 14 - (double)tower;
    double top = 0.70 - 0.22 * noise(tower, 7) * (0.4 + 0.6 * fabs(sin(0.2 * (double)tower)));
    if (y < top || inside < 0.08 || inside > 0.92)
        return;
    double across = inside * 6, down = (y - top) * 60;
    bool window = across - floor(across) > 0.4 && down - floor(down) > 0.5;
    bool lit = noise(tower * 6 + lround(floor(across)), lround(floor(down))) > 0.45;
    *c = !window ? (colour){0.10, 0.09, 0.16} : lit ? (colour){1.0, 0.82, 0.35} : (colour){0.22, 0.24, 0.34};
}

/* The word across the sky, in letters of 5 x 7 dots. */
static void paint_word(double x, double y, colour *c)
{
    static const char letters[9][7][6] = {
        {"#...#", "##.##", "#.#.#", "#.#.#", "#...#", "#...#", "#...#"},
        {"#...#", "#...#", "#...#", "#...#", "#...#", "#...#", ".###."},
        {"#....", "#....", "#....", "#....", "#....", "#....", "#####"},
        {"#####", "..#..", "..#..", "..#..", "..#..", "..#..", "..#.."},
        {".###.", "..#..", "..#..", "..#..", "..#..", "..#..", ".###."},
        {"####.", "#...#", "#...#", "####.", "#.#..", "#..#.", "#...#"},
        {".###.", "#...#", "#...#", "#####", "#...#", "#...#", "#...#"},
        {"#...#", "##..#", "#.#.#", "#..##", "#...#", "#...#", "#...#"},
        {"#...#", "#..#.", "#.#..", "##...", "#.#..", "#..#.", "#...#"},
    };
    long column = lround(floor((x - 0.05) * 108)), row = lround(floor((y - 0.06) * 108));
    if (column < 0 || column >= 54 || row < 0 || row >= 7)
        return;
    if (letters[column / 6][row][column % 6] == '#')
        *c = mix((colour){0.35, 0.90, 0.95}, (colour){0.95, 0.45, 0.85}, (double)column / 54);
}

static colour land(double x, double y)
{
    colour c = sky(x, y);
    paint_word(x, y, &c);
    paint_rings(x, y, &c);
    paint_mountains(x, y, &c);
    paint_town(x, y, &c);
    return c;
}

/* Below the shore, the lake shows the land upside down, in waves, and darker. */
static colour scene(double x, double y)
{
    const double shore = 0.70;
    if (y < shore)
        return land(x, y);
    double depth = y - shore, wave = 0.006 * sin(700 * depth / (0.3 + 3 * depth) + 9 * x) * (0.3 + 3 * depth);
    return mix(land(x + wave, shore - 2 * depth + 2 * wave), (colour){0.02, 0.08, 0.16}, 0.25 + depth);
}

/* ---- Into a file -------------------------------------------------------------------------------------------- */

static uint8_t byte(double value)
{
    return (uint8_t)lround(255 * fmin(fmax(value, 0), 1));
}

static void draw_row(uint8_t *row, size_t width, size_t height, size_t y)
{
    for (size_t x = 0; x < width; x++) {
        colour c = scene(((double)x + 0.5) / (double)width, ((double)y + 0.5) / (double)height);
        row[3 * x] = byte(c.red);
        row[3 * x + 1] = byte(c.green);
        row[3 * x + 2] = byte(c.blue);
    }
}

/* libjpeg ends the program with a sentence of its own if it fails: here that will do. */
static void write_picture(FILE *file, uint8_t *row, unsigned width, unsigned height)
{
    struct jpeg_error_mgr errors;
    struct jpeg_compress_struct jpeg = {.err = jpeg_std_error(&errors)};
    jpeg_create_compress(&jpeg);
    jpeg_stdio_dest(&jpeg, file);
    jpeg.image_width = width;
    jpeg.image_height = height;
    jpeg.input_components = 3;
    jpeg.in_color_space = JCS_RGB;
    jpeg_set_defaults(&jpeg);
    jpeg_set_quality(&jpeg, QUALITY, TRUE);
    jpeg_start_compress(&jpeg, TRUE);
    for (unsigned y = 0; y < height; y++) {
        draw_row(row, width, height, y);
        jpeg_write_scanlines(&jpeg, &row, 1);
    }
    jpeg_finish_compress(&jpeg);
    jpeg_destroy_compress(&jpeg);
}

/* 0 if text is no number from 1 to MAX_SIDE. */
static unsigned side(const char *text)
{
    char *end;
    long number = strtol(text, &end, 10);
    return end == text || *end != '\0' || number < 1 || number > MAX_SIDE ? 0 : (unsigned)number;
}

int main(int argc, char **argv)
{
    unsigned width = argc == 4 ? side(argv[2]) : 1600, height = argc == 4 ? side(argv[3]) : 1400;
    if ((argc != 2 && argc != 4) || width == 0 || height == 0) {
        fprintf(stderr, "Usage: sample OUT.jpg [WIDTH HEIGHT], from 1 to %d each\n", MAX_SIDE);
        return 2;
    }
    uint8_t *row = malloc(3 * (size_t)width);
    FILE *file = row == NULL ? NULL : fopen(argv[1], "wb");
    if (file != NULL)
        write_picture(file, row, width, height);
    free(row);
    if (file == NULL || fclose(file) != 0) {
        fprintf(stderr, "sample: %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    return 0;
}
