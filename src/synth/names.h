/*
 * Draws first names and surnames as skewed as real ones: few names with many bearers, and a long
 * tail that is put together from syllables, so that a million people do not share a thousand names.
 *
 * Thread rule: immutable after it is built.
 */
#ifndef SYNTH_NAMES_H
#define SYNTH_NAMES_H

#include "base/error.h"
#include "synth/draw.h"
#include "synth/name_tables.h"
#include "synth/text.h"

struct synth_names {
    struct synth_words first[SYNTH_SEX_COUNT][SYNTH_PERIODS];
    struct synth_words origin_first[SYNTH_ORIGIN_COUNT][SYNTH_SEX_COUNT]; /* empty: no own list */
    struct synth_words first_parts[SYNTH_SEX_COUNT][2];
    struct synth_words surnames[SYNTH_ORIGIN_COUNT];
    struct synth_words surname_parts[SYNTH_SURNAME_KINDS][2];
    struct synth_choice surname_kind;
    uint32_t nickname_count;
};

/* Everything lives in `arena`. */
int synth_names_build(struct synth_names *out, struct arena *arena, struct error *error);

/* A first name as given to a child of that sex, year of birth and origin. */
void synth_names_first(struct synth_text *out, const struct synth_names *names, enum synth_sex sex,
                       int32_t birth_year, enum synth_origin origin, struct random *random);

void synth_names_surname(struct synth_text *out, const struct synth_names *names,
                         enum synth_origin origin, struct random *random);

/* Puts a short form in place of a first name; false when it has none. */
bool synth_names_shorten(struct synth_text *name, const struct synth_names *names,
                         struct random *random);

#endif
