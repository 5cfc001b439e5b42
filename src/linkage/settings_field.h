/*
 * One key of a JSON object: its name, what it may hold, and where that goes. Inside settings_*.c.
 *
 * A table of these describes an object of a model; settings_read_object() does the rest. A key that
 * may be left out may as well be null: Splink writes both.
 */
#ifndef LINKAGE_SETTINGS_FIELD_H
#define LINKAGE_SETTINGS_FIELD_H

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "base/arena.h"
#include "base/faults.h"
#include "base/str.h"
#include "linkage/settings.h"

/* What reading needs at every step. */
struct settings_reader {
    struct faults *faults;
    struct arena *arena; /* for texts and lists; once it failed the result is no good */
};

enum settings_kind {
    SETTINGS_TEXT,        /* struct str: any text */
    SETTINGS_LABEL,       /* struct str: a text; an empty one counts as not given */
    SETTINGS_NAME,        /* struct str: a text that is not blank */
    SETTINGS_BOOLEAN,     /* bool */
    SETTINGS_PROBABILITY, /* double: 0 … 1 */
    SETTINGS_AMOUNT,      /* double: 0 or more */
    SETTINGS_EXPONENT,    /* double: 0 … SETTINGS_MAX_EXPONENT */
    SETTINGS_COUNT,       /* uint32_t: a whole number, 0 … 2^31-1 */
    SETTINGS_OTHER,       /* `read` does it */
};

struct settings_field {
    const char *key;
    enum settings_kind kind;
    bool required;
    size_t at;       /* offset of the value in the structure */
    size_t given_at; /* offset of a bool that says it was given; 0: there is none */
    void (*read)(struct settings_reader *reader, json_t *value, void *out);
};

/* Reads the members of `json` into the structure at `out`, which holds the defaults. Faults: not an
   object, an unknown key, a missing one, a wrong value. */
void settings_read_object(struct settings_reader *reader, json_t *json,
                          const struct settings_field *fields, size_t count, void *out);

/* A copy of a JSON text in the arena. */
struct str settings_read_text(struct settings_reader *reader, const json_t *value);

/*
 * `value` as a list of at most `most` elements: room for one structure of `size` zero bytes each,
 * from the arena; the number goes to *count. NULL after a fault, and when there are none.
 */
void *settings_read_list(struct settings_reader *reader, const json_t *value, size_t most,
                         size_t size, size_t *count);

/* Numbers the levels, fills in the defaults of m and u, and finds the faults that show only when
   the whole is known. */
void settings_complete(struct settings *settings, struct faults *faults);

/* A fault: "must be EXPECTED, not 5", with the value as the model has it. */
void settings_refuse(struct settings_reader *reader, const char *expected, const json_t *value);

#endif
