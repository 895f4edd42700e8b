/* Status codes and the sentence of the last error, kept per thread. */
#ifndef MR_STATUS_H
#define MR_STATUS_H

#include "multirank.h"

enum { MR__SENTENCE_SIZE = 1024 };

/* Records the sentence for this thread and returns status: `return mr__fail(MR_EINVAL, "...", ...);`. */
mr_status mr__fail(mr_status status, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A line on standard error if MULTIRANK_DEBUG is set: for people who debug, never for users otherwise. */
void mr__debug(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
