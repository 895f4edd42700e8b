/* The heap of the arena, in one process. */
#include "arena/arena.h"
#include "base/context.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { ROUNDS = 5000, KEPT = 100, LARGEST = 3 << 20, BLOCKS = 100000 };

typedef struct piece {
    mr__ref ref;
    uint64_t size;
    unsigned char mark; /* what it is filled with */
} piece;

typedef struct free_block {
    mr__ref ref;
    int size_class;
} free_block;

static int fd = -1;

static void come(void)
{
    cr_assert_eq(mr__arena_create(&fd), MR_OK);
}

static void go(void)
{
    mr__arena_leave();
    close(fd);
}

static bool has_only(const piece *p, unsigned char byte)
{
    const unsigned char *bytes = mr__at(p->ref);
    return p->size == 0 || (bytes[0] == byte && memcmp(bytes, bytes + 1, p->size - 1) == 0);
}

/* It is zero, and then filled. */
static piece make(uint64_t size, int number)
{
    piece new = {.size = size, .mark = (unsigned char)(number % 255 + 1)};
    cr_assert_eq(mr__alloc(size, &new.ref), MR_OK);
    cr_assert_eq(new.ref % 16, 0);
    cr_assert(has_only(&new, 0), "a block of %lu bytes is not zero", (unsigned long)size);
    memset(mr__at(new.ref), new.mark, size);
    return new;
}

/* Nobody has written into it: blocks in use do not overlap. */
static void check_and_free(const piece *old)
{
    cr_assert(has_only(old, old->mark), "a block of %lu bytes was overwritten", (unsigned long)old->size);
    mr__free(old->ref);
    mr__free(old->ref); /* freeing twice is noticed */
}

/* Allocates and frees at random, and in the end frees all. */
static void come_and_go(unsigned seed)
{
    static piece pieces[ROUNDS];
    int count = 0;
    for (int i = 0; i < ROUNDS; i++) {
        uint64_t limit = rand_r(&seed) % 100 == 0 ? LARGEST : (uint64_t)1 << (rand_r(&seed) % 14);
        pieces[count++] = make((uint64_t)rand_r(&seed) % limit, i);
        while (count > KEPT && rand_r(&seed) % 2 == 0) {
            int victim = rand_r(&seed) % count;
            check_and_free(&pieces[victim]);
            pieces[victim] = pieces[--count];
        }
    }
    while (count > 0)
        check_and_free(&pieces[--count]);
}

static int by_ref(const void *a, const void *b)
{
    mr__ref left = ((const free_block *)a)->ref, right = ((const free_block *)b)->ref;
    return (left > right) - (left < right);
}

/* When all is free: from the start to the top there is nothing but free blocks next to each other, those of a
 * class all of one size. */
static void check_is_whole(mr__ref start)
{
    static free_block blocks[BLOCKS];
    uint64_t sizes[MR__SIZE_CLASSES] = {0};
    int count = 0;
    for (int i = 0; i < MR__SIZE_CLASSES; i++)
        for (mr__ref ref = mr__ctx.arena->free_blocks[i]; ref != 0; ref = ((const mr__ref *)mr__at(ref))[1]) {
            cr_assert_lt(count, BLOCKS - 1);
            blocks[count++] = (free_block){ref, i};
        }
    qsort(blocks, (size_t)count, sizeof blocks[0], by_ref);
    blocks[count].ref = mr__ctx.arena->top;
    cr_assert_eq(blocks[0].ref, start);
    for (int i = 0; i < count; i++) {
        uint64_t size = blocks[i + 1].ref - blocks[i].ref, *known = &sizes[blocks[i].size_class];
        *known = *known == 0 ? size : *known;
        cr_assert(size > 0 && size == *known, "a gap or an overlap");
    }
}

/* _TestHeap.test_heap */
Test(heap, at_random, .init = come, .fini = go)
{
    mr__ref start = mr__ctx.arena->top;
    come_and_go(1);
    check_is_whole(start);
    mr__ref top = mr__ctx.arena->top;
    come_and_go(1);
    check_is_whole(start);
    cr_assert_eq(mr__ctx.arena->top, top, "what was freed is used again");
}

Test(heap, gives_what_there_is, .init = come, .fini = go)
{
    mr__ref first = 0, again = 0, ref = 0;
    uint64_t all = mr__ctx.arena->size - mr__ctx.arena->top;
    cr_assert_eq(mr__alloc(UINT64_MAX, &ref), MR_ENOMEM);
    cr_assert_eq(mr__alloc(mr__ctx.arena->size, &ref), MR_ENOMEM);
    cr_assert_eq(mr__alloc(all, &ref), MR_ENOMEM);
    cr_assert_str_not_empty(mr_last_error());
    cr_assert_eq(mr__alloc(all / 2, &first), MR_OK); /* takes no memory before it is touched */
    cr_assert_eq(mr__alloc(all / 2, &ref), MR_ENOMEM);
    mr__free(first);
    cr_assert_eq(mr__alloc(all / 2, &again), MR_OK);
    cr_assert_eq(again, first);
    mr__free(0);
}
