/*
 * Potential matches: open match groups, as lists that are searched, and single ones with all that a
 * steward decides by.
 *
 * All that is given lives in the caller's arena. Texts have a NUL behind them; ptr NULL is NULL.
 *
 * Thread rule: as a connection, which must not be within a transaction.
 */
#ifndef EMPI_MATCH_GROUPS_H
#define EMPI_MATCH_GROUPS_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "empi/explanations.h"
#include "empi/page.h"
#include "empi/persons.h"
#include "empi/search.h"
#include "store/store.h"

/* The most results that a group is read with, each with its explanation: 100 records that were all
   compared with each other have 4,950. What one rule has chained together by mistake may have
   millions, which nobody reads, and which no memory should have to hold. */
enum { MATCH_GROUP_MOST_RESULTS = 5000 };

/* A group in a list: the names are those of the lowest-numbered record of its persons. */
struct match_group_summary {
    int64_t id;
    struct str first_name;
    struct str last_name;
    struct str *data_sources; /* of all its persons; distinct, sorted bytewise */
    size_t data_source_count;
    double max_match_probability;
};

struct match_group_list {
    struct page page;
    struct match_group_summary *items;
    size_t count; /* on this page */
};

/* A pair of records that was scored. */
struct match_result_detail {
    int64_t id;
    struct str created;
    double match_weight;
    double match_probability;
    int64_t person_record_l_id;
    int64_t person_record_r_id;
    struct explained_result explanation;
};

struct match_group_detail {
    int64_t id;
    struct str created;
    int64_t version;
    struct match_result_detail *results; /* by falling probability, then id */
    size_t result_count;                 /* all, or MATCH_GROUP_MOST_RESULTS */
    int64_t total_result_count;
    struct page page;       /* over its persons */
    struct person *persons; /* on this page, by age, each with all its records */
    size_t person_count;
    int64_t total_record_count; /* of all its persons */
};

/* Open groups one of whose persons matches, by falling probability, then id. */
int match_groups_list(struct match_group_list *out, struct arena *arena,
                      struct connection *connection, const struct search *search,
                      struct page_request request, struct error *error);

/*
 * An open group with the persons of all records that its results name. STATUS_NOT_FOUND with the
 * HTTP API's message when there is none, or it is matched or replaced.
 */
int match_groups_read(struct match_group_detail *out, struct arena *arena,
                      struct connection *connection, int64_t id, struct page_request request,
                      struct error *error);

#endif
