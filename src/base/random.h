/* Random numbers: a fast reproducible generator for made-up data and tests, and the system's. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/* xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64. The same seed gives the same
   numbers on every machine. One thread at a time. Never for secrets. */
struct random {
    uint64_t state[4];
};

void random_seed(struct random *random, uint64_t seed);
uint64_t random_next(struct random *random);

/* Evenly from 0 to below - 1, without bias; below > 0. */
uint64_t random_below(struct random *random, uint64_t below);

/* Evenly from [0, 1). */
double random_unit(struct random *random);

/* Bytes fit for secrets, from the kernel. Any thread. */
int random_secret(void *out, size_t size, struct error *error);

#endif
