/* How main enters MPI, and with what: the runtime's daemon is started there, and inherits descriptors and the
 * folder. */
#ifndef MR_RUNTIME_H
#define MR_RUNTIME_H

#include "multirank.h"

mr_status mr__runtime_start(void);

#endif
