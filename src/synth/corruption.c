#include "synth/corruption.h"

#include "base/compiler.h"
#include "synth/draw.h"

/* The keys around each letter on a keyboard of the United States. */
static const char *const letter_neighbours[26] = {
    "qwsz",   "vghn",  "xdfv", "serfcx", "wsdr", "drtgvc", "ftyhbv", "gyujnb", "ujko",
    "huikmn", "jiolm", "kop",  "njk",    "bhjm", "iklp",   "ol",     "wa",     "edft",
    "awedxz", "rfgy",  "yhji", "cfgb",   "qase", "zsdc",   "tghu",   "asx",
};

/* The keys around each digit on a keypad, then the shapes that are taken for it. */
static const char *const digit_neighbours[10] = {
    "1286", "2477", "1357", "2688", "1579", "24686", "35985", "481", "5790363", "6804",
};

struct respelling {
    const char *from;
    const char *to;
};

/* How the same sound is spelled. */
static const struct respelling sounds[] = {
    {"ph", "f"},   {"f", "ph"},   {"ck", "k"},   {"c", "k"},     {"k", "c"},     {"ch", "sh"},
    {"ie", "y"},   {"y", "ie"},   {"ee", "ea"},  {"ea", "ee"},   {"ei", "ie"},   {"ai", "ay"},
    {"ay", "ai"},  {"mac", "mc"}, {"mc", "mac"}, {"sen", "son"}, {"son", "sen"}, {"z", "s"},
    {"s", "z"},    {"th", "t"},   {"gh", "g"},   {"ow", "ou"},   {"ou", "ow"},   {"x", "ks"},
    {"sch", "sh"}, {"ll", "l"},   {"tt", "t"},   {"nn", "n"},    {"rr", "r"},    {"ss", "s"},
    {"n", "nn"},   {"l", "ll"},   {"er", "ar"},  {"ar", "er"},   {"or", "er"},   {"i", "y"},
    {"an", "en"},  {"en", "an"},  {"ey", "y"},   {"qu", "kw"},   {"j", "g"},     {"v", "w"},
};

/* What scanners take for each other. */
static const struct respelling shapes[] = {
    {"m", "rn"}, {"rn", "m"}, {"cl", "d"}, {"d", "cl"}, {"w", "vv"}, {"l", "1"},
    {"o", "0"},  {"i", "l"},  {"l", "i"},  {"h", "b"},  {"e", "c"},  {"c", "e"},
    {"n", "u"},  {"u", "n"},  {"g", "q"},  {"v", "y"},  {"ri", "n"}, {"t", "f"},
};

static bool is_letter(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* A position from `first` on whose byte is of the kind, or len when there is none: the next one
   after a random start. */
static size_t find_position(const struct synth_text *text, size_t first, bool (*is_kind)(char),
                            struct random *random)
{
    if (first >= text->len) {
        return text->len;
    }
    size_t range = text->len - first;
    size_t start = synth_below(random, (uint32_t)range);
    for (size_t i = 0; i < range; i++) {
        size_t at = first + (start + i) % range;
        if (is_kind(text->bytes[at])) {
            return at;
        }
    }
    return text->len;
}

static void replace_by_neighbour(char *at, const char *neighbours, struct random *random)
{
    *at = neighbours[synth_below(random, (uint32_t)strlen(neighbours))];
}

/* Swaps a byte with the next of its kind; when the next is of another kind, doubles it. */
static void swap_with_next(struct synth_text *text, size_t at, bool (*is_kind)(char))
{
    char c = text->bytes[at];
    if (at + 1 < text->len && is_kind(text->bytes[at + 1]) && text->bytes[at + 1] != c) {
        text->bytes[at] = text->bytes[at + 1];
        text->bytes[at + 1] = c;
    } else {
        synth_text_splice(text, at, 0, (struct str){&c, 1});
    }
}

static size_t find_text(const struct synth_text *text, struct str sought)
{
    const char *found = memmem(text->bytes, text->len, sought.ptr, sought.len);
    return found == NULL ? text->len : (size_t)(found - text->bytes);
}

/* Applies the first rule from a random start that fits; false when none does. */
static bool respell(struct synth_text *text, const struct respelling *rules, uint32_t count,
                    struct random *random)
{
    /* Drawing until one fits would take long for short words, and for ever for some. */
    uint32_t start = synth_below(random, count);
    for (uint32_t i = 0; i < count; i++) {
        const struct respelling *rule = &rules[(start + i) % count];
        size_t at = find_text(text, str_from(rule->from));
        if (at < text->len) {
            return synth_text_splice(text, at, strlen(rule->from), str_from(rule->to));
        }
    }
    return false;
}

/* Of 100 slips 20 are of the ear and 12 of a scanner, as far as the word offers a place for one;
   the others are of the hand: wrong key, swap, omission, doubling, extra key. */
void synth_corrupt_word(struct synth_text *text, struct random *random)
{
    uint32_t kind = synth_below(random, 100);
    if (kind < 20 && respell(text, sounds, ARRAY_LENGTH(sounds), random)) {
        return;
    }
    if (kind >= 20 && kind < 32 && respell(text, shapes, ARRAY_LENGTH(shapes), random)) {
        return;
    }
    size_t at = find_position(text, 0, is_letter, random);
    if (at == text->len) {
        return;
    }
    char c = text->bytes[at];
    if (kind < 60) {
        replace_by_neighbour(&text->bytes[at], letter_neighbours[c - 'a'], random);
    } else if (kind < 76) {
        swap_with_next(text, at, is_letter);
    } else if (kind < 88 && text->len > 2) {
        synth_text_splice(text, at, 1, STR(""));
    } else if (kind < 94) {
        synth_text_splice(text, at, 0, (struct str){&c, 1});
    } else {
        replace_by_neighbour(&c, letter_neighbours[c - 'a'], random);
        synth_text_splice(text, at, 0, (struct str){&c, 1});
    }
}

/* A wrong digit is commoner than a swap, and one too few or too many is rare: most forms count. */
void synth_corrupt_digits(struct synth_text *text, size_t first, struct random *random)
{
    uint32_t kind = synth_below(random, 100);
    size_t at = find_position(text, first, is_digit, random);
    if (at == text->len) {
        return;
    }
    char c = text->bytes[at];
    if (kind < 55) {
        replace_by_neighbour(&text->bytes[at], digit_neighbours[c - '0'], random);
    } else if (kind < 85) {
        swap_with_next(text, at, is_digit);
    } else if (kind < 95) {
        synth_text_splice(text, at, 1, STR(""));
    } else {
        synth_text_splice(text, at, 0, (struct str){&c, 1});
    }
}

/* A year within 1900 … 2025, and a day that its month has. */
static void mend_date(struct synth_date *date)
{
    date->year = date->year < 1900 ? 1900 : date->year > 2025 ? 2025 : date->year;
    int32_t length = synth_month_length(date->year, date->month);
    date->day = date->day > length ? length : date->day;
}

/* Near misses are commonest. */
void synth_corrupt_date(struct synth_date *date, struct random *random)
{
    uint32_t kind = synth_below(random, 100);
    int32_t sign = synth_chance(random, 5000) ? 1 : -1;
    if (kind < 25) {
        date->day += date->day + sign >= 1 ? sign : 1;
    } else if (kind < 40) {
        date->day = date->day > 10 ? date->day - 10 : date->day + 10;
    } else if (kind < 60) {
        date->month = (date->month + 11 + sign) % 12 + 1;
    } else if (kind < 75) {
        date->year += sign;
    } else if (kind < 85) {
        date->year += 10 * sign;
    } else if (kind < 95) {
        int32_t tens = date->year / 10 % 10;
        int32_t ones = date->year % 10;
        date->year += (ones - tens) * 10 + (tens - ones);
    } else {
        date->day = 1; /* only the month was known */
    }
    mend_date(date);
}

bool synth_strip_accents(struct synth_text *text)
{
    /* The lower case of Latin-1 from U+00E0 on, which UTF-8 writes as C3 A0 … C3 BF. */
    static const char plain[] = "aaaaaaaceeeeiiiidnooooo/ouuuuyty";
    bool found = false;
    for (size_t at = 0; at + 1 < text->len; at++) {
        unsigned char second = (unsigned char)text->bytes[at + 1];
        if ((unsigned char)text->bytes[at] == 0xC3 && second >= 0xA0) {
            found = synth_text_splice(text, at, 2, (struct str){&plain[second - 0xA0], 1});
        }
    }
    return found;
}
