#include "engine.h"

#include <stdio.h>

#include "base/memory.h"

/* ---- models and records ---- */

int engine_load_model(struct model *out, const struct columns *columns, const char *json,
                      struct error *error)
{
    struct str names[ENGINE_COLUMNS];
    assert_true(columns->column_count <= sizeof names / sizeof names[0]);
    for (uint32_t i = 0; i < columns->column_count; i++) {
        names[i] = str_from(columns->items[i].name);
    }
    struct expr_schema schema = {names, columns->column_count};
    return model_load(out, str_from(json), "the model", &schema, error);
}

static void check(int status, const struct error *error)
{
    if (status != 0) {
        fail_msg("%s\n%s\n%s", error->message, error->detail, error->hint);
    }
}

void engine_open(struct engine *out, const struct columns *columns, const char *model)
{
    static struct error error;
    struct predictor_options options = {.threads = 1};
    out->columns = *columns;
    check(engine_load_model(&out->model, &out->columns, model, &error), &error);
    check(predictor_init(&out->predictor, &out->model, &out->columns, &options, &error), &error);
    check(scorer_init(&out->scorer, &out->predictor.scoring, &error), &error);
}

void engine_close(struct engine *engine)
{
    scorer_free(&engine->scorer);
    predictor_free(&engine->predictor);
    model_free(&engine->model);
    columns_free(&engine->columns);
}

void engine_make_columns(struct columns *out, const struct oracle_case *c, const uint32_t *arrival)
{
    static struct error error;
    uint32_t order[ORACLE_RECORDS];
    struct str row[ORACLE_COLUMNS];
    for (size_t i = 0; i < ORACLE_COLUMNS; i++) {
        row[i] = str_from(oracle_column_names[i]);
    }
    check(columns_init(out, row, ORACLE_COLUMNS, NULL, &error), &error);
    for (uint32_t i = 0; i < c->record_count; i++) {
        uint32_t record = arrival == NULL ? i : arrival[i];
        order[record] = i;
        for (size_t j = 0; j < ORACLE_COLUMNS; j++) {
            row[j] = c->null[record][j] ? (struct str){NULL, 0} : str_from(c->cells[record][j]);
        }
        check(columns_append(out, row, &error), &error);
    }
    check(columns_seal(out, arrival == NULL ? NULL : order, &error), &error);
}

void engine_open_case(struct engine *out, const struct oracle_case *c)
{
    struct text_buffer model = TEXT_BUFFER(1 << 20);
    struct columns columns;
    oracle_write_model(&model, c);
    engine_make_columns(&columns, c, NULL);
    engine_open(out, &columns, model.ptr);
    text_free(&model);
}

/* ---- predictions ---- */

struct collector {
    struct predictor *predictor;
    struct engine_pairs *pairs;
};

/* In any thread: no assertions here or below. */
static int format(void *context, const struct predictions *predictions, struct text_buffer *out,
                  struct error *error)
{
    (void)error;
    const struct scoring *scoring = &((struct collector *)context)->predictor->scoring;
    for (size_t i = 0; i < predictions->count; i++) {
        const struct prediction *prediction = &predictions->items[i];
        struct engine_pair pair;
        memset(&pair, 0, sizeof pair);
        pair.weight = prediction->weight;
        pair.left = prediction->left;
        pair.right = prediction->right;
        pair.rule = prediction->rule;
        for (size_t j = 0; j < scoring->comparison_count; j++) {
            uint16_t level = predictions->levels[prediction->levels + j];
            pair.levels[j] = level;
            pair.gammas[j] = scoring->comparisons[j].levels[level].gamma;
        }
        text_append(out, (struct str){(const char *)&pair, sizeof pair});
    }
    return 0;
}

static int take(void *context, const struct predictions *predictions, struct str text,
                struct error *error)
{
    struct engine_pairs *pairs = ((struct collector *)context)->pairs;
    if (text.len != predictions->count * sizeof(struct engine_pair)) {
        return error_set(error, STATUS_INTERNAL, "the text is not that of the predictions");
    }
    text_append(&pairs->bytes, text);
    return pairs->bytes.failed ? error_out_of_memory(error) : 0;
}

int engine_predict(struct engine_pairs *out, struct predictor *predictor, unsigned threads,
                   double least, struct error *error)
{
    *out = (struct engine_pairs){.bytes = TEXT_BUFFER(1 << 30)};
    struct collector collector = {predictor, out};
    struct predict_sink sink = {.context = &collector, .format = format, .take = take};
    struct predict_options options = {.threads = threads, .least_weight = least};
    int status = predict_run(&out->counts, predictor, &options, &sink, error);
    out->items = (const void *)out->bytes.ptr;
    out->count = out->bytes.len / sizeof *out->items;
    if (status != 0) {
        engine_pairs_free(out);
    }
    return status;
}

void engine_pairs_free(struct engine_pairs *pairs)
{
    text_free(&pairs->bytes);
    predict_counts_free(&pairs->counts);
    *pairs = (struct engine_pairs){0};
}
