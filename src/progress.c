#include "progress.h"
void mr__progress_show(mr__own_pool *own, double now)
{
    (void)own, (void)now;
}
void mr__progress_end(mr__own_pool *own)
{
    (void)own;
}
