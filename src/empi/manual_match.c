#include "empi/manual_match.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/memory.h"
#include "empi/locks.h"
#include "empi/moves.h"
#include "empi/object_id.h"

enum { MAX_LIST_BYTES = 64 << 20 };

static int refuse(struct error *error, const char *message)
{
    return error_set(error, STATUS_INVALID, "%s", message);
}

/* ---- what shows without looking at the index ---- */

static int check_person(const struct manual_person *person, struct error *error)
{
    if (person->uuid != NULL && !person->has_version) {
        return refuse(error, "A PersonUpdate for an existing Person should specify a version");
    }
    if (person->uuid == NULL && person->has_version) {
        return refuse(error, "A PersonUpdate for a new Person should not specify a version");
    }
    if (person->uuid == NULL && person->record_count == 0) {
        return refuse(error,
                      "A PersonUpdate for a new Person should have 1 or more new_record_ids");
    }
    if (person->uuid != NULL && !object_id_is_uuid(str_from(person->uuid))) {
        return refuse(error, "Specified Person UUID must be related to PotentialMatch");
    }
    return 0;
}

static int compare_uuids(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int check_uuids(const struct manual_match *match, struct error *error)
{
    const char **uuids = memory_alloc_array(match->person_count, sizeof *uuids);
    if (uuids == NULL) {
        return error_out_of_memory(error);
    }
    size_t count = 0;
    for (size_t i = 0; i < match->person_count; i++) {
        if (match->persons[i].uuid != NULL) {
            uuids[count++] = match->persons[i].uuid;
        }
    }
    if (count > 1) {
        qsort(uuids, count, sizeof *uuids, compare_uuids);
    }
    int status = 0;
    for (size_t i = 1; status == 0 && i < count; i++) {
        if (strcmp(uuids[i - 1], uuids[i]) == 0) {
            status =
                refuse(error, "The same Person UUID cannot exist in more than one PersonUpdate");
        }
    }
    memory_free(uuids);
    return status;
}

/* A record and the update that names it. */
struct claim {
    int64_t record_id;
    size_t person;
};

static int compare_claims(const void *a, const void *b)
{
    const struct claim *x = a;
    const struct claim *y = b;
    return (x->record_id > y->record_id) - (x->record_id < y->record_id);
}

static int check_claims(const struct claim *claims, size_t count, struct error *error)
{
    for (size_t i = 1; i < count; i++) {
        if (claims[i - 1].record_id != claims[i].record_id) {
            continue;
        }
        bool same = claims[i - 1].person == claims[i].person;
        return error_set(error, STATUS_INVALID,
                         "A PersonRecord ID cannot exist %s PersonUpdate. PersonRecord ID: "
                         "pr_%" PRId64,
                         same ? "twice in the same" : "in more than", claims[i].record_id);
    }
    return 0;
}

static int check_records(const struct manual_match *match, struct error *error)
{
    size_t count = 0;
    for (size_t i = 0; i < match->person_count; i++) {
        count += match->persons[i].record_count;
    }
    struct claim *claims = memory_alloc_array(count, sizeof *claims);
    if (claims == NULL) {
        return error_out_of_memory(error);
    }
    size_t at = 0;
    for (size_t i = 0; i < match->person_count; i++) {
        for (size_t j = 0; j < match->persons[i].record_count; j++) {
            claims[at++] = (struct claim){match->persons[i].record_ids[j], i};
        }
    }
    if (count > 1) {
        qsort(claims, count, sizeof *claims, compare_claims);
    }
    int status = check_claims(claims, count, error);
    memory_free(claims);
    return status;
}

static int check_request(const struct manual_match *match, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < match->person_count; i++) {
        status = check_person(&match->persons[i], error);
    }
    if (status == 0) {
        status = check_uuids(match, error);
    }
    return status == 0 ? check_records(match, error) : status;
}

/* ---- locks ---- */

/* Never waits for a job; many stewards at once do not exclude each other. */
static int lock_updates(struct connection *connection, struct error *error)
{
    struct rows *rows;
    int status =
        query_run(&rows, connection,
                  "select pg_try_advisory_xact_lock_shared(" LOCK_MATCH_UPDATE ")", NULL, 0, error);
    if (status != 0) {
        return status;
    }
    bool locked = rows_boolean(rows, 0, 0);
    rows_free(rows);
    return locked ? 0
                  : error_set(error, STATUS_CONFLICT,
                              "A matching job is currently updating matches. Please wait until the "
                              "job finishes to perform a match.");
}

static int lock_group(struct connection *connection, const struct manual_match *match,
                      struct error *error)
{
    struct query_parameter parameters[] = {query_integer(match->group_id)};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select version, matched is not null, deleted is not null\n"
                           "from empi.match_group\n"
                           "where id = $1::bigint\n"
                           "for no key update",
                           parameters, 1, error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 0) {
        status = refuse(error, "Potential match does not exist");
    } else if (rows_boolean(rows, 0, 2)) {
        status = refuse(error, "Potential match has been replaced");
    } else if (rows_boolean(rows, 0, 1)) {
        status = refuse(error, "Potential match has already been matched");
    } else if (rows_integer(rows, 0, 0) != match->group_version) {
        status = refuse(error, "Potential match version is outdated");
    }
    rows_free(rows);
    return status;
}

/* Locks by id: first the persons of the group as they seem to be, and then it is looked who they
   are now that they stand still. */
static const char lock_persons[] =
    "select p.id\n"
    "from empi.person p\n"
    "where p.id in (\n"
    "    select r.person_id\n"
    "    from empi.prediction_result e\n"
    "    join empi.person_record r\n"
    "        on r.id in (e.person_record_l_id, e.person_record_r_id)\n"
    "    where e.match_group_id = $1::bigint\n"
    ")\n"
    "order by p.id\n"
    "for no key update";

static const char read_persons[] =
    "insert into person_before (id, version)\n"
    "select p.id, p.version\n"
    "from empi.person p\n"
    "where p.id in (\n"
    "    select r.person_id\n"
    "    from empi.prediction_result e\n"
    "    join empi.person_record r on r.id in (e.person_record_l_id, e.person_record_r_id)\n"
    "    where e.match_group_id = $1::bigint\n"
    ")";

/* ---- the request, into tables ---- */

static const char create_tables[] = "create temporary table wanted_person (\n"
                                    "    number bigint primary key,\n"
                                    "    uuid uuid,\n" /* null: a new person */
                                    "    version bigint,\n"
                                    "    person_id bigint\n" /* found, or made */
                                    ") on commit drop;\n"
                                    "create temporary table wanted_record (\n"
                                    "    person_record_id bigint primary key,\n"
                                    "    number bigint not null\n"
                                    ") on commit drop";

static int copy_text(struct connection *connection, const char *sql, const struct text_buffer *text,
                     struct error *error)
{
    if (text->failed) {
        return error_out_of_memory(error);
    }
    int status = copy_in_begin(connection, sql, error);
    if (status == 0) {
        status = copy_in_write(connection, text_str(text), error);
    }
    return status == 0 ? copy_in_end(connection, NULL, error) : status;
}

static int copy_persons(struct connection *connection, const struct manual_match *match,
                        struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MAX_LIST_BYTES);
    for (size_t i = 0; i < match->person_count; i++) {
        const struct manual_person *person = &match->persons[i];
        text_appendf(&text, "%zu\t", i);
        if (person->uuid == NULL) {
            text_append(&text, STR("\\N\t\\N\n"));
        } else {
            copy_append_text(&text, str_from(person->uuid));
            text_appendf(&text, "\t%" PRId64 "\n", person->version);
        }
    }
    int status = copy_text(connection, "copy wanted_person (number, uuid, version) from stdin",
                           &text, error);
    text_free(&text);
    return status;
}

static int copy_records(struct connection *connection, const struct manual_match *match,
                        struct error *error)
{
    struct text_buffer text = TEXT_BUFFER(MAX_LIST_BYTES);
    for (size_t i = 0; i < match->person_count; i++) {
        for (size_t j = 0; j < match->persons[i].record_count; j++) {
            text_appendf(&text, "%" PRId64 "\t%zu\n", match->persons[i].record_ids[j], i);
        }
    }
    int status = copy_text(connection, "copy wanted_record from stdin", &text, error);
    text_free(&text);
    return status;
}

static int read_group(struct connection *connection, const struct manual_match *match,
                      struct error *error)
{
    struct query_parameter parameters[] = {query_integer(match->group_id)};
    int status = query_run(NULL, connection, lock_persons, parameters, 1, error);
    if (status == 0) {
        status = moves_prepare(connection, error);
    }
    if (status == 0) {
        status = query_run(NULL, connection, read_persons, parameters, 1, error);
    }
    if (status == 0) {
        status = query_script(connection, create_tables, error);
    }
    if (status == 0) {
        status = copy_persons(connection, match, error);
    }
    if (status == 0) {
        status = copy_records(connection, match, error);
    }
    return status;
}

/* ---- the rules ---- */

/* Each finds what is against its rule. */
struct rule {
    const char *sql;
    const char *message;
};

static const struct rule rules[] = {
    {"select\n"
     "from wanted_person w\n"
     "where w.uuid is not null\n"
     "    and not exists (\n"
     "        select\n"
     "        from empi.person p\n"
     "        join person_before b on b.id = p.id\n"
     "        where p.uuid = w.uuid\n"
     "    )\n"
     "limit 1",
     "Specified Person UUID must be related to PotentialMatch"},
    {"select\n"
     "from wanted_record w\n"
     "where not exists (\n"
     "    select\n"
     "    from empi.person_record r\n"
     "    join person_before b on b.id = r.person_id\n"
     "    where r.id = w.person_record_id\n"
     ")\n"
     "limit 1",
     "PersonRecord IDs specified in new_person_record_ids must be related to PotentialMatch"},
    {"select\n"
     "from wanted_person w\n"
     "join empi.person p on p.uuid = w.uuid\n"
     "join empi.person_record r on r.person_id = p.id\n"
     "where not exists (\n"
     "    select\n"
     "    from wanted_record k\n"
     "    where k.person_record_id = r.id\n"
     ")\n"
     "limit 1",
     "PersonRecord IDs that are removed from a Person, must be added to another Person"},
    {"select\n"
     "from wanted_record k\n"
     "join empi.person_record r on r.id = k.person_record_id\n"
     "join empi.person p on p.id = r.person_id\n"
     "where not exists (\n"
     "    select\n"
     "    from wanted_person w\n"
     "    where w.uuid = p.uuid\n"
     ")\n"
     "limit 1",
     "PersonRecord IDs that are added to a Person, must be removed from another Person"},
    {"select\n"
     "from wanted_person w\n"
     "join empi.person p on p.uuid = w.uuid\n"
     "where p.version <> w.version\n"
     "limit 1",
     "Invalid Person UUID or version outdated"},
};

static int check_rules(struct connection *connection, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        struct rows *rows;
        int status = query_run(&rows, connection, rules[i].sql, NULL, 0, error);
        if (status != 0) {
            return status;
        }
        bool broken = rows_count(rows) > 0;
        rows_free(rows);
        if (broken) {
            return refuse(error, rules[i].message);
        }
    }
    return 0;
}

/* ---- the decision ---- */

static int insert_event(int64_t *out, struct connection *connection,
                        const struct manual_match *match, struct error *error)
{
    struct query_parameter parameters[] = {match->user_id == 0 ? query_text(NULL)
                                                               : query_integer(match->user_id)};
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "insert into empi.match_event (type, user_id)\n"
                           "values ('manual-match', $1::bigint)\n"
                           "returning id",
                           parameters, 1, error);
    if (status == 0) {
        *out = rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

/* New persons begin with all their records: version 1 counts this event. */
static const char make_persons[] =
    "update wanted_person w\n"
    "set person_id = p.id\n"
    "from empi.person p\n"
    "where p.uuid = w.uuid;\n"
    "update wanted_person w\n"
    "set person_id = fresh.id\n"
    "from (\n"
    "    select number, nextval('empi.person_id_seq') as id\n"
    "    from (\n"
    "        select number\n"
    "        from wanted_person\n"
    "        where uuid is null\n"
    "        order by number\n"
    "    ) as ordered\n"
    ") as fresh\n"
    "where w.number = fresh.number;\n"
    "insert into empi.person (id, record_count, first_record_id, last_name, first_name,\n"
    "    data_sources)\n"
    "overriding system value\n"
    "select w.person_id, own.records, own.first, f.last_name, f.first_name, own.sources\n"
    "from wanted_person w\n"
    "cross join lateral (\n"
    "    select count(*) as records, min(r.id) as first,\n"
    "        array_agg(distinct r.data_source collate \"C\"\n"
    "            order by r.data_source collate \"C\") as sources\n"
    "    from wanted_record k\n"
    "    join empi.person_record r on r.id = k.person_record_id\n"
    "    where k.number = w.number\n"
    ") as own\n"
    "join empi.person_record f on f.id = own.first\n"
    "where w.uuid is null\n"
    "order by w.person_id;\n"
    "insert into empi.list_count (persons, open_groups)\n"
    "select count(*), -1\n"
    "from wanted_person w\n"
    "where w.uuid is null";

/* $1: the group. */
static const char fill_moved[] =
    "insert into moved (person_record_id, from_person, to_person, match_group_id)\n"
    "select r.id, r.person_id, w.person_id, $1::bigint\n"
    "from wanted_record k\n"
    "join wanted_person w on w.number = k.number\n"
    "join empi.person_record r on r.id = k.person_record_id\n"
    "where r.person_id <> w.person_id";

/* $1: the event, $2: the group. Persons whose records stay the same were looked at, too. */
static const char review_others[] =
    "insert into empi.person_action (match_event_id, match_group_id, person_id,\n"
    "    person_record_id, type)\n"
    "select $1::bigint, $2::bigint, r.person_id, r.id, 'review'\n"
    "from person_before b\n"
    "join empi.person_record r on r.person_id = b.id\n"
    "where not exists (\n"
    "    select\n"
    "    from moved m\n"
    "    where b.id in (m.from_person, m.to_person)\n"
    ")\n"
    "order by r.id";

static const char mark_reviewed[] = "update empi.person_record r\n"
                                    "set matched_or_reviewed = now()\n"
                                    "where r.person_id in (\n"
                                    "        select id\n"
                                    "        from person_before\n"
                                    "    )\n"
                                    "    and r.matched_or_reviewed is distinct from now()";

/* $1: the event. */
static const char keep_decision[] =
    "insert into empi.manual_decision (match_event_id, person_record_id, person_id)\n"
    "select $1::bigint, r.id, r.person_id\n"
    "from (\n"
    "    select id\n"
    "    from person_before\n"
    "    union\n"
    "    select person_id\n"
    "    from wanted_person\n"
    ") as person\n"
    "join empi.person_record r on r.person_id = person.id";

/* $1: the event, $2: the group. */
static const char write_group_actions[] =
    "insert into empi.match_group_action (match_event_id, match_group_id, person_id, type)\n"
    "select $1::bigint, $2::bigint, person_id, type\n"
    "from (\n"
    "    select from_person as person_id, 'update-person' as type, 1 as step\n"
    "    from moved\n"
    "    union\n"
    "    select to_person, 'update-person', 1\n"
    "    from moved\n"
    "    union\n"
    "    select null, 'match', 2\n"
    ") as action\n"
    "order by step, person_id";

/* The group's persons are in no other open one, wherever their records go now. */
static const char take_members[] = "delete from empi.open_match_person\n"
                                   "where match_group_id = $1::bigint";

static const char end_group[] = "update empi.match_group\n"
                                "set version = version + 1,\n"
                                "    updated = now(),\n"
                                "    matched = now()\n"
                                "where id = $1::bigint";

static int run_with(struct connection *connection, const char *sql, int64_t first, int64_t second,
                    struct error *error)
{
    struct query_parameter parameters[] = {query_integer(first), query_integer(second)};
    return query_run(NULL, connection, sql, parameters, second == 0 ? 1 : 2, error);
}

static int insert_comments(struct connection *connection, int64_t event_id,
                           const struct manual_match *match, struct error *error)
{
    int status = 0;
    for (size_t i = 0; status == 0 && i < match->comment_count; i++) {
        struct text_buffer text = TEXT_BUFFER(MAX_LIST_BYTES);
        text_append(&text, match->comments[i].text);
        struct query_parameter parameters[] = {
            query_integer(match->comments[i].record_id),
            query_integer(event_id),
            match->user_id == 0 ? query_text(NULL) : query_integer(match->user_id),
            query_text(text.ptr == NULL ? "" : text.ptr),
        };
        struct rows *rows = NULL;
        status = text.failed ? error_out_of_memory(error)
                             : query_run(&rows, connection,
                                         "insert into empi.person_record_note\n"
                                         "    (person_record_id, match_event_id, author_id, note)\n"
                                         "select d.person_record_id, d.match_event_id,\n"
                                         "    $3::bigint, $4\n"
                                         "from empi.manual_decision d\n"
                                         "where d.person_record_id = $1::bigint\n"
                                         "    and d.match_event_id = $2::bigint",
                                         parameters, ARRAY_LENGTH(parameters), error);
        if (status == 0 && rows_affected(rows) == 0) {
            status = refuse(error, "PersonRecord IDs specified in comments must be related to "
                                   "PotentialMatch");
        }
        rows_free(rows);
        text_free(&text);
    }
    return status;
}

static int write_decision(int64_t event_id, struct connection *connection,
                          const struct manual_match *match, struct error *error)
{
    int status = run_with(connection, end_group, match->group_id, 0, error);
    if (status == 0) {
        status = run_with(connection, take_members, match->group_id, 0, error);
    }
    if (status == 0) {
        status = query_script(connection, make_persons, error);
    }
    if (status == 0) {
        status = run_with(connection, fill_moved, match->group_id, 0, error);
    }
    if (status == 0) {
        status = run_with(connection, write_group_actions, event_id, match->group_id, error);
    }
    if (status == 0) {
        status = run_with(connection, review_others, event_id, match->group_id, error);
    }
    if (status == 0) {
        status = moves_apply(connection, event_id, error);
    }
    if (status == 0) {
        status = query_script(connection, mark_reviewed, error);
    }
    if (status == 0) {
        status = run_with(connection, keep_decision, event_id, 0, error);
    }
    if (status == 0) {
        status = insert_comments(connection, event_id, match, error);
    }
    return status;
}

static int run(int64_t *out, struct connection *connection, const struct manual_match *match,
               struct error *error)
{
    int status = lock_updates(connection, error);
    if (status == 0) {
        status = lock_group(connection, match, error);
    }
    if (status == 0) {
        status = read_group(connection, match, error);
    }
    if (status == 0) {
        status = check_rules(connection, error);
    }
    if (status == 0) {
        status = insert_event(out, connection, match, error);
    }
    if (status == 0) {
        status = write_decision(*out, connection, match, error);
    }
    return status == 0 ? transaction_commit(connection, error) : status;
}

int manual_match_run(int64_t *out, struct connection *connection, const struct manual_match *match,
                     struct error *error)
{
    int status = check_request(match, error);
    if (status == 0) {
        status = transaction_begin(connection, error);
    }
    if (status != 0) {
        return status;
    }
    /* A process that is stopped in the middle would hold up every matching job. */
    status =
        query_script(connection, "set local idle_in_transaction_session_timeout = '60s'", error);
    status = status != 0 ? status : run(out, connection, match, error);
    if (status != 0) {
        transaction_roll_back(connection);
    }
    return status;
}
