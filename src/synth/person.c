#include "synth/person.h"

#include <string.h>

#include "base/memory.h"
#include "synth/calendar.h"

enum {
    HOUSEHOLD = 4, /* people: father, mother, two children; or strangers */
    FATHER = 0,
    MOTHER = 1,
    ELDER = 2,

    LAST_BIRTH = SYNTH_LAST_DAY - 90, /* so that everybody has days on which records are made */
    LAST_BIRTH_YEAR = 2024,
    DAYS_OF_YEAR = 365,
    DECADES = 10,

    /* An area from 900 on is no Social Security number; with a group from 01 to 49 it is none of the
       tax numbers of the same form either, whose groups begin at 50. */
    SSN_AREAS = 100,
    SSN_GROUPS = 49,
    SSN_SERIALS = 9999,

    WORLD_MAX = 8 << 20, /* bytes of tables; they take a tenth */
};

/* Of 10,000 who reach each decade of age: deaths within the years that have records. */
static const uint32_t deaths[DECADES] = {30, 50, 120, 200, 350, 700, 1300, 2400, 4500, 6500};

/* People of each decade of age, 0-9, 10-19 …: older than the census, as patients are. */
static const uint32_t ages[DECADES] = {10, 10, 12, 13, 12, 13, 14, 10, 5, 1};

static const uint32_t origins[SYNTH_ORIGIN_COUNT] = {
    [SYNTH_ORIGIN_WHITE] = 60,
    [SYNTH_ORIGIN_BLACK] = 13,
    [SYNTH_ORIGIN_HISPANIC] = 20,
    [SYNTH_ORIGIN_ASIAN] = 7,
};

/* What the members of a family share. */
struct household {
    uint64_t first; /* the number of its first member */
    bool family;
    bool twins;
    bool junior; /* the elder child is named after a parent */
    enum synth_origin origin;
    int32_t parents_year; /* of birth, by a few years */
    struct synth_text surname;
    uint32_t home_count;
    int32_t moved_in[2];
    struct synth_home homes[2];
    uint64_t phone;
};

/*
 * What the name of a relative can depend on.
 *
 * People are made one at a time and in any order, so a child who is named after the father cannot
 * look him up: his core is drawn again, from his own seed. A younger child needs the elder's, who
 * may need a parent's: three cores at most, and no more than a few names each.
 */
struct core {
    enum synth_sex sex;
    int32_t birth;
    struct synth_text first_name;
};

int synth_world_create(struct synth_world **out, uint64_t seed, bool households,
                       struct error *error)
{
    struct synth_world *world = memory_alloc_zeroed(1, sizeof *world);
    if (world == NULL) {
        return error_out_of_memory(error);
    }
    world->seed = seed;
    world->families = households ? 8500 : 2500;
    world->juniors = households ? 3000 : 800;
    world->twins = households ? 2000 : 300;
    world->arena = ARENA(WORLD_MAX);
    synth_permutation_build(&world->ssns, (uint64_t)SSN_AREAS * SSN_GROUPS * SSN_SERIALS,
                            synth_mix(seed, SYNTH_STREAM_SSN, 0));
    int status = synth_names_build(&world->names, &world->arena, error);
    if (status == STATUS_OK) {
        status = synth_places_build(&world->places, &world->arena, error);
    }
    if (status == STATUS_OK &&
        !(synth_choice_build(&world->origins, origins, SYNTH_ORIGIN_COUNT, &world->arena) &&
          synth_choice_build(&world->ages, ages, DECADES, &world->arena))) {
        status = error_out_of_memory(error);
    }
    if (status != STATUS_OK) {
        synth_world_free(world);
        return status;
    }
    *out = world;
    return STATUS_OK;
}

void synth_world_free(struct synth_world *world)
{
    if (world != NULL) {
        arena_free(&world->arena);
        memory_free(world);
    }
}

/* Two thirds of the numbers are of the area code 555, which no telephone has; the others of the
   exchange 555 of a real area, without the thousand in which its directory service is (1212). */
static uint64_t draw_phone(struct random *random)
{
    if (synth_chance(random, 6500)) {
        return UINT64_C(5550000000) + synth_below(random, 10000000);
    }
    uint64_t area = synth_area_codes[synth_below(random, synth_area_code_count)];
    uint32_t line = synth_below(random, 9000);
    return area * 10000000 + 5550000 + (line < 1000 ? line : line + 1000);
}

/* Any day but the last of a leap year, which nobody will miss. */
static int32_t draw_day_of_year(int32_t year, struct random *random)
{
    return synth_day_number((struct synth_date){year, 1, 1}) + synth_between(random, 0, 364);
}

/* What a family has in common comes from the household's own seed; strangers need none of it. */
static void draw_household(struct household *out, const struct synth_world *world, uint64_t number)
{
    struct random random;
    random_seed(&random, synth_mix(world->seed, SYNTH_STREAM_HOUSEHOLD, number));
    *out = (struct household){.first = number * HOUSEHOLD,
                              .family = synth_chance(&random, world->families)};
    if (!out->family) {
        return;
    }
    out->twins = synth_chance(&random, world->twins);
    out->junior = synth_chance(&random, world->juniors);
    out->origin = (enum synth_origin)synth_choice_draw(&world->origins, &random);
    out->parents_year = synth_between(&random, 1930, 1996);
    synth_names_surname(&out->surname, &world->names, out->origin, &random);
    out->phone = draw_phone(&random);
    out->home_count = 1;
    out->moved_in[0] = INT32_MIN;
    synth_places_home(&out->homes[0], &world->places, &random);
    if (synth_chance(&random, 3000)) {
        out->home_count = 2;
        out->moved_in[1] = synth_between(&random, SYNTH_FIRST_DAY, SYNTH_LAST_DAY);
        synth_places_move(&out->homes[1], &world->places, &out->homes[0], &random);
    }
}

/* Twins are often given names that begin alike; eight tries are mostly enough. */
static void draw_twin_name(struct core *out, const struct core *twin,
                           const struct synth_world *world, enum synth_origin origin, int32_t year,
                           struct random *random)
{
    for (int attempt = 0; attempt < 8; attempt++) {
        synth_names_first(&out->first_name, &world->names, out->sex, year, origin, random);
        if (out->first_name.bytes[0] == twin->first_name.bytes[0] &&
            !str_equal(synth_text_str(&out->first_name), synth_text_str(&twin->first_name))) {
            return;
        }
    }
}

static void draw_core(struct core *out, const struct synth_world *world,
                      const struct household *house, uint32_t role, enum synth_origin origin);

static void draw_child(struct core *out, const struct synth_world *world,
                       const struct household *house, uint32_t role, struct random *random)
{
    out->sex = synth_chance(random, 5000) ? SYNTH_FEMALE : SYNTH_MALE;
    if (role == ELDER) {
        /* The youngest parents are born in 1996 + 4. */
        int32_t latest = LAST_BIRTH_YEAR - 4 - house->parents_year;
        int32_t year = house->parents_year + synth_between(random, 20, latest < 38 ? latest : 38);
        out->birth = draw_day_of_year(year, random);
        if (house->junior) {
            struct core parent;
            draw_core(&parent, world, house, out->sex == SYNTH_MALE ? FATHER : MOTHER,
                      house->origin);
            out->first_name = parent.first_name;
        } else {
            synth_names_first(&out->first_name, &world->names, out->sex, year, house->origin,
                              random);
        }
        return;
    }
    struct core elder;
    draw_core(&elder, world, house, ELDER, house->origin);
    int32_t year = synth_day_date(elder.birth).year;
    if (house->twins) {
        out->sex = synth_chance(random, 7000) ? elder.sex : out->sex;
        out->birth = elder.birth;
        draw_twin_name(out, &elder, world, house->origin, year, random);
        return;
    }
    int32_t apart = synth_between(random, 500, 2500);
    out->birth = elder.birth + apart <= LAST_BIRTH ? elder.birth + apart : elder.birth - apart;
    synth_names_first(&out->first_name, &world->names, out->sex, year, house->origin, random);
}

/* `origin` is for parents and strangers to be named by. */
static void draw_core(struct core *out, const struct synth_world *world,
                      const struct household *house, uint32_t role, enum synth_origin origin)
{
    struct random random;
    random_seed(&random, synth_mix(world->seed, SYNTH_STREAM_PERSON, house->first + role));
    if (house->family && role >= ELDER) {
        draw_child(out, world, house, role, &random);
        return;
    }
    int32_t year;
    if (house->family) {
        out->sex = role == FATHER ? SYNTH_MALE : SYNTH_FEMALE;
        year = house->parents_year + synth_between(&random, -4, 4);
    } else {
        out->sex = synth_chance(&random, 5150) ? SYNTH_FEMALE : SYNTH_MALE;
        year = LAST_BIRTH_YEAR -
               (int32_t)(synth_choice_draw(&world->ages, &random) * 10 + synth_below(&random, 10));
    }
    out->birth = draw_day_of_year(year, &random);
    synth_names_first(&out->first_name, &world->names, out->sex, year, origin, &random);
}

/* A marriage: most women take the other's name, some put both together. */
static void draw_marriage(struct synth_person *out, const struct synth_world *world,
                          const struct household *house, uint32_t role, struct random *random)
{
    bool mother = house->family && role == MOTHER;
    uint32_t rate = mother ? 8500 : out->sex == SYNTH_FEMALE ? 5500 : 200;
    out->renamed = SYNTH_NEVER;
    if (!synth_chance(random, rate)) {
        return;
    }
    int32_t age = synth_between(random, 19 * DAYS_OF_YEAR, (mother ? 24 : 42) * DAYS_OF_YEAR);
    out->renamed = out->birth + age;
    struct synth_text *name = &out->married_surname;
    synth_text_clear(name);
    struct synth_text other;
    if (mother) {
        other = house->surname;
    } else {
        synth_names_surname(&other, &world->names, out->origin, random);
    }
    if (synth_chance(random, 900)) {
        synth_text_append(name, synth_text_str(&out->surname));
        synth_text_append_char(name, '-');
    }
    synth_text_append(name, synth_text_str(&other));
}

/* Only deaths in the years that have records: whoever died before is in none. */
static void draw_death(struct synth_person *out, struct random *random)
{
    int32_t decade = (SYNTH_LAST_DAY - out->birth) / (10 * DAYS_OF_YEAR + 3);
    out->death = SYNTH_NEVER;
    if (synth_chance(random, deaths[decade < DECADES ? decade : DECADES - 1])) {
        int32_t least = out->birth + 30 > SYNTH_FIRST_DAY ? out->birth + 30 : SYNTH_FIRST_DAY;
        out->death = synth_between(random, least, SYNTH_LAST_DAY);
    }
}

static void add_move(struct synth_person *out, const struct synth_world *world, int32_t day,
                     struct random *random)
{
    const struct synth_home *from = &out->homes[out->home_count - 1];
    out->moved_in[out->home_count] = day;
    synth_places_move(&out->homes[out->home_count], &world->places, from, random);
    out->home_count++;
}

/* Strangers move by themselves; families together, until the children leave. Homes before 2012 do
   not matter: no record tells of them. */
static void draw_homes(struct synth_person *out, const struct synth_world *world,
                       const struct household *house, uint32_t role, struct random *random)
{
    if (!house->family) {
        out->home_count = 1;
        out->moved_in[0] = INT32_MIN;
        synth_places_home(&out->homes[0], &world->places, random);
        int32_t last = SYNTH_FIRST_DAY;
        while (out->home_count < SYNTH_HOMES && synth_chance(random, 4000)) {
            last = synth_between(random, last, SYNTH_LAST_DAY);
            add_move(out, world, last, random);
        }
        return;
    }
    out->home_count = house->home_count;
    memcpy(out->moved_in, house->moved_in, sizeof house->moved_in);
    memcpy(out->homes, house->homes, house->home_count * sizeof *house->homes);
    int32_t adult = out->birth + synth_between(random, 18 * DAYS_OF_YEAR, 27 * DAYS_OF_YEAR);
    if (role < ELDER || adult > SYNTH_LAST_DAY) {
        return;
    }
    while (out->home_count > 1 && out->moved_in[out->home_count - 1] >= adult) {
        out->home_count--;
    }
    add_move(out, world, adult, random);
}

static uint32_t make_ssn(const struct synth_world *world, uint64_t number)
{
    /* Everybody has a number of their own up to 49 million people; then numbers come again. */
    uint64_t drawn = synth_permutation_at(&world->ssns, number % world->ssns.size);
    uint64_t serial = 1 + drawn % SSN_SERIALS;
    uint64_t group = 1 + drawn / SSN_SERIALS % SSN_GROUPS;
    uint64_t area = 900 + drawn / SSN_SERIALS / SSN_GROUPS;
    return (uint32_t)(area * 1000000 + group * 10000 + serial);
}

void synth_person_make(struct synth_person *out, const struct synth_world *world, uint64_t number)
{
    struct household house;
    draw_household(&house, world, number / HOUSEHOLD);
    uint32_t role = (uint32_t)(number % HOUSEHOLD);
    struct random random;
    random_seed(&random, synth_mix(world->seed, SYNTH_STREAM_LIFE, number));

    out->origin = house.family ? house.origin
                               : (enum synth_origin)synth_choice_draw(&world->origins, &random);
    struct core core;
    draw_core(&core, world, &house, role, out->origin);
    out->sex = core.sex;
    out->birth = core.birth;
    out->first_name = core.first_name;
    out->middle_initial = (char)('a' + synth_below(&random, 26));
    out->junior = house.family && role == ELDER && house.junior;
    /* A mother has a surname of her own until she marries; some keep it. */
    if (house.family && role != MOTHER) {
        out->surname = house.surname;
    } else {
        synth_names_surname(&out->surname, &world->names, out->origin, &random);
    }
    draw_marriage(out, world, &house, role, &random);
    draw_death(out, &random);
    out->ssn = make_ssn(world, number);
    draw_homes(out, world, &house, role, &random);
    out->phones[0] = house.family ? house.phone : draw_phone(&random);
    out->phones[1] = draw_phone(&random);
}

uint32_t synth_person_home(const struct synth_person *person, int32_t day)
{
    uint32_t home = person->home_count - 1;
    while (home > 0 && person->moved_in[home] > day) {
        home--;
    }
    return home;
}
