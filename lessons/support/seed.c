#include "seed.h"

#include <stdint.h>

/* FNV-1a, so that it is the same on every machine: the checks find the numbers anew that the exercise was made
 * with. */
static uint64_t mix(unsigned long seed, const char *name)
{
    uint64_t hash = 14695981039346656037u;
    for (int i = 0; i < 8; i++)
        hash = (hash ^ ((uint64_t)seed >> (8 * i) & 0xff)) * 1099511628211u;
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * 1099511628211u;
    return hash ^ hash >> 32;
}

long seed_number(unsigned long seed, const char *name, long usual, long low, long high)
{
    return seed == 0 || high < low ? usual : low + (long)(mix(seed, name) % (uint64_t)(high - low + 1));
}

int seed_choice(unsigned long seed, const char *name, int usual, int count)
{
    return (int)seed_number(seed, name, usual, 0, count - 1);
}
