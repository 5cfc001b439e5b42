/*
 * A made-up person: who they are, and what changes in their life.
 *
 * Person number N of a seed is always the same, whatever else is generated, and knows nothing of
 * records: what a clerk made of them is record.h's. Four numbers in a row are a household or four
 * strangers; family members share a surname, a home and a telephone, and children may be twins or
 * bear a parent's name: the pairs that a matcher most easily takes for one person.
 *
 * Thread rule: the world is immutable after it is built; a person belongs to one thread.
 */
#ifndef SYNTH_PERSON_H
#define SYNTH_PERSON_H

#include "synth/names.h"
#include "synth/permutation.h"
#include "synth/places.h"

enum {
    SYNTH_NEVER = INT32_MAX, /* a day that does not come */
    SYNTH_HOMES = 3,         /* the most that one person had in the time of the records */
    /* Records are dated from 2012-01-01 to 2025-06-30 (days since 1970). */
    SYNTH_FIRST_DAY = 15340,
    SYNTH_LAST_DAY = 20269,
};

/* What all people are drawn from. */
struct synth_world {
    uint64_t seed;
    uint32_t families; /* of 10,000 households */
    uint32_t juniors;  /* of 10,000 families */
    uint32_t twins;
    struct synth_names names;
    struct synth_places places;
    struct synth_choice origins;
    struct synth_choice ages;
    struct synth_permutation ssns;
    struct arena arena; /* holds all tables */
};

struct synth_person {
    enum synth_sex sex;
    enum synth_origin origin;
    int32_t birth; /* a day, as the following */
    int32_t death; /* SYNTH_NEVER */
    struct synth_text first_name;
    char middle_initial;
    struct synth_text surname;         /* until… */
    int32_t renamed;                   /* … the day of a marriage; SYNTH_NEVER */
    struct synth_text married_surname; /* what it is then */
    bool junior;                       /* bears a parent's first name */
    uint32_t ssn;                      /* 9 digits, an area from 900 on: never issued */
    uint32_t home_count;
    int32_t moved_in[SYNTH_HOMES]; /* the day; in order */
    struct synth_home homes[SYNTH_HOMES];
    uint64_t phones[2]; /* 10 digits: at home, the other */
};

/* `households`: most people live in families, with many twins and juniors. */
int synth_world_create(struct synth_world **out, uint64_t seed, bool households,
                       struct error *error);
void synth_world_free(struct synth_world *world);

void synth_person_make(struct synth_person *out, const struct synth_world *world, uint64_t number);

/* Which of the homes a person lived in on a day. */
uint32_t synth_person_home(const struct synth_person *person, int32_t day);

#endif
