/* How the two sides of a new connection prove to each other that they know the same key, which never travels: the
 * protocol of CPython's multiprocessing.connection since 3.12, with HMAC-SHA-256. Each side sends a challenge of
 * random bytes, the other one answers with their HMAC; the listener's challenge comes first.
 *
 * A handshake is a machine that never waits: a step does what the socket allows. Until it is through, nothing
 * longer than 256 bytes is received, and no memory is taken for it. */
#ifndef MR_HANDSHAKE_H
#define MR_HANDSHAKE_H

#include "process/process.h"

enum { MR__FRAME_MAX = 256, MR__CHALLENGE_SIZE = 48 };

typedef struct mr__key {
    size_t size;
    unsigned char bytes[MR__KEY_MAX];
} mr__key;

/* The key to use: a copy of the caller's, or for NULL and 0 his process's own. MR_EINVAL. */
mr_status mr__key_choose(const char *call, const void *key, size_t size, mr__key *chosen);

typedef enum mr__step { MR__STEP_READS, MR__STEP_WRITES, MR__STEP_DONE, MR__STEP_FAILED } mr__step;

typedef struct mr__handshake {
    int fd; /* non-blocking */
    int stage, last_stage;
    const mr__key *key;
    unsigned char challenge[MR__CHALLENGE_SIZE]; /* our own */
    unsigned char in[4 + MR__FRAME_MAX], out[2 * MR__FRAME_MAX];
    size_t have, to_send, sent;
    mr_status failure; /* why it failed: MR_EAUTH, MR_EEOF (the other side hung up) */
    const char *why;   /* a part of a sentence */
} mr__handshake;

/* Begins one at the listener's side, or at the client's. The key has to stay. MR_ESYSTEM: no random bytes. */
mr_status mr__handshake_begin(mr__handshake *handshake, int fd, bool listens, const mr__key *key);

/* Goes on; says what to wait for. */
mr__step mr__handshake_step(mr__handshake *handshake);

#endif
