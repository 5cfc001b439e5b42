/*
 * A shuffle of 0 … size - 1 that needs no memory: position after position, in any order.
 *
 * A Feistel network over pairs (left, right) of digits to the base ceil(sqrt(size)), walked on
 * until the result is inside (Black and Rogaway 2002, "Ciphers with arbitrary finite domains").
 * The base is so close to the root that a second walk is rare.
 *
 * Not done: secrecy. Thread rule: immutable after it is built.
 */
#ifndef SYNTH_PERMUTATION_H
#define SYNTH_PERMUTATION_H

#include <stdint.h>

enum { SYNTH_PERMUTATION_ROUNDS = 6 };

struct synth_permutation {
    uint64_t size;
    uint64_t base;
    uint64_t keys[SYNTH_PERMUTATION_ROUNDS];
};

/* `size` from 1 to 2^62; `key` as synth_mix makes it. */
void synth_permutation_build(struct synth_permutation *out, uint64_t size, uint64_t key);

/* Where `position` (below size) goes: below size, and no two go to the same. */
uint64_t synth_permutation_at(const struct synth_permutation *permutation, uint64_t position);

#endif
