/*
 * The conditions that persons and potential matches are searched by.
 *
 * A person matches when ONE of its records matches ALL conditions. Names and birth date: contained,
 * whatever the case of letters; person id (with or without "p_") and source's id: how it begins;
 * data source: equal. `%`, `_` and `\` are characters like others. An empty text is no condition.
 *
 * How: parts of names are looked for among the distinct names (empi.search_*), which tell how many
 * records hold each. So it is known beforehand which condition leaves the fewest records. That one
 * drives: its records are read by index, the other conditions are checked on them. What is read grows
 * with the records of the rarest condition, not with the table; a part of one or two characters,
 * which has no trigram, is looked for in all distinct names, some tens of thousands of short texts.
 * Where even the rarest condition holds for very many records, the planner, whose estimates are good
 * there, has a free hand.
 *
 * Thread rule: as a connection.
 */
#ifndef EMPI_SEARCH_H
#define EMPI_SEARCH_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "store/store.h"

struct search {
    struct str first_name;
    struct str last_name;
    struct str birth_date;
    struct str person_id;
    struct str source_person_id;
    struct str data_source;
};

/* With room for two of the caller's own. */
enum { SEARCH_MAX_PARAMETERS = 10 };

struct search_query {
    bool everything;        /* there are no conditions: nothing below is set */
    bool nothing;           /* no record matches: likewise */
    struct text_buffer sql; /* a select of the distinct person_id that match */
    struct query_parameter parameters[SEARCH_MAX_PARAMETERS];
    size_t count;
};

/* Looks at the index to choose how to search it. Texts that are kept come from `arena`. */
int search_prepare(struct search_query *out, struct arena *arena, struct connection *connection,
                   const struct search *search, struct error *error);

/* NULL, and what was zero-initialised, is fine. */
void search_free(struct search_query *query);

#endif
