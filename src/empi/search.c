#include "empi/search.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/compiler.h"
#include "base/utf8.h"
#include "empi/object_id.h"

enum { MAX_SQL_BYTES = 16 << 10 };

/* From so many records on, reading them one by one, which nothing can misjudge, costs more than what
   the planner may make of it: some 100 ms. */
#define MANY_RECORDS    30000
#define TEXT_OF(number) #number
#define UP_TO(number)   " limit " TEXT_OF(number) ") as counted"

enum kind {
    FIRST_NAME,
    LAST_NAME,
    BIRTH_DATE,
    DATA_SOURCE,
    SOURCE_PERSON_ID,
    PERSON_ID,
    KIND_COUNT,
};

/* Each text of SQL has the number of the condition's first parameter once or twice. */
struct kind_sql {
    const char *column; /* of person_record */
    const char *count;  /* records that match; MANY_RECORDS may stand for more */
    const char *few;    /* a condition on `column`, which follows, by index and free of estimates */
    const char *many;   /* the same for the planner to judge */
};

#define FOLDED "where folded like empi.folded($%d)"

#define PART_OF(name)                                                               \
    {                                                                               \
        name, "select coalesce(sum(records), 0) from empi.search_" name " " FOLDED, \
            "= any(array(select value from empi.search_" name " " FOLDED "))",      \
            "in (select value from empi.search_" name " " FOLDED ")"                \
    }

#define UUIDS "where uuid between $%d::uuid and $%d::uuid and deleted is null"

/* clang-format off */
static const struct kind_sql kinds[KIND_COUNT] = {
    [FIRST_NAME] = PART_OF("first_name"),
    [LAST_NAME] = PART_OF("last_name"),
    [BIRTH_DATE] = PART_OF("birth_date"),
    [DATA_SOURCE] = {"data_source",
        "select coalesce(sum(records), 0) from empi.search_data_source where value = $%d",
        "= $%d", "= $%d"},
    [SOURCE_PERSON_ID] = {"source_person_id",
        "select count(*) from (select from empi.person_record where source_person_id like $%d" UP_TO(MANY_RECORDS),
        "like $%d", "like $%d"},
    [PERSON_ID] = {"person_id",
        "select count(*) from (select from empi.person " UUIDS UP_TO(MANY_RECORDS),
        "= any(array(select id from empi.person " UUIDS "))",
        "in (select id from empi.person " UUIDS ")"},
};
/* clang-format on */

/* A person's id takes two. */
_Static_assert(KIND_COUNT + 1 + 2 <= SEARCH_MAX_PARAMETERS, "there is room for all parameters");

struct condition {
    enum kind kind;
    int parameter; /* the first of its parameters, from 1 */
    int64_t records;
};

struct preparing {
    struct search_query *query;
    struct arena *arena;
    struct condition conditions[KIND_COUNT];
    size_t count;
};

/* ---- parameters ---- */

/* What is no text to the database is in none of its texts. */
static bool is_possible(struct str text)
{
    return memchr(text.ptr, '\0', text.len) == NULL && utf8_valid_prefix(text) == text.len;
}

static int add_parameter(struct preparing *preparing, const char *text, struct error *error)
{
    struct search_query *query = preparing->query;
    query->parameters[query->count++] = query_text(text);
    return text == NULL ? error_out_of_memory(error) : 0;
}

/* A pattern of LIKE for texts that contain, or begin with, `text`. */
static char *make_pattern(struct arena *arena, struct str text, bool contains)
{
    char *pattern = arena_alloc(arena, 2 * text.len + 3);
    if (pattern == NULL) {
        return NULL;
    }
    char *end = pattern;
    if (contains) {
        *end++ = '%';
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '%' || c == '_' || c == '\\') {
            *end++ = '\\';
        }
        *end++ = c;
    }
    *end++ = '%';
    *end = '\0';
    return pattern;
}

/* What is left of a person's id without its prefix, of which there may be a part only. */
static struct str without_prefix(struct str id)
{
    struct str before = STR(OBJECT_ID_PERSON);
    size_t cut = id.len < before.len ? id.len : before.len;
    bool has = cut > 0 && memcmp(id.ptr, before.ptr, cut) == 0;
    return has ? (struct str){id.ptr + cut, id.len - cut} : id;
}

/* Uuids are ordered as their texts are: those that begin alike lie between the one that goes on with
   zeros and the one that goes on with f. False when no uuid begins so. */
static bool find_uuid_range(char *low, char *high, struct str text)
{
    if (text.len >= OBJECT_ID_UUID_SIZE) {
        return false;
    }
    static const char zeros[] = "00000000-0000-0000-0000-000000000000";
    static const char most[] = "ffffffff-ffff-ffff-ffff-ffffffffffff";
    memcpy(low, zeros, OBJECT_ID_UUID_SIZE);
    memcpy(high, most, OBJECT_ID_UUID_SIZE);
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        low[i] = high[i] = c >= 'A' && c <= 'F' ? (char)(c - 'A' + 'a') : c;
    }
    return object_id_is_uuid(str_from(low)) && object_id_is_uuid(str_from(high));
}

static int add_person_id(struct preparing *preparing, struct str text, struct error *error)
{
    char *low = arena_alloc(preparing->arena, OBJECT_ID_UUID_SIZE);
    char *high = arena_alloc(preparing->arena, OBJECT_ID_UUID_SIZE);
    if (low == NULL || high == NULL) {
        return error_out_of_memory(error);
    }
    if (!find_uuid_range(low, high, text)) {
        preparing->query->nothing = true;
        return 0;
    }
    int status = add_parameter(preparing, low, error);
    return status == 0 ? add_parameter(preparing, high, error) : status;
}

static int add_condition(struct preparing *preparing, enum kind kind, struct str text,
                         struct error *error)
{
    struct arena *arena = preparing->arena;
    text = kind == PERSON_ID ? without_prefix(text) : text;
    if (text.len == 0) {
        return 0;
    }
    if (!is_possible(text)) {
        preparing->query->nothing = true;
        return 0;
    }
    preparing->conditions[preparing->count++] =
        (struct condition){.kind = kind, .parameter = (int)preparing->query->count + 1};
    switch (kind) {
    case PERSON_ID: return add_person_id(preparing, text, error);
    case DATA_SOURCE: return add_parameter(preparing, arena_copy(arena, text), error);
    default:
        return add_parameter(preparing, make_pattern(arena, text, kind != SOURCE_PERSON_ID), error);
    }
}

static int add_conditions(struct preparing *preparing, const struct search *search,
                          struct error *error)
{
    const struct str texts[KIND_COUNT] = {
        [FIRST_NAME] = search->first_name,
        [LAST_NAME] = search->last_name,
        [BIRTH_DATE] = search->birth_date,
        [DATA_SOURCE] = search->data_source,
        [SOURCE_PERSON_ID] = search->source_person_id,
        [PERSON_ID] = search->person_id,
    };
    int status = 0;
    for (int kind = 0; status == 0 && kind < KIND_COUNT; kind++) {
        status = add_condition(preparing, (enum kind)kind, texts[kind], error);
    }
    return status;
}

/* ---- which condition drives ---- */

/* A piece of SQL with the condition's parameters, of which none is text of the search. */
static void append_sql(struct text_buffer *out, const char *sql, const struct condition *condition)
{
    int parameter = condition->parameter;
    for (const char *at = sql; *at != '\0'; at++) {
        if (at[0] == '%' && at[1] == 'd') {
            text_appendf(out, "%d", parameter++);
            at++;
        } else {
            text_append_char(out, *at);
        }
    }
}

static int count_records(struct preparing *preparing, struct connection *connection,
                         struct error *error)
{
    struct search_query *query = preparing->query;
    struct text_buffer sql = TEXT_BUFFER(MAX_SQL_BYTES);
    for (size_t i = 0; i < preparing->count; i++) {
        text_append(&sql, i == 0 ? STR("select (") : STR("),\n("));
        append_sql(&sql, kinds[preparing->conditions[i].kind].count, &preparing->conditions[i]);
    }
    text_append(&sql, STR(")"));
    struct rows *rows = NULL;
    int status =
        sql.failed ? error_out_of_memory(error)
                   : query_run(&rows, connection, sql.ptr, query->parameters, query->count, error);
    text_free(&sql);
    for (size_t i = 0; status == 0 && i < preparing->count; i++) {
        preparing->conditions[i].records = rows_integer(rows, 0, i);
    }
    rows_free(rows);
    return status;
}

/* The rarest comes first. */
static void choose_driver(struct preparing *preparing)
{
    for (size_t i = 1; i < preparing->count; i++) {
        if (preparing->conditions[i].records < preparing->conditions[0].records) {
            struct condition rarest = preparing->conditions[i];
            preparing->conditions[i] = preparing->conditions[0];
            preparing->conditions[0] = rarest;
        }
    }
}

/* ---- the query ---- */

static void append_conditions(struct text_buffer *out, const struct preparing *preparing,
                              size_t first, bool many)
{
    for (size_t i = first; i < preparing->count; i++) {
        const struct kind_sql *kind = &kinds[preparing->conditions[i].kind];
        text_appendf(out, "%s r.%s ", i == first ? "where" : "\n    and", kind->column);
        append_sql(out, many ? kind->many : kind->few, &preparing->conditions[i]);
    }
    text_append_char(out, '\n');
}

/* Ids go on in order, so that who looks them up goes through indexes and tables from one end to the
   other and not to and fro: on a large index that is most of the time. */
#define IN_ORDER "order by 1\n"

/* `offset 0` keeps the planner from driving by another condition. */
static void append_few(struct text_buffer *out, const struct preparing *preparing)
{
    const struct condition *driver = &preparing->conditions[0];
    const struct kind_sql *kind = &kinds[driver->kind];
    text_append(out, STR("select distinct r.person_id\nfrom (\n    select person_id"));
    for (size_t i = 1; i < preparing->count; i++) {
        const char *column = kinds[preparing->conditions[i].kind].column;
        if (preparing->conditions[i].kind != PERSON_ID) {
            text_appendf(out, ", %s", column);
        }
    }
    text_appendf(out, "\n    from empi.person_record\n    where %s ", kind->column);
    append_sql(out, kind->few, driver);
    text_append(out, STR("\n    offset 0\n) as r\n"));
    append_conditions(out, preparing, 1, false);
    text_append(out, STR(IN_ORDER));
}

static void append_many(struct text_buffer *out, const struct preparing *preparing)
{
    text_append(out, STR("select distinct r.person_id\nfrom empi.person_record r\n"));
    append_conditions(out, preparing, 0, true);
    text_append(out, STR(IN_ORDER));
}

int search_prepare(struct search_query *out, struct arena *arena, struct connection *connection,
                   const struct search *search, struct error *error)
{
    *out = (struct search_query){.sql = TEXT_BUFFER(MAX_SQL_BYTES)};
    struct preparing preparing = {.query = out, .arena = arena};
    int status = add_conditions(&preparing, search, error);
    if (status != 0 || out->nothing) {
        return status;
    }
    if (preparing.count == 0) {
        out->everything = true;
        return 0;
    }
    status = count_records(&preparing, connection, error);
    if (status != 0) {
        return status;
    }
    choose_driver(&preparing);
    if (preparing.conditions[0].records == 0) {
        out->nothing = true;
    } else if (preparing.conditions[0].records < MANY_RECORDS) {
        append_few(&out->sql, &preparing);
    } else {
        append_many(&out->sql, &preparing);
    }
    return out->sql.failed ? error_out_of_memory(error) : 0;
}

void search_free(struct search_query *query)
{
    if (query != NULL) {
        text_free(&query->sql);
    }
}
