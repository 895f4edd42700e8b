/* Speed-ups as a picture: from left to right the number of workers, upwards the speed-up. */
#include "plot.h"

#include <stdio.h>

enum { WIDTH = 640, HEIGHT = 420, LEFT = 60, RIGHT = 20, TOP = 50, BOTTOM = 50 };

double amdahl(double serial, int workers)
{
    return 1 / (serial + (1 - serial) / workers);
}

double serial_part(double speedup, int workers)
{
    double part = (1 / speedup - 1.0 / workers) / (1 - 1.0 / workers);
    return part < 0 ? 0 : part > 1 ? 1 : part;
}

static double x_of(int workers, int most)
{
    return LEFT + (double)(WIDTH - LEFT - RIGHT) * workers / most;
}

static double y_of(double speedup, double most)
{
    return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * speedup / most;
}

static void draw_axes(FILE *file, const char *title, const int workers[], size_t count, double top)
{
    int most = workers[count - 1];
    fprintf(file, "<text x=\"%d\" y=\"20\" font-weight=\"bold\">%s</text>\n", LEFT, title);
    fprintf(file, "<path d=\"M%d,%d V%d H%d\" stroke=\"black\" fill=\"none\"/>\n", LEFT, TOP, HEIGHT - BOTTOM,
            WIDTH - RIGHT);
    for (size_t i = 0; i < count; i++)
        fprintf(file, "<text x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%d</text>\n", x_of(workers[i], most),
                HEIGHT - BOTTOM + 18, workers[i]);
    for (int speedup = 1; speedup <= (int)top; speedup++)
        fprintf(file,
                "<path d=\"M%d,%.1f H%d\" stroke=\"#dddddd\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%d</text>\n",
                LEFT, y_of(speedup, top), WIDTH - RIGHT, LEFT - 8, y_of(speedup, top) + 4, speedup);
}

static void draw_curve(FILE *file, const struct curve *curve, size_t place, const int workers[], size_t count,
                       double top)
{
    int most = workers[count - 1];
    fprintf(file, "<polyline fill=\"none\" stroke-width=\"2\" stroke=\"%s\"%s points=\"", curve->colour,
            curve->is_dashed ? " stroke-dasharray=\"6 4\"" : "");
    for (size_t i = 0; i < count; i++)
        fprintf(file, "%s%.1f,%.1f", i > 0 ? " " : "", x_of(workers[i], most), y_of(curve->speedups[i], top));
    fprintf(file, "\"/>\n");
    for (size_t i = 0; !curve->is_dashed && i < count; i++)
        fprintf(file, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"%s\"/>\n", x_of(workers[i], most),
                y_of(curve->speedups[i], top), curve->colour);
    fprintf(file, "<text x=\"%d\" y=\"%zu\" fill=\"%s\">%s</text>\n", LEFT + 15, TOP + 18 * place, curve->colour,
            curve->label);
}

bool plot(const char *path, const char *title, const int workers[], size_t count, const struct curve curves[],
          size_t curve_count)
{
    double top = 1;
    for (size_t c = 0; c < curve_count; c++)
        for (size_t i = 0; i < count; i++)
            top = curves[c].speedups[i] > top ? curves[c].speedups[i] : top;
    FILE *file = fopen(path, "w");
    if (file == NULL)
        return false;
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" font-family=\"sans-serif\" "
            "font-size=\"13\">\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
            WIDTH, HEIGHT);
    draw_axes(file, title, workers, count, top * 1.05);
    for (size_t c = 0; c < curve_count; c++)
        draw_curve(file, &curves[c], c, workers, count, top * 1.05);
    fprintf(file, "</svg>\n");
    bool is_written = ferror(file) == 0;
    return fclose(file) == 0 && is_written;
}
