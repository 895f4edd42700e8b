#include "pool.h"
void mr__pool_result(const mr__record *record) { (void)record; }
void mr__pools_close(void) {}
