/*
 * Where people live: a city with the state, county and ZIP code that belong to it, and a street
 * address in it.
 *
 * Around every city lie small towns with made-up names, always the same, so that a third of the
 * people do not live in a large city and no list of towns is needed.
 *
 * Thread rule: immutable after it is built.
 */
#ifndef SYNTH_PLACES_H
#define SYNTH_PLACES_H

#include "base/error.h"
#include "synth/draw.h"
#include "synth/place_tables.h"
#include "synth/text.h"

struct synth_places {
    struct synth_choice city; /* by population */
    struct synth_choice town; /* which of those around a city */
    struct synth_words street_names;
    struct synth_words street_kinds;
    struct synth_words town_beginnings;
    struct synth_words town_ends;
};

struct synth_home {
    const struct synth_city *near; /* its state and county */
    struct synth_text city;
    uint32_t zip; /* 0 … 99999 */
    struct synth_text address;
};

/* Everything lives in `arena`. */
int synth_places_build(struct synth_places *out, struct arena *arena, struct error *error);

void synth_places_home(struct synth_home *out, const struct synth_places *places,
                       struct random *random);

/* Another home within the same city, or mostly so: people move short ways. */
void synth_places_move(struct synth_home *out, const struct synth_places *places,
                       const struct synth_home *from, struct random *random);

/* Writes a word of an address the other way: st for street, avenue for ave; false when there is
   none that has two. */
bool synth_places_respell(struct synth_text *address, struct random *random);

#endif
