/* Step 3 of a matching job: pairs with at least one new record are scored. */

#include <inttypes.h>
#include <math.h>

#include "base/number_text.h"
#include "base/vec.h"
#include "empi/copy_fields.h"
#include "empi/matching_internal.h"
#include "empi/record.h"
#include "linkage/linkage.h"

enum { CHUNK_BYTES = 64 << 10 };

struct predicting {
    struct matching *matching;
    struct model model;
    struct column_set used;
    struct columns columns;
    struct {
        VEC(int64_t);
    } ids; /* by record number */
    uint32_t first_new;
    struct text_buffer chunk;
};

/* ---- records ---- */

static void choose_columns(struct predicting *predicting)
{
    predicting->used = predicting->model.columns;
    /* A model that links sources looks at one more column than its conditions name. */
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (str_equal_ignoring_case(record_columns[i],
                                    predicting->model.settings->source_dataset_column_name)) {
            column_set_add(&predicting->used, i);
        }
    }
}

/* Records of before the job, and rows that it makes records of. */
static const char old_records[] = "empi.person_record\n    order by id";
static const char new_records[] =
    "(\n"
    "        select n.record_id as id, " RECORD_COLUMNS_SQL "\n"
    "        from new_record n\n"
    "        join empi.person_record_staging s on s.id = n.staging_id\n"
    "    ) as fresh\n"
    "    order by id";

static int begin_reading(struct predicting *predicting, const char *from, struct error *error)
{
    struct text_buffer sql = TEXT_BUFFER(4096);
    text_append(&sql, STR("copy (\n    select id"));
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (column_set_has(&predicting->used, i)) {
            text_appendf(&sql, ", %.*s", STR_ARG(record_columns[i]));
        }
    }
    text_appendf(&sql, "\n    from %s\n) to stdout", from);
    int status = sql.failed ? error_out_of_memory(error)
                            : copy_out_begin(predicting->matching->connection, sql.ptr, error);
    text_free(&sql);
    return status;
}

/* An empty text is missing to a model; no other is. */
static int keep_record(struct predicting *predicting, const struct copy_fields *fields,
                       struct error *error)
{
    struct str values[RECORD_COLUMN_COUNT] = {{NULL, 0}};
    size_t at = 1;
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (column_set_has(&predicting->used, i)) {
            struct str text = fields->items[at++];
            values[i] = text.len == 0 ? (struct str){NULL, 0} : text;
        }
    }
    if (!vec_push(&predicting->ids, copy_fields_integer(fields, 0))) {
        return error_out_of_memory(error);
    }
    return columns_append(&predicting->columns, values, error);
}

static int read_rows(struct predicting *predicting, const char *from, struct error *error)
{
    size_t count = 1;
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        count += column_set_has(&predicting->used, i) ? 1 : 0;
    }
    struct copy_fields fields = COPY_FIELDS;
    int status = begin_reading(predicting, from, error);
    while (status == 0) {
        struct str row;
        status = copy_out_next(predicting->matching->connection, &row, error);
        if (status != 0 || row.ptr == NULL) {
            break;
        }
        status = copy_fields_read(&fields, row, count, error);
        if (status == 0) {
            status = keep_record(predicting, &fields, error);
        }
        if (status == 0 && predicting->ids.len % 65536 == 0 &&
            !matching_progress(predicting->matching, predicting->ids.len, 0)) {
            status = error_set(error, STATUS_CANCELLED, "cancelled");
        }
    }
    copy_fields_free(&fields);
    return status;
}

static int read_records(struct predicting *predicting, struct error *error)
{
    int status = matching_phase(predicting->matching, "reading records", error);
    if (status == 0) {
        status = columns_init(&predicting->columns, record_columns, RECORD_COLUMN_COUNT,
                              &predicting->used, error);
    }
    if (status == 0) {
        status = read_rows(predicting, old_records, error);
    }
    /* Jobs run one at a time and ids rise, so this job's records are the last. */
    predicting->first_new = (uint32_t)predicting->ids.len;
    if (status == 0) {
        status = read_rows(predicting, new_records, error);
    }
    return status == 0 ? columns_seal(&predicting->columns, NULL, error) : status;
}

/* ---- results ---- */

static void append_double(struct text_buffer *out, double number)
{
    char *end = text_reserve(out, DOUBLE_TEXT_MAX);
    if (end != NULL) {
        out->len += double_to_text(number, end);
    }
}

static void append_result(struct predicting *predicting, const struct prediction *pair,
                          double probability, const uint16_t *levels)
{
    struct text_buffer *out = &predicting->chunk;
    text_appendf(out, "%" PRId64 "\t%" PRId64 "\t", predicting->ids.items[pair->left],
                 predicting->ids.items[pair->right]);
    append_double(out, pair->weight);
    text_append_char(out, '\t');
    append_double(out, probability);
    text_append(out, STR("\t{"));
    for (size_t i = 0; i < predicting->model.comparison_count; i++) {
        text_appendf(out, i == 0 ? "%u" : ",%u", (unsigned)levels[i]);
    }
    text_append(out, STR("}\n"));
}

static int send(struct predicting *predicting, struct error *error)
{
    if (predicting->chunk.failed) {
        return error_out_of_memory(error);
    }
    int status =
        copy_in_write(predicting->matching->connection, text_str(&predicting->chunk), error);
    text_clear(&predicting->chunk);
    return status;
}

static int take(void *context, const struct predictions *batch, struct str text,
                struct error *error)
{
    (void)text;
    struct predicting *predicting = context;
    int status = 0;
    for (size_t i = 0; status == 0 && i < batch->count; i++) {
        const struct prediction *pair = &batch->items[i];
        double probability = scoring_probability(pair->weight);
        if (probability > predicting->matching->config.potential_threshold) {
            append_result(predicting, pair, probability, batch->levels + pair->levels);
            predicting->matching->report->results++;
        }
        if (predicting->chunk.len >= CHUNK_BYTES) {
            status = send(predicting, error);
        }
    }
    return status;
}

static bool progress(void *context, uint64_t done, uint64_t total)
{
    return matching_progress(((struct predicting *)context)->matching, done, total);
}

/* A little below the threshold, for it is the probability that decides. */
static double least_weight(double probability)
{
    double weight = scoring_weight_of_probability(probability);
    if (weight < -SCORING_WEIGHT_LIMIT + 1) {
        return -INFINITY;
    }
    return probability < 1 ? weight - 1e-6 : 53;
}

static int score_into_table(struct predicting *predicting, struct predictor *predictor,
                            struct error *error)
{
    struct matching *matching = predicting->matching;
    struct predict_options options = {matching->options->threads,
                                      least_weight(matching->config.potential_threshold)};
    struct predict_sink sink = {.context = predicting, .take = take, .progress = progress};
    struct predict_counts counts = {0};
    int status = copy_in_begin(matching->connection,
                               "copy new_result (left_record, right_record, weight, probability,\n"
                               "    levels)\n"
                               "from stdin",
                               error);
    if (status != 0) {
        return status;
    }
    status = predict_run(&counts, predictor, &options, &sink, error);
    if (status == 0) {
        status = send(predicting, error);
    }
    predict_counts_free(&counts);
    if (status != 0) {
        copy_in_abort(matching->connection, "scoring failed");
        return status;
    }
    return copy_in_end(matching->connection, NULL, error);
}

static int score(struct predicting *predicting, struct error *error)
{
    struct matching *matching = predicting->matching;
    struct predictor_options options = {matching->options->threads, predicting->first_new};
    struct predictor predictor;
    int status = matching_phase(matching, "preparing", error);
    if (status == 0) {
        status =
            predictor_init(&predictor, &predicting->model, &predicting->columns, &options, error);
    }
    if (status != 0) {
        return status;
    }
    status = matching_phase(matching, "scoring pairs", error);
    if (status == 0) {
        status = score_into_table(predicting, &predictor, error);
    }
    predictor_free(&predictor);
    return status;
}

int matching_predict(struct matching *matching, struct error *error)
{
    struct predicting predicting = {
        .matching = matching,
        .chunk = TEXT_BUFFER(CHUNK_BYTES + (1 << 20)),
    };
    struct expr_schema schema = {record_columns, RECORD_COLUMN_COUNT};
    int status = query_script(matching->connection,
                              "create temporary table new_result (\n"
                              "    position bigint generated always as identity,\n"
                              "    left_record bigint not null,\n"
                              "    right_record bigint not null,\n"
                              "    weight double precision not null,\n"
                              "    probability double precision not null,\n"
                              "    levels smallint[] not null\n"
                              ") on commit drop",
                              error);
    if (status == 0) {
        status = model_load(&predicting.model, text_str(&matching->config.json), "the job's model",
                            &schema, error);
    }
    if (status != 0) {
        return status;
    }
    choose_columns(&predicting);
    status = read_records(&predicting, error);
    if (status == 0) {
        status = score(&predicting, error);
    }
    text_free(&predicting.chunk);
    vec_free(&predicting.ids);
    columns_free(&predicting.columns);
    model_free(&predicting.model);
    return status;
}
