/*
 * Weighted draws from tables of words, and the seeds that make one person independent of another.
 *
 * Integers only: floating point may be contracted or rounded differently from one machine to the
 * next, and the same seed has to give the same bytes everywhere.
 *
 * Thread rule: tables are immutable after they are built; a struct random belongs to one thread.
 */
#ifndef SYNTH_DRAW_H
#define SYNTH_DRAW_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/random.h"
#include "base/str.h"

/*
 * A choice among `count` things with given weights in constant time: Walker's alias method
 * (Walker 1977, set up as Vose 1991). Every slot is split between itself and one other.
 */
struct synth_choice {
    struct synth_choice_slot {
        uint32_t own;   /* the share of this slot that is its own, of 2^32 */
        uint32_t other; /* who has the rest */
    } * slots;
    uint32_t count;
};

/* Words with how often each is drawn. */
struct synth_words {
    struct str *items;
    struct synth_choice choice;
};

/* From `count` weights, not all 0, whose sum fits 32 bits. False when memory is used up. */
MUST_CHECK bool synth_choice_build(struct synth_choice *out, const uint32_t *weights,
                                   uint32_t count, struct arena *arena);

/* Weights after Zipf and Mandelbrot: the word of rank r, from 0, weighs 1 / (r + shift). A small
   shift, from 1, is a steep start. */
MUST_CHECK bool synth_choice_zipf(struct synth_choice *out, uint32_t count, uint32_t shift,
                                  struct arena *arena);

/* Splits `list`, the commonest word first, at its commas. The words point into `list`. */
MUST_CHECK bool synth_words_build(struct synth_words *out, const char *list, uint32_t shift,
                                  struct arena *arena);

/* What a seed is for, so that the same person's draws for different ends are unrelated. */
enum synth_stream {
    SYNTH_STREAM_ROWS,
    SYNTH_STREAM_PEOPLE,
    SYNTH_STREAM_SSN,
    SYNTH_STREAM_HOUSEHOLD,
    SYNTH_STREAM_PERSON,
    SYNTH_STREAM_LIFE,
    SYNTH_STREAM_RECORD,
    SYNTH_STREAM_TOWN,
};

/* One well mixed number out of three (the finaliser of splitmix64, Steele et al. 2014). */
uint64_t synth_mix(uint64_t seed, enum synth_stream stream, uint64_t number);

/* Evenly from 0 to below - 1. The bias of at most below / 2^32 does not matter for made-up data,
   and there is no division and no loop. */
static inline uint32_t synth_below(struct random *random, uint32_t below)
{
    return (uint32_t)(((random_next(random) >> 32) * below) >> 32);
}

/* Evenly from `least` to `most`, both ends included. */
static inline int32_t synth_between(struct random *random, int32_t least, int32_t most)
{
    return least + (int32_t)synth_below(random, (uint32_t)(most - least) + 1);
}

/* True `rate` times in 10,000. */
static inline bool synth_chance(struct random *random, uint32_t rate)
{
    return synth_below(random, 10000) < rate;
}

static inline uint32_t synth_choice_draw(const struct synth_choice *choice, struct random *random)
{
    uint64_t drawn = random_next(random);
    uint32_t slot = (uint32_t)(((drawn >> 32) * choice->count) >> 32);
    return (uint32_t)drawn < choice->slots[slot].own ? slot : choice->slots[slot].other;
}

static inline struct str synth_words_draw(const struct synth_words *words, struct random *random)
{
    return words->items[synth_choice_draw(&words->choice, random)];
}

#endif
