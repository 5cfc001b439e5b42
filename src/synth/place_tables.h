/*
 * Cities of the United States with what belongs to them, and what streets and small towns are
 * called. All in lower case; facts of geography only.
 */
#ifndef SYNTH_PLACE_TABLES_H
#define SYNTH_PLACE_TABLES_H

#include <stdint.h>

struct synth_city {
    const char *name;
    const char *state;   /* two letters */
    const char *zip3;    /* first three digits of its ZIP codes */
    const char *county;  /* or borough, parish, independent city */
    uint32_t population; /* thousands, roughly */
};

extern const struct synth_city synth_cities[];
extern const uint32_t synth_city_count;

/* Comma-separated, the commonest first. */
extern const char *const synth_street_names;
extern const char *const synth_street_kinds; /* "st,ave": as most records write them */
extern const char *const synth_town_beginnings;
extern const char *const synth_town_ends;

/* "st=street": the two ways to write the same. Ends with NULL. */
extern const char *const synth_abbreviations[];

/* Area codes in use, for numbers of the exchange 555. */
extern const uint16_t synth_area_codes[];
extern const uint32_t synth_area_code_count;

#endif
