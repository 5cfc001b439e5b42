#include "base/random.h"

#include <errno.h>
#include <sys/random.h>

/* splitmix64 (Steele, Lea and Flood 2014): spreads a seed of few set bits over the whole state. */
static uint64_t split(uint64_t *state)
{
    uint64_t mixed = *state += 0x9E3779B97F4A7C15u;
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9u;
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EBu;
    return mixed ^ mixed >> 31;
}

void random_seed(struct random *random, uint64_t seed)
{
    for (int i = 0; i < 4; i++) {
        random->state[i] = split(&seed);
    }
}

static uint64_t rotate_left(uint64_t word, int bits)
{
    return word << bits | word >> (64 - bits);
}

uint64_t random_next(struct random *random)
{
    uint64_t *state = random->state;
    uint64_t number = rotate_left(state[1] * 5, 7) * 9;
    uint64_t shifted = state[1] << 17;
    state[2] ^= state[0];
    state[3] ^= state[1];
    state[1] ^= state[2];
    state[0] ^= state[3];
    state[2] ^= shifted;
    state[3] = rotate_left(state[3], 45);
    return number;
}

/* Takes the high half of a product instead of a remainder, and draws again where the low half shows
   that some results would come once too often (Lemire, "Fast random integer generation in an
   interval", 2019). */
uint64_t random_below(struct random *random, uint64_t below)
{
    unsigned __int128 product = (unsigned __int128)random_next(random) * below;
    if ((uint64_t)product < below) {
        uint64_t surplus = -below % below; /* 2^64 mod below */
        while ((uint64_t)product < surplus) {
            product = (unsigned __int128)random_next(random) * below;
        }
    }
    return (uint64_t)(product >> 64);
}

double random_unit(struct random *random)
{
    /* 53 bits are what a double holds: every result is exact and below 1. */
    return (double)(random_next(random) >> 11) * 0x1p-53;
}

int random_secret(void *out, size_t size, struct error *error)
{
    char *next = out;
    while (size > 0) {
        ssize_t got = getrandom(next, size, 0);
        if (got < 0 && errno != EINTR) {
            return error_system(error, errno, "cannot get random bytes from the kernel");
        }
        if (got > 0) {
            next += got;
            size -= (size_t)got;
        }
    }
    return STATUS_OK;
}
