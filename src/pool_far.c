#include "pool_task.h"
int mr__work_far(const mr__worker_args *args)
{
    (void)args;
    return 1;
}
