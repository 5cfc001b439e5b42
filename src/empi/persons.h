/*
 * Persons: lists that are searched, and single ones with all their records.
 *
 * All that is given lives in the caller's arena. Texts have a NUL behind them; ptr NULL is NULL.
 *
 * Thread rule: as a connection, which must not be within a transaction.
 */
#ifndef EMPI_PERSONS_H
#define EMPI_PERSONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/str.h"
#include "empi/page.h"
#include "empi/record.h"
#include "empi/search.h"
#include "store/store.h"

/* A person in a list: the names are those of its lowest-numbered record. */
struct person_summary {
    struct str uuid;
    struct str first_name;
    struct str last_name;
    struct str *data_sources; /* distinct, sorted bytewise */
    size_t data_source_count;
};

struct person_list {
    struct page page;
    struct person_summary *items;
    size_t count; /* on this page */
};

/* What a steward said of a record with a decision. */
struct person_note {
    struct str created;
    struct str comment;
    int64_t author_id; /* 0: the command line */
    int64_t event_id;  /* 0: none that is known */
};

struct person_record {
    int64_t id;
    struct str person_uuid;
    struct str created; /* timestamps: ISO 8601 with offset and microseconds */
    struct str person_updated;
    struct str matched_or_reviewed;
    struct str values[RECORD_COLUMN_COUNT];
    struct person_note *notes; /* all, the oldest first */
    size_t note_count;
};

struct person {
    int64_t id; /* ours alone: clients know the uuid */
    struct str uuid;
    struct str created;
    int64_t version;
    struct person_record *records; /* all, by id */
    size_t record_count;
};

/* Who is meant by a uuid. */
struct person_found {
    bool emptied;         /* it owns no record any more: `person` is not set */
    struct person person; /* with all records and their notes */
    /* Of an emptied one: who owns now what it ever owned, by uuid; at least one. With exactly one
       that is the person to go on with. */
    struct str *successors;
    size_t successor_count;
};

/* Persons that match, by last name, first name and id; NULL comes after every text. */
int persons_list(struct person_list *out, struct arena *arena, struct connection *connection,
                 const struct search *search, struct page_request request, struct error *error);

/* STATUS_NOT_FOUND with the HTTP API's message when there is none. `uuid` is of
   object_id_parse_person(). */
int persons_read(struct person_found *out, struct arena *arena, struct connection *connection,
                 const char *uuid, struct error *error);

/*
 * Fills in the records of persons whose ids are set, which must be in rising order, and the notes on
 * them. Within the caller's transaction: for those who read persons of their own.
 */
int persons_read_records(struct person *persons, size_t count, struct arena *arena,
                         struct connection *connection, struct error *error);

#endif
