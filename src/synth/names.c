#include "synth/names.h"

#include "synth/name_tables.h"

/* How steeply the first names of a period fall (the shift of synth_choice_zipf), and how many of
   10,000 children got a name from outside the lists: parents have become more inventive. With these
   the commonest name has about 5 % of the boys of 1940 and 1 % of those of 2010, as in the figures
   of the Social Security Administration. */
static const struct {
    int32_t until; /* years of birth before this one */
    uint32_t shift;
    uint32_t rare;
} periods[SYNTH_PERIODS] = {
    {1945, 6, 500}, {1965, 8, 500}, {1985, 10, 1000}, {2005, 16, 1800}, {INT32_MAX, 30, 3000},
};

/* Of 10,000 people of an origin: first names from the origin's own list, and surnames from the
   syllables. */
static const struct {
    uint32_t own_first;
    uint32_t rare_surname;
} origins[SYNTH_ORIGIN_COUNT] = {
    [SYNTH_ORIGIN_WHITE] = {0, 5200},
    [SYNTH_ORIGIN_BLACK] = {1800, 2500},
    [SYNTH_ORIGIN_HISPANIC] = {6000, 1600},
    [SYNTH_ORIGIN_ASIAN] = {5500, 2200},
};

enum {
    OWN_FIRST_SHIFT = 5,
    /* Smith has 0.8 % of all Americans; Garcia and Nguyen about 2.5 % of the Hispanic and the Asian
       ones. */
    SURNAME_SHIFT_WHITE = 7,
    SURNAME_SHIFT_OTHER = 12,
    PART_SHIFT = 12,
    HYPHENATED = 150, /* of 10,000 surnames */
};

int synth_names_build(struct synth_names *out, struct arena *arena, struct error *error)
{
    *out = (struct synth_names){0};
    bool built = true;
    for (int sex = 0; sex < SYNTH_SEX_COUNT; sex++) {
        for (int period = 0; period < SYNTH_PERIODS; period++) {
            built =
                built && synth_words_build(&out->first[sex][period], synth_first_names[sex][period],
                                           periods[period].shift, arena);
        }
        for (int part = 0; part < 2; part++) {
            built =
                built && synth_words_build(&out->first_parts[sex][part],
                                           synth_first_name_parts[sex][part], PART_SHIFT, arena);
        }
        for (int origin = 0; origin < SYNTH_ORIGIN_COUNT; origin++) {
            const char *list = synth_origin_first_names[origin][sex];
            built = built && (list == NULL || synth_words_build(&out->origin_first[origin][sex],
                                                                list, OWN_FIRST_SHIFT, arena));
        }
    }
    for (int origin = 0; origin < SYNTH_ORIGIN_COUNT; origin++) {
        /* Black and white people share most surnames. */
        bool shared = synth_surnames[origin] == NULL;
        const char *list = synth_surnames[shared ? SYNTH_ORIGIN_WHITE : origin];
        uint32_t shift =
            shared || origin == SYNTH_ORIGIN_WHITE ? SURNAME_SHIFT_WHITE : SURNAME_SHIFT_OTHER;
        built = built && synth_words_build(&out->surnames[origin], list, shift, arena);
    }
    uint32_t shares[SYNTH_SURNAME_KINDS];
    for (int kind = 0; kind < SYNTH_SURNAME_KINDS; kind++) {
        const struct synth_surname_kind *parts = &synth_surname_kinds[kind];
        shares[kind] = parts->share;
        built =
            built &&
            synth_words_build(&out->surname_parts[kind][0], parts->beginnings, PART_SHIFT, arena) &&
            synth_words_build(&out->surname_parts[kind][1], parts->ends, PART_SHIFT, arena);
    }
    built = built && synth_choice_build(&out->surname_kind, shares, SYNTH_SURNAME_KINDS, arena);
    while (synth_nicknames[out->nickname_count] != NULL) {
        out->nickname_count++;
    }
    return built ? STATUS_OK : error_out_of_memory(error);
}

void synth_names_first(struct synth_text *out, const struct synth_names *names, enum synth_sex sex,
                       int32_t birth_year, enum synth_origin origin, struct random *random)
{
    int period = 0;
    while (birth_year >= periods[period].until) {
        period++;
    }
    if (synth_chance(random, origins[origin].own_first)) {
        synth_text_set(out, synth_words_draw(&names->origin_first[origin][sex], random));
    } else if (synth_chance(random, periods[period].rare)) {
        synth_text_set(out, synth_words_draw(&names->first_parts[sex][0], random));
        synth_text_append(out, synth_words_draw(&names->first_parts[sex][1], random));
    } else {
        synth_text_set(out, synth_words_draw(&names->first[sex][period], random));
    }
}

static void append_surname(struct synth_text *out, const struct synth_names *names,
                           enum synth_origin origin, struct random *random)
{
    if (synth_chance(random, origins[origin].rare_surname)) {
        uint32_t kind = synth_choice_draw(&names->surname_kind, random);
        synth_text_append(out, synth_words_draw(&names->surname_parts[kind][0], random));
        synth_text_append(out, synth_words_draw(&names->surname_parts[kind][1], random));
    } else {
        synth_text_append(out, synth_words_draw(&names->surnames[origin], random));
    }
}

void synth_names_surname(struct synth_text *out, const struct synth_names *names,
                         enum synth_origin origin, struct random *random)
{
    synth_text_clear(out);
    append_surname(out, names, origin, random);
    if (synth_chance(random, HYPHENATED)) {
        synth_text_append_char(out, '-');
        append_surname(out, names, origin, random);
    }
}

/* The short forms of `name`, "bob,rob", or an empty text. The list is ordered. */
static struct str find_nicknames(const struct synth_names *names, struct str name)
{
    uint32_t low = 0;
    uint32_t high = names->nickname_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        struct str entry = str_from(synth_nicknames[middle]);
        struct str formal = {entry.ptr, strcspn(entry.ptr, "=")};
        int order = str_compare(formal, name);
        if (order == 0) {
            return (struct str){entry.ptr + formal.len + 1, entry.len - formal.len - 1};
        }
        if (order < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return STR("");
}

bool synth_names_shorten(struct synth_text *name, const struct synth_names *names,
                         struct random *random)
{
    struct str list = find_nicknames(names, synth_text_str(name));
    if (list.len == 0) {
        return false;
    }
    uint32_t count = 1;
    for (size_t i = 0; i < list.len; i++) {
        count += list.ptr[i] == ',';
    }
    const char *at = list.ptr;
    for (uint32_t skip = synth_below(random, count); skip > 0; skip--) {
        at += strcspn(at, ",") + 1;
    }
    synth_text_set(name, (struct str){at, strcspn(at, ",")});
    return true;
}
