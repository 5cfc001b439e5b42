/*
 * Records as columns of codes.
 *
 * Each column keeps its distinct texts once, in a dictionary, and one 32-bit code a record. Code 0
 * is NULL; equal codes are equal texts, so that most comparisons of a linkage are comparisons of
 * integers. Records are numbered 0 … count-1 in the order of their ids once the set is sealed: the
 * lower number is the left record of a pair.
 *
 * Thread rule: one thread builds; a sealed set is immutable and any thread may read it.
 */
#ifndef LINKAGE_COLUMNS_H
#define LINKAGE_COLUMNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/index_map.h"
#include "base/str.h"

enum {
    COLUMNS_MAX = 1024,    /* columns that one model may name */
    COLUMNS_CODE_NULL = 0, /* the code of NULL in every dictionary */
};

/* Distinct texts, numbered from 1 in order of first appearance. */
struct dictionary {
    char *bytes; /* all texts, one after the other */
    size_t bytes_len;
    size_t bytes_cap;
    uint64_t *ends; /* ends[code] is one past the text's last byte; ends[0] = 0 is NULL's */
    size_t ends_cap;
    uint32_t count; /* distinct texts, NULL not counted: codes are 1 … count */
    struct index_map map;
};

/* The text of a code; {NULL, 0} for NULL. Valid while no text is added. */
static inline struct str dictionary_text(const struct dictionary *dictionary, uint32_t code)
{
    if (code == COLUMNS_CODE_NULL) {
        return (struct str){NULL, 0};
    }
    uint64_t from = dictionary->ends[code - 1];
    return (struct str){dictionary->bytes + from, dictionary->ends[code] - from};
}

/* The code of `text`, added when it is new; text.ptr NULL is NULL. */
int dictionary_code(struct dictionary *dictionary, struct str text, uint32_t *out,
                    struct error *error);

/* The code of `text`, or UINT32_MAX when it is not there. */
uint32_t dictionary_find(const struct dictionary *dictionary, struct str text);

void dictionary_free(struct dictionary *dictionary);

struct column {
    char *name; /* as the input writes it */
    struct dictionary dictionary;
    bool used;       /* false: it only holds its place; it has no codes and no texts */
    uint32_t *codes; /* one a record */
    size_t codes_cap;
};

struct columns {
    struct column *items;
    uint32_t column_count;
    uint32_t record_count;
    bool sealed;
};

struct column_set;

/* An empty set with the named columns. Those that `used` (NULL: all) does not name keep their
   position but nothing else: most files have more columns than a model looks at. */
int columns_init(struct columns *out, const struct str *names, uint32_t count,
                 const struct column_set *used, struct error *error);

/* Appends a record: one text a column, ptr NULL for NULL. At most 2^32 - 2 records. */
int columns_append(struct columns *columns, const struct str *values, struct error *error);

/* Ends the building. `order` (or NULL for the order of arrival) lists the arrival numbers in the
   order that the records are to have: codes are permuted accordingly, and spare memory and the
   dictionaries' maps are given back. */
int columns_seal(struct columns *columns, const uint32_t *order, struct error *error);

/* The position of a column by name, ignoring the case of ASCII letters; UINT32_MAX if none. */
uint32_t columns_find(const struct columns *columns, struct str name);

void columns_free(struct columns *columns);

static inline struct str columns_text(const struct columns *columns, uint32_t column,
                                      uint32_t record)
{
    const struct column *at = &columns->items[column];
    return dictionary_text(&at->dictionary, at->codes[record]);
}

/* A set of columns, by position. */
struct column_set {
    uint64_t bits[COLUMNS_MAX / 64];
};

static inline void column_set_add(struct column_set *set, uint32_t column)
{
    set->bits[column / 64] |= (uint64_t)1 << (column % 64);
}

static inline bool column_set_has(const struct column_set *set, uint32_t column)
{
    return (set->bits[column / 64] >> (column % 64)) & 1;
}

#endif
