#include "synth/places.h"

enum {
    TOWNS = 24, /* small towns around every city */
    TOWN_SHIFT = 3,
    STREET_NAME_SHIFT = 8,
    STREET_KIND_SHIFT = 1,
    PEOPLE_PER_ZIP = 25, /* thousands */

    /* Of 10,000 homes: */
    IN_TOWN = 3500,
    PO_BOX = 250,
    RURAL_ROUTE = 80,
    WITH_DIRECTION = 1100,
    WITH_APARTMENT = 1900,
    STAYS_IN_CITY = 7000, /* of those who move */
};

int synth_places_build(struct synth_places *out, struct arena *arena, struct error *error)
{
    *out = (struct synth_places){0};
    uint32_t *people = arena_alloc_array(arena, synth_city_count, sizeof *people);
    if (people == NULL) {
        return error_out_of_memory(error);
    }
    for (uint32_t i = 0; i < synth_city_count; i++) {
        people[i] = synth_cities[i].population;
    }
    bool built =
        synth_choice_build(&out->city, people, synth_city_count, arena) &&
        synth_choice_zipf(&out->town, TOWNS, TOWN_SHIFT, arena) &&
        synth_words_build(&out->street_names, synth_street_names, STREET_NAME_SHIFT, arena) &&
        synth_words_build(&out->street_kinds, synth_street_kinds, STREET_KIND_SHIFT, arena) &&
        synth_words_build(&out->town_beginnings, synth_town_beginnings, TOWN_SHIFT, arena) &&
        synth_words_build(&out->town_ends, synth_town_ends, TOWN_SHIFT, arena);
    return built ? STATUS_OK : error_out_of_memory(error);
}

/* Post-office box, rural route, or number and street with what belongs to it. */
static void draw_address(struct synth_text *out, const struct synth_places *places,
                         struct random *random)
{
    synth_text_clear(out);
    if (synth_chance(random, PO_BOX)) {
        synth_text_append(out, STR("po box "));
        synth_text_append_number(out, 1 + synth_below(random, 9999), 1);
        return;
    }
    if (synth_chance(random, RURAL_ROUTE)) {
        synth_text_append(out, STR("rural route "));
        synth_text_append_number(out, 1 + synth_below(random, 9), 1);
        synth_text_append(out, STR(" box "));
        synth_text_append_number(out, 1 + synth_below(random, 999), 1);
        return;
    }
    /* Low numbers are commoner: a length first, then a number of at most that length. */
    static const uint32_t limits[] = {999, 2999, 9999, 19999};
    synth_text_append_number(out, 1 + synth_below(random, limits[synth_below(random, 4)]), 1);
    synth_text_append_char(out, ' ');
    if (synth_chance(random, WITH_DIRECTION)) {
        synth_text_append_char(out, "nsew"[synth_below(random, 4)]);
        synth_text_append_char(out, ' ');
    }
    synth_text_append(out, synth_words_draw(&places->street_names, random));
    synth_text_append_char(out, ' ');
    synth_text_append(out, synth_words_draw(&places->street_kinds, random));
    if (synth_chance(random, WITH_APARTMENT)) {
        synth_text_append(out, STR(" apt "));
        synth_text_append_number(out, 1 + synth_below(random, 40), 1);
        if (synth_chance(random, 4000)) {
            synth_text_append_char(out, (char)('a' + synth_below(random, 6)));
        }
    }
}

/* ZIP codes of a city follow each other from a number that tells cities of one prefix apart. */
static uint32_t city_zip(uint32_t city, struct random *random)
{
    const struct synth_city *at = &synth_cities[city];
    uint32_t prefix =
        (uint32_t)((at->zip3[0] - '0') * 100 + (at->zip3[1] - '0') * 10 + (at->zip3[2] - '0'));
    uint32_t count = 1 + at->population / PEOPLE_PER_ZIP;
    uint32_t first = city * 37 % 100;
    uint32_t drawn = synth_below(random, count < 100 ? count : 100);
    return prefix * 100 + (first + drawn) % 100;
}

/* A town is the same for every seed: its number alone says what it is called. */
static void draw_town(struct synth_home *out, const struct synth_places *places, uint32_t city,
                      struct random *random)
{
    uint32_t number = city * TOWNS + synth_choice_draw(&places->town, random);
    struct random own;
    random_seed(&own, synth_mix(0, SYNTH_STREAM_TOWN, number));
    synth_text_set(&out->city, synth_words_draw(&places->town_beginnings, &own));
    synth_text_append(&out->city, synth_words_draw(&places->town_ends, &own));
    out->zip = city_zip(city, &own);
}

static void draw_in_city(struct synth_home *out, const struct synth_places *places, uint32_t city,
                         struct random *random)
{
    out->near = &synth_cities[city];
    if (synth_chance(random, IN_TOWN)) {
        draw_town(out, places, city, random);
    } else {
        synth_text_set(&out->city, str_from(out->near->name));
        out->zip = city_zip(city, random);
    }
    draw_address(&out->address, places, random);
}

void synth_places_home(struct synth_home *out, const struct synth_places *places,
                       struct random *random)
{
    draw_in_city(out, places, synth_choice_draw(&places->city, random), random);
}

void synth_places_move(struct synth_home *out, const struct synth_places *places,
                       const struct synth_home *from, struct random *random)
{
    uint32_t city = (uint32_t)(from->near - synth_cities);
    if (!synth_chance(random, STAYS_IN_CITY)) {
        city = synth_choice_draw(&places->city, random);
    }
    draw_in_city(out, places, city, random);
}

/* The other way to write `word`, or an empty text. */
static struct str other_spelling(struct str word)
{
    for (size_t i = 0; synth_abbreviations[i] != NULL; i++) {
        const char *entry = synth_abbreviations[i];
        struct str shorter = {entry, strcspn(entry, "=")};
        struct str longer = str_from(entry + shorter.len + 1);
        if (str_equal(word, shorter)) {
            return longer;
        }
        if (str_equal(word, longer)) {
            return shorter;
        }
    }
    return STR("");
}

bool synth_places_respell(struct synth_text *address, struct random *random)
{
    /* From the last word back: a street is "north st" more often than "n". Now and then one word
       is passed over, so that not only the last is ever respelt. */
    size_t end = address->len;
    while (end > 0) {
        size_t start = end;
        while (start > 0 && address->bytes[start - 1] != ' ') {
            start--;
        }
        struct str other = other_spelling((struct str){address->bytes + start, end - start});
        if (other.len > 0 && !synth_chance(random, 2500)) {
            return synth_text_splice(address, start, end - start, other);
        }
        end = start > 0 ? start - 1 : 0;
    }
    return false;
}
