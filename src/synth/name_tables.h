/*
 * Names that people in the United States bear, the commonest first, in lower case, separated by
 * commas. The order follows what the Social Security Administration and the Census Bureau publish,
 * by and large; how steeply the frequencies fall is for names.c to say.
 */
#ifndef SYNTH_NAME_TABLES_H
#define SYNTH_NAME_TABLES_H

enum synth_origin {
    SYNTH_ORIGIN_WHITE,
    SYNTH_ORIGIN_BLACK,
    SYNTH_ORIGIN_HISPANIC,
    SYNTH_ORIGIN_ASIAN,
    SYNTH_ORIGIN_COUNT,
};

enum synth_sex { SYNTH_FEMALE, SYNTH_MALE, SYNTH_SEX_COUNT };

/* Born before 1945, 1965, 1985, 2005, and since. */
enum { SYNTH_PERIODS = 5 };

extern const char *const synth_first_names[SYNTH_SEX_COUNT][SYNTH_PERIODS];

/* First names that tell of an origin; NULL where there is no own list. */
extern const char *const synth_origin_first_names[SYNTH_ORIGIN_COUNT][SYNTH_SEX_COUNT];

/* Beginnings and ends of rare first names: "ja" and "von". */
extern const char *const synth_first_name_parts[SYNTH_SEX_COUNT][2];

/* White and black people share the first list. */
extern const char *const synth_surnames[SYNTH_ORIGIN_COUNT];

/* Beginnings and ends of rare surnames, with how often of 100 a rare surname is of the kind. */
struct synth_surname_kind {
    unsigned share;
    const char *beginnings;
    const char *ends;
};

enum { SYNTH_SURNAME_KINDS = 6 };
extern const struct synth_surname_kind synth_surname_kinds[SYNTH_SURNAME_KINDS];

/* "formal=short,short" one after the other, ordered by the formal name; ends with NULL. */
extern const char *const synth_nicknames[];

#endif
