#include "synth/draw.h"

#include <assert.h>

bool synth_choice_build(struct synth_choice *out, const uint32_t *weights, uint32_t count,
                        struct arena *arena)
{
    assert(count > 0);
    struct synth_choice_slot *slots = arena_alloc_array(arena, count, sizeof *slots);
    uint64_t *scaled = arena_alloc_array(arena, count, sizeof *scaled);
    uint32_t *waiting = arena_alloc_array(arena, count, sizeof *waiting);
    if (slots == NULL || scaled == NULL || waiting == NULL) {
        return false;
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < count; i++) {
        total += weights[i];
    }
    assert(total > 0 && total <= UINT32_MAX);

    /* Scaled by count, a weight of `total` fills a slot exactly. The light ones wait at the front
       of `waiting`, the heavy ones at its back. */
    uint32_t light = 0;
    uint32_t heavy = count;
    for (uint32_t i = 0; i < count; i++) {
        scaled[i] = (uint64_t)weights[i] * count;
        if (scaled[i] < total) {
            waiting[light++] = i;
        } else {
            waiting[--heavy] = i;
        }
    }
    while (light > 0 && heavy < count) {
        uint32_t small = waiting[--light];
        uint32_t large = waiting[heavy];
        slots[small] = (struct synth_choice_slot){(uint32_t)((scaled[small] << 32) / total), large};
        scaled[large] -= total - scaled[small];
        if (scaled[large] < total) {
            heavy++;
            waiting[light++] = large;
        }
    }
    /* Whoever is left fills its slot but for rounding. */
    for (uint32_t i = 0; i < light; i++) {
        slots[waiting[i]] = (struct synth_choice_slot){UINT32_MAX, waiting[i]};
    }
    for (uint32_t i = heavy; i < count; i++) {
        slots[waiting[i]] = (struct synth_choice_slot){UINT32_MAX, waiting[i]};
    }
    *out = (struct synth_choice){slots, count};
    return true;
}

bool synth_choice_zipf(struct synth_choice *out, uint32_t count, uint32_t shift,
                       struct arena *arena)
{
    /* 2^26 / shift summed over the longest table stays below 2^32; the last rank of a thousand
       still has a weight of five digits. */
    enum { SCALE = 1 << 26 };
    uint32_t *weights = arena_alloc_array(arena, count, sizeof *weights);
    if (weights == NULL) {
        return false;
    }
    for (uint32_t rank = 0; rank < count; rank++) {
        weights[rank] = SCALE / (rank + shift);
    }
    return synth_choice_build(out, weights, count, arena);
}

/* Counts first, so that the arena holds one array of the right size. */
bool synth_words_build(struct synth_words *out, const char *list, uint32_t shift,
                       struct arena *arena)
{
    uint32_t count = 1;
    for (const char *at = list; *at != '\0'; at++) {
        count += *at == ',';
    }
    out->items = arena_alloc_array(arena, count, sizeof *out->items);
    if (out->items == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < count; i++) {
        out->items[i] = (struct str){list, strcspn(list, ",")};
        list += out->items[i].len + 1;
    }
    return synth_choice_zipf(&out->choice, count, shift, arena);
}

/* Mixed after each part: of a mere sum, other seeds and numbers would give the same. */
uint64_t synth_mix(uint64_t seed, enum synth_stream stream, uint64_t number)
{
    uint64_t mixed = seed;
    const uint64_t parts[] = {(uint64_t)stream + 1, number};
    for (size_t i = 0; i < ARRAY_LENGTH(parts); i++) {
        mixed += 0x9E3779B97F4A7C15u * (parts[i] + 1);
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9u;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EBu;
        mixed ^= mixed >> 31;
    }
    return mixed;
}
