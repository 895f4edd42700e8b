#include "sobel.h"

#include <math.h>
#include <string.h>

size_t band_height(size_t height, size_t parts)
{
    return height / parts + (height % parts != 0);
}

size_t band_count(size_t height, size_t parts)
{
    size_t each = band_height(height, parts);
    return height / each + (height % each != 0);
}

band band_at(size_t width, size_t height, size_t parts, size_t index)
{
    size_t each = band_height(height, parts);
    size_t first = index * each;
    size_t left = height - first;
    return (band){.width = width, .rows = left < each ? left : each, .above = first > 0, .below = left > each};
}

/* The clipping comes first: 255 * 255 is enough to know that the root is 255, and it fits a float exactly. */
static uint8_t length(int x, int y)
{
    int square = x * x + y * y;
    return (uint8_t)sqrtf((float)(square < 255 * 255 ? square : 255 * 255));
}

static void sobel_row(const uint8_t *restrict up, const uint8_t *restrict row, const uint8_t *restrict down,
                      uint8_t *restrict edges, size_t width)
{
    edges[0] = edges[width - 1] = 0;
    for (size_t i = 1; i + 1 < width; i++) {
        int right = up[i + 1] + 2 * row[i + 1] + down[i + 1];
        int left = up[i - 1] + 2 * row[i - 1] + down[i - 1];
        int bottom = down[i - 1] + 2 * down[i] + down[i + 1];
        int top = up[i - 1] + 2 * up[i] + up[i + 1];
        edges[i] = length(right - left, bottom - top);
    }
}

void sobel(const band *b, const uint8_t *rows, uint8_t *edges)
{
    for (size_t y = 0; y < b->rows; y++) {
        const uint8_t *row = rows + y * b->width;
        bool up = y > 0 || b->above;
        bool down = y + 1 < b->rows || b->below;
        if (up && down)
            sobel_row(row - b->width, row, row + b->width, edges + y * b->width, b->width);
        else
            memset(edges + y * b->width, 0, b->width);
    }
}
