/* Sobel edges of a band of rows: the one function that the sequential, the process and the thread mode share. */
#ifndef SOBEL_H
#define SOBEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Some rows of a picture, and whether there are more of it on either side. */
typedef struct band {
    size_t width, rows;
    bool above, below; /* the picture goes on there: that halo row stands in memory next to the band */
} band;

/* Cuts height rows into at most parts bands of equal height (only the last may be lower): how high they are. */
size_t band_height(size_t height, size_t parts);

/* How many bands of band_height(height, parts) rows there are; fewer than parts where rows are few. */
size_t band_count(size_t height, size_t parts);

/* The band number index of a picture of width x height; its first row is index * band_height(height, parts). */
band band_at(size_t width, size_t height, size_t parts, size_t index);

/* edges[i] = the integer part of the length of the gradient at rows[i], at most 255; 0 on the picture's border.
 * Both point at the band's own first row; of rows, the halo rows before and after it are read where there are any.
 */
void sobel(const band *b, const uint8_t *rows, uint8_t *edges);

#endif
