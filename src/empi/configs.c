#include "empi/configs.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/compiler.h"
#include "empi/reading.h"
#include "empi/record.h"
#include "linkage/model.h"

static int check_thresholds(double potential, double automatic, struct error *error)
{
    /* Written so that a NaN fails. */
    if (!(potential >= 0 && potential <= 1)) {
        return error_set(error, STATUS_INVALID,
                         "potential_match_threshold must be a number from 0 to 1");
    }
    if (!(automatic >= 0 && automatic <= 1)) {
        return error_set(error, STATUS_INVALID,
                         "auto_match_threshold must be a number from 0 to 1");
    }
    if (potential > automatic) {
        error_set(error, STATUS_INVALID,
                  "potential_match_threshold must not exceed auto_match_threshold");
        error_hint(error, "pairs between the two are what stewards review");
        return STATUS_INVALID;
    }
    return 0;
}

/* A model that links sources needs to know a record's source; there is no such column but
   data_source, and a model that is accepted runs. */
static int check_source_column(const struct model *model, const char *name, struct error *error)
{
    if (model->settings->link_type == SETTINGS_DEDUPE_ONLY) {
        return 0;
    }
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (str_equal_ignoring_case(record_columns[i],
                                    model->settings->source_dataset_column_name)) {
            return 0;
        }
    }
    error_set(error, STATUS_INVALID,
              "%s: source_dataset_column_name: records have no such column, which this link_type "
              "needs",
              name);
    error_hint(error, "write \"data_source\" there, or make the link_type dedupe_only");
    return STATUS_INVALID;
}

static int check_model(struct str json, const char *name, struct error *error)
{
    struct expr_schema schema = {record_columns, RECORD_COLUMN_COUNT};
    struct model model = {0};
    int status = model_load(&model, json, name, &schema, error);
    if (status == 0) {
        status = check_source_column(&model, name, error);
        model_free(&model);
    }
    return status;
}

/* A byte-order mark is no JSON to PostgreSQL. */
static struct str without_mark(struct str json)
{
    struct str mark = STR("\xEF\xBB\xBF");
    return str_starts_with(json, mark) ? (struct str){json.ptr + mark.len, json.len - mark.len}
                                       : json;
}

static int find(int64_t *out, struct connection *connection,
                const struct query_parameter *parameters, struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select id\n"
                           "from empi.config\n"
                           "where splink_settings::text = $1\n"
                           "    and potential_match_threshold = $2::double precision\n"
                           "    and auto_match_threshold = $3::double precision\n"
                           "order by id\n"
                           "limit 1",
                           parameters, 3, error);
    if (status == 0) {
        *out = rows_count(rows) == 0 ? 0 : rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

static int insert(int64_t *out, struct connection *connection,
                  const struct query_parameter *parameters, struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "insert into empi.config (splink_settings, potential_match_threshold,\n"
                           "    auto_match_threshold)\n"
                           "values ($1::json, $2::double precision, $3::double precision)\n"
                           "returning id",
                           parameters, 3, error);
    if (status == 0) {
        *out = rows_integer(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

/* A bound text ends with a NUL, which a view need not have. */
static int bind(struct query_parameter parameters[3], struct text_buffer *copy,
                const struct config_request *request, struct error *error)
{
    *copy = TEXT_BUFFER(SETTINGS_MAX_BYTES + 1);
    text_append(copy, without_mark(request->json));
    if (copy->failed) {
        return error_out_of_memory(error);
    }
    parameters[0] = query_text(copy->ptr);
    parameters[1] = query_double(request->potential_threshold);
    parameters[2] = query_double(request->auto_threshold);
    return 0;
}

int configs_check(const struct config_request *request, struct error *error)
{
    int status = check_thresholds(request->potential_threshold, request->auto_threshold, error);
    return status != 0 ? status : check_model(request->json, request->name, error);
}

int configs_store(int64_t *out, struct connection *connection, const struct config_request *request,
                  struct error *error)
{
    struct query_parameter parameters[3];
    struct text_buffer copy;
    int status = bind(parameters, &copy, request, error);
    if (status == 0) {
        status = insert(out, connection, parameters, error);
    }
    text_free(&copy);
    return status;
}

int configs_create(int64_t *out, struct connection *connection,
                   const struct config_request *request, struct error *error)
{
    int status = configs_check(request, error);
    return status == 0 ? configs_store(out, connection, request, error) : status;
}

int configs_find_or_create(int64_t *out, struct connection *connection,
                           const struct config_request *request, struct error *error)
{
    struct query_parameter parameters[3];
    struct text_buffer copy;
    int status = bind(parameters, &copy, request, error);
    if (status == 0) {
        /* Two at once must not both find nothing. */
        status =
            query_script(connection, "lock table empi.config in share row exclusive mode", error);
    }
    if (status == 0) {
        status = find(out, connection, parameters, error);
    }
    if (status == 0 && *out == 0) {
        status = insert(out, connection, parameters, error);
    }
    text_free(&copy);
    return status;
}

int configs_read(struct matching_config *out, struct connection *connection, int64_t id,
                 struct error *error)
{
    struct rows *rows;
    struct query_parameter parameters[] = {query_integer(id)};
    int status =
        query_run(&rows, connection,
                  "select splink_settings::text, potential_match_threshold,\n"
                  "    auto_match_threshold, " READING_TIMESTAMP("created") "\n"
                                                                            "from empi.config\n"
                                                                            "where id = $1::bigint",
                  parameters, ARRAY_LENGTH(parameters), error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 0) {
        rows_free(rows);
        return error_set(error, STATUS_NOT_FOUND, "there is no config cfg_%" PRId64, id);
    }
    *out = (struct matching_config){
        .id = id,
        .json = TEXT_BUFFER(SETTINGS_MAX_BYTES + 1),
        .potential_threshold = rows_double(rows, 0, 1),
        .auto_threshold = rows_double(rows, 0, 2),
    };
    text_append(&out->json, rows_text(rows, 0, 0));
    snprintf(out->created, sizeof out->created, "%.*s", STR_ARG(rows_text(rows, 0, 3)));
    rows_free(rows);
    if (out->json.failed) {
        configs_free(out);
        return error_out_of_memory(error);
    }
    return 0;
}

int configs_exist(bool *out, struct connection *connection, int64_t id, struct error *error)
{
    struct query_parameter parameters[] = {query_integer(id)};
    struct rows *rows;
    int status =
        query_run(&rows, connection,
                  "select exists (\n    select from empi.config\n    where id = $1::bigint\n)",
                  parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        *out = rows_boolean(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

static int take_summaries(struct config_summaries *out, struct arena *arena,
                          const struct rows *rows, struct error *error)
{
    out->page.total_count = rows_integer(rows, 0, 4);
    /* A page after the last has a row without a configuration, for the total. */
    out->count = rows_is_null(rows, 0, 0) ? 0 : rows_count(rows);
    out->items = arena_alloc_array(arena, out->count, sizeof *out->items);
    if (out->items == NULL) {
        return error_out_of_memory(error);
    }
    for (size_t i = 0; i < out->count; i++) {
        out->items[i] = (struct config_summary){
            .id = rows_integer(rows, i, 0),
            .potential_threshold = rows_double(rows, i, 2),
            .auto_threshold = rows_double(rows, i, 3),
        };
        if (!reading_text(&out->items[i].created, arena, rows, i, 1)) {
            return error_out_of_memory(error);
        }
    }
    return 0;
}

/* Few: nobody has more configurations than there are ways to match. */
static const char list_summaries[] = "select page.id, " READING_TIMESTAMP(
    "page.created") ", page.potential_match_threshold,\n"
                    "    page.auto_match_threshold, counted.total\n"
                    "from (\n"
                    "    select count(*) as total\n"
                    "    from empi.config\n"
                    ") as counted\n"
                    "left join (\n"
                    "    select id, created, potential_match_threshold, auto_match_threshold\n"
                    "    from empi.config\n"
                    "    order by id desc\n"
                    "    limit $1::bigint\n"
                    "    offset $2::bigint\n"
                    ") as page on true\n"
                    "order by page.id desc";

int configs_list(struct config_summaries *out, struct arena *arena, struct connection *connection,
                 struct page_request request, struct error *error)
{
    *out = (struct config_summaries){.page = {.number = request.number, .size = request.size}};
    struct query_parameter parameters[] = {query_integer(request.size),
                                           query_integer(page_offset(request))};
    struct rows *rows;
    int status =
        query_run(&rows, connection, list_summaries, parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        status = take_summaries(out, arena, rows, error);
        rows_free(rows);
    }
    return status;
}

void configs_free(struct matching_config *config)
{
    if (config != NULL) {
        text_free(&config->json);
    }
}
