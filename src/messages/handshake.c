#include "messages/handshake.h"

#include "base/context.h"
#include "base/status.h"

#include <arpa/inet.h>
#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/memops.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

static const char CHALLENGE[] = "#CHALLENGE#", WELCOME[] = "#WELCOME#", FAILURE[] = "#FAILURE#";
static const char DIGEST[] = "{sha256}"; /* the only one */
enum { DIGEST_SIZE = sizeof DIGEST - 1, CHALLENGE_SIZE = sizeof CHALLENGE - 1, LEAST_RANDOM = 20, MD5_SIZE = 16 };

/* What is received next. The listener's side begins with the first, the client's with the third, and both do all.
 */
enum { ANSWER, THEIR_CHALLENGE, VERDICT, STAGES };

static mr__step fail(mr__handshake *h, mr_status status, const char *why)
{
    if (h->failure == MR_OK) { /* the first one counts */
        h->failure = status;
        h->why = why;
    }
    return MR__STEP_FAILED;
}

mr_status mr__key_choose(const char *call, const void *key, size_t size, mr__key *chosen)
{
    if (key == NULL && size > 0)
        return mr__fail(MR_EINVAL, "%s was given NULL instead of a key of %zu bytes", call, size);
    if (key == NULL)
        key = mr_process_authkey(mr__ctx.current, &size);
    if (key == NULL)
        return mr_last_status();
    if (size > sizeof chosen->bytes)
        return mr__fail(MR_EINVAL, "%s: a key of %zu bytes is too long; it may have %zu", call, size,
                        sizeof chosen->bytes);
    memcpy(chosen->bytes, key, size);
    chosen->size = size;
    return MR_OK;
}

/* ---- Frames: a length of 4 bytes, then the bytes ---- */

static void put_frame(mr__handshake *h, const void *first, size_t first_size, const void *second,
                      size_t second_size)
{
    uint32_t size = htonl((uint32_t)(first_size + second_size));
    unsigned char *at = h->out + h->to_send;
    memcpy(at, &size, sizeof size);
    memcpy(at + sizeof size, first, first_size);
    if (second_size > 0)
        memcpy(at + sizeof size + first_size, second, second_size);
    h->to_send += sizeof size + first_size + second_size;
}

static void answer(const mr__handshake *h, const void *message, size_t size,
                   unsigned char digest[SHA256_DIGEST_SIZE])
{
    struct hmac_sha256_ctx context;
    hmac_sha256_set_key(&context, h->key->size, h->key->bytes);
    hmac_sha256_update(&context, size, message);
    hmac_sha256_digest(&context, SHA256_DIGEST_SIZE, digest);
    explicit_bzero(&context, sizeof context);
}

static void put_challenge(mr__handshake *h)
{
    put_frame(h, CHALLENGE, CHALLENGE_SIZE, h->challenge, sizeof h->challenge);
}

mr_status mr__handshake_begin(mr__handshake *h, int fd, bool listens, const mr__key *key)
{
    *h = (mr__handshake){.fd = fd,
                         .stage = listens ? ANSWER : THEIR_CHALLENGE,
                         .last_stage = listens ? VERDICT : ANSWER,
                         .key = key};
    memcpy(h->challenge, DIGEST, DIGEST_SIZE);
    size_t random = sizeof h->challenge - DIGEST_SIZE;
    if (getrandom(h->challenge + DIGEST_SIZE, random, 0) != (ssize_t)random)
        return mr__fail(MR_ESYSTEM, "the operating system gives no random bytes: %s", strerror(errno));
    if (listens)
        put_challenge(h);
    return MR_OK;
}

/* ---- What is received ---- */

static mr__step take_answer(mr__handshake *h, const unsigned char *bytes, size_t size)
{
    unsigned char digest[SHA256_DIGEST_SIZE];
    answer(h, h->challenge, sizeof h->challenge, digest);
    bool is_right = size == DIGEST_SIZE + sizeof digest && memcmp(bytes, DIGEST, DIGEST_SIZE) == 0 &&
                    memeql_sec(bytes + DIGEST_SIZE, digest, sizeof digest) != 0;
    put_frame(h, is_right ? WELCOME : FAILURE, strlen(is_right ? WELCOME : FAILURE), NULL, 0);
    if (is_right)
        return MR__STEP_READS;
    fail(h, MR_EAUTH,
         size == MD5_SIZE ? "it answered with MD5, as Python did before 3.12, which is not accepted"
                          : "it does not know the key");
    return MR__STEP_READS; /* the verdict is still to be sent */
}

static mr__step take_challenge(mr__handshake *h, const unsigned char *bytes, size_t size)
{
    unsigned char digest[SHA256_DIGEST_SIZE];
    if (size < CHALLENGE_SIZE || memcmp(bytes, CHALLENGE, CHALLENGE_SIZE) != 0)
        return fail(h, MR_EAUTH, "it sent something that is no challenge");
    bytes += CHALLENGE_SIZE;
    size -= CHALLENGE_SIZE;
    if (size == LEAST_RANDOM)
        return fail(h, MR_EAUTH, "it asks for MD5, as Python did before 3.12, which is not accepted");
    if (size < DIGEST_SIZE + LEAST_RANDOM || memcmp(bytes, DIGEST, DIGEST_SIZE) != 0)
        return fail(h, MR_EAUTH, "it asks for another digest than SHA-256, or its challenge is too short");
    answer(h, bytes, size, digest);
    put_frame(h, DIGEST, DIGEST_SIZE, digest, sizeof digest);
    return MR__STEP_READS;
}

static mr__step take_verdict(mr__handshake *h, const unsigned char *bytes, size_t size)
{
    if (size != sizeof WELCOME - 1 || memcmp(bytes, WELCOME, size) != 0)
        return fail(h, MR_EAUTH, "it did not accept our answer: it has another key");
    return MR__STEP_READS;
}

/* What comes after a stage: the listener challenges and is challenged, the client the other way round. */
static mr__step take(mr__handshake *h, const unsigned char *bytes, size_t size)
{
    int stage = h->stage;
    mr__step step = stage == ANSWER            ? take_answer(h, bytes, size)
                    : stage == THEIR_CHALLENGE ? take_challenge(h, bytes, size)
                                               : take_verdict(h, bytes, size);
    if (step == MR__STEP_FAILED || h->failure != MR_OK)
        return step;
    if (stage == h->last_stage) {
        h->stage = STAGES;
    } else if (stage == VERDICT) {
        put_challenge(h);
        h->stage = ANSWER;
    } else {
        h->stage = stage == ANSWER ? THEIR_CHALLENGE : VERDICT;
    }
    return step;
}

/* ---- Moving bytes ---- */

static mr__step flush_out(mr__handshake *h)
{
    while (h->sent < h->to_send) {
        ssize_t sent = send(h->fd, h->out + h->sent, h->to_send - h->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (sent < 0 && errno == EAGAIN)
            return MR__STEP_WRITES;
        if (sent < 0 && errno != EINTR)
            return fail(h, MR_EEOF, "it hung up");
        h->sent += sent > 0 ? (size_t)sent : 0;
    }
    h->sent = h->to_send = 0;
    return MR__STEP_DONE;
}

/* Receives one frame, and no byte more. DONE: it is there. */
static mr__step fill_in(mr__handshake *h, size_t *size)
{
    for (;;) {
        uint32_t length = 0;
        memcpy(&length, h->in, sizeof length);
        length = ntohl(length);
        if (h->have >= sizeof length && length > MR__FRAME_MAX)
            return fail(h, MR_EAUTH, "it sent something else than a handshake");
        size_t wanted = sizeof length + (h->have >= sizeof length ? length : 0);
        if (h->have >= sizeof length && h->have == wanted) {
            *size = length;
            h->have = 0;
            return MR__STEP_DONE;
        }
        ssize_t received = recv(h->fd, h->in + h->have, wanted - h->have, MSG_DONTWAIT);
        if (received < 0 && errno == EAGAIN)
            return MR__STEP_READS;
        if (received == 0 || (received < 0 && errno != EINTR))
            return fail(h, MR_EEOF, "it hung up");
        h->have += received > 0 ? (size_t)received : 0;
    }
}

mr__step mr__handshake_step(mr__handshake *h)
{
    for (;;) {
        size_t size = 0;
        mr__step step = flush_out(h);
        if (h->failure != MR_OK)
            return step == MR__STEP_WRITES ? step : MR__STEP_FAILED;
        if (step != MR__STEP_DONE || h->stage == STAGES)
            return step;
        step = fill_in(h, &size);
        if (step == MR__STEP_DONE)
            step = take(h, h->in + sizeof(uint32_t), size);
        else
            return step;
        if (step == MR__STEP_FAILED)
            return step;
    }
}
