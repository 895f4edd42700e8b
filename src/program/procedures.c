/* The procedures that processes on other hosts may call, by their groups (far/far.h). */
#include "far/deputy.h"

mr__procedure mr__serve_containers, mr__serve_pool;

mr__procedure *const mr__procedures[MR__PROCEDURE_GROUPS] = {NULL, NULL, NULL, mr__serve_containers,
                                                             mr__serve_pool};
