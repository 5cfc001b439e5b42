#include "synth/permutation.h"

#include <assert.h>

#include "synth/draw.h"

/* The smallest base whose square reaches `size`, by bisection: no floating point. */
static uint64_t ceiling_root(uint64_t size)
{
    uint64_t low = 1;
    uint64_t high = (uint64_t)1 << 31;
    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (middle * middle >= size) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    return low;
}

void synth_permutation_build(struct synth_permutation *out, uint64_t size, uint64_t key)
{
    assert(size > 0 && size <= (uint64_t)1 << 62);
    *out = (struct synth_permutation){.size = size, .base = ceiling_root(size)};
    for (unsigned round = 0; round < SYNTH_PERMUTATION_ROUNDS; round++) {
        out->keys[round] = synth_mix(key, SYNTH_STREAM_ROWS, round);
    }
}

/* Evenly from 0 to base - 1: the high half of the mixed digit, scaled without division. */
static uint64_t round_value(uint64_t digit, uint64_t key, uint64_t base)
{
    uint64_t mixed = (digit ^ key) * 0xD6E8FEB86659FD93u;
    mixed = (mixed ^ (mixed >> 32)) * 0xD6E8FEB86659FD93u;
    return ((mixed >> 32) * base) >> 32;
}

uint64_t synth_permutation_at(const struct synth_permutation *permutation, uint64_t position)
{
    assert(position < permutation->size);
    uint64_t base = permutation->base;
    do {
        uint64_t left = position / base;
        uint64_t right = position % base;
        for (unsigned round = 0; round < SYNTH_PERMUTATION_ROUNDS; round++) {
            uint64_t sum = left + round_value(right, permutation->keys[round], base);
            left = right;
            right = sum >= base ? sum - base : sum;
        }
        position = left * base + right;
    } while (position >= permutation->size);
    return position;
}
