/*
 * Splink's own predictions and clusters (see tests/data/README.md): every pair, match_key, level,
 * Bayes factor, frequency, weight, probability and cluster.
 *
 * The figures of the data set that Tuva EMPI documents its set-up with are not part of this
 * project. They are looked for in $TUVA_SYNTH, else beside the project, and left out if absent.
 */
#include "engine.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/csv.h"
#include "base/json_read.h"
#include "base/memory.h"
#include "base/number_text.h"
#include "base/stream.h"
#include "base/vec.h"

static struct error error;

static void check(int status)
{
    if (status != 0) {
        fail_msg("%s\n%s\n%s", error.message, error.detail, error.hint);
    }
}

/* ---- files ---- */

static const char *path_of(const char *folder, const char *file)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, file);
    return path;
}

static struct text_buffer read_file(const char *path)
{
    struct text_buffer text = TEXT_BUFFER(16 << 20);
    struct stream *stream;
    check(stream_open_file(&stream, path, &error));
    check(stream_read_all(stream, &text, &error));
    stream_free(stream);
    return text;
}

struct table {
    struct stream *stream;
    struct csv_reader *reader;
    const struct csv_field *row;
};

static void open_table(struct table *out, const char *path)
{
    *out = (struct table){0};
    check(stream_open_file(&out->stream, path, &error));
    check(csv_reader_open(&out->reader, out->stream, &error));
}

static void close_table(struct table *table)
{
    csv_reader_free(table->reader);
    stream_free(table->stream);
}

static bool next_row(struct table *table)
{
    check(csv_reader_next(table->reader, &table->row, &error));
    return table->row != NULL;
}

/* SIZE_MAX when there is none. */
static size_t find_field(const struct table *table, struct str name)
{
    for (size_t i = 0; i < csv_reader_column_count(table->reader); i++) {
        if (str_equal(csv_reader_column(table->reader, i), name)) {
            return i;
        }
    }
    return SIZE_MAX;
}

static struct str field(const struct table *table, const char *name)
{
    size_t position = find_field(table, str_from(name));
    if (position == SIZE_MAX) {
        fail_msg("the golden file has no column %s", name);
    }
    return table->row[position].text;
}

/* NaN for NULL. */
static double number(struct str text)
{
    double value = NAN;
    if (!str_equal(text, STR("\\N")) && !double_from_text(text, &value)) {
        fail_msg("\"%.*s\" is no number", STR_ARG(text));
    }
    return value;
}

/* ---- records ---- */

/* A data set: the engine on its records, and how its ids are mapped to their numbers. */
struct golden {
    struct engine engine;
    struct {
        VEC(struct str); /* sorted; none when ids are row numbers from 1 */
    } ids;
    json_t *lines; /* what the ids point into */
};

static void open_model(struct golden *golden, const struct columns *columns, const char *path)
{
    struct text_buffer model = read_file(path);
    engine_open(&golden->engine, columns, model.ptr);
    text_free(&model);
}

/* Every column of a CSV file; an empty field is NULL; ids are row numbers. */
static void open_csv(struct golden *out, const char *records, const char *model)
{
    struct columns columns;
    struct str row[ENGINE_COLUMNS];
    struct table table;
    *out = (struct golden){0};
    open_table(&table, records);
    uint32_t count = (uint32_t)csv_reader_column_count(table.reader);
    assert_true(count <= ENGINE_COLUMNS);
    for (uint32_t i = 0; i < count; i++) {
        row[i] = csv_reader_column(table.reader, i);
    }
    check(columns_init(&columns, row, count, NULL, &error));
    while (next_row(&table)) {
        for (uint32_t i = 0; i < count; i++) {
            struct str text = table.row[i].text;
            row[i] = text.len == 0 ? (struct str){NULL, 0} : text;
        }
        check(columns_append(&columns, row, &error));
    }
    check(columns_seal(&columns, NULL, &error));
    close_table(&table);
    open_model(out, &columns, model);
}

static const char *const small_names[] = {"unique_id", "first_name", "surname",  "dob",
                                          "city",      "email",      "postcode", "cluster"};

enum { SMALL_NAMES = 8 };

static struct str json_text(const json_t *value)
{
    return json_is_null(value) ? (struct str){NULL, 0}
                               : (struct str){json_string_value(value), json_string_length(value)};
}

static json_t *read_lines(const char *path)
{
    struct text_buffer text = read_file(path);
    json_t *lines = json_array();
    for (char *at = text.ptr; *at != '\0';) {
        char *end = strchr(at, '\n');
        json_t *line;
        check(json_read(&line, (struct str){at, (size_t)(end - at)}, path, &error));
        json_array_append_new(lines, line);
        at = end + 1;
    }
    text_free(&text);
    return lines;
}

static int by_id(const void *a, const void *b, void *lines)
{
    const json_t *l = json_array_get(lines, *(const uint32_t *)a);
    const json_t *r = json_array_get(lines, *(const uint32_t *)b);
    return str_compare(json_text(json_object_get(l, "unique_id")),
                       json_text(json_object_get(r, "unique_id")));
}

/* Lines of JSON, where NULL and '' differ; ids are texts, and so is their order. */
static void open_lines(struct golden *out, const char *records, const char *model)
{
    struct columns columns;
    struct str row[SMALL_NAMES];
    *out = (struct golden){.lines = read_lines(records)};
    uint32_t count = (uint32_t)json_array_size(out->lines);
    uint32_t *order = memory_alloc_array(count, sizeof *order);
    assert_non_null(order);
    for (size_t i = 0; i < SMALL_NAMES; i++) {
        row[i] = str_from(small_names[i]);
    }
    check(columns_init(&columns, row, SMALL_NAMES, NULL, &error));
    for (uint32_t i = 0; i < count; i++) {
        const json_t *line = json_array_get(out->lines, i);
        for (size_t j = 0; j < SMALL_NAMES; j++) {
            const json_t *value = json_object_get(line, small_names[j]);
            assert_true(json_is_null(value) || json_is_string(value));
            row[j] = json_text(value);
        }
        check(columns_append(&columns, row, &error));
        order[i] = i;
    }
    qsort_r(order, count, sizeof *order, by_id, out->lines);
    check(columns_seal(&columns, order, &error));
    for (uint32_t i = 0; i < count; i++) {
        const json_t *line = json_array_get(out->lines, order[i]);
        assert_true(vec_push(&out->ids, json_text(json_object_get(line, "unique_id"))));
    }
    memory_free(order);
    open_model(out, &columns, model);
}

static void close_golden(struct golden *golden)
{
    engine_close(&golden->engine);
    vec_free(&golden->ids);
    json_decref(golden->lines);
}

static int compare_ids(const void *a, const void *b)
{
    return str_compare(*(const struct str *)a, *(const struct str *)b);
}

static uint32_t record_of(const struct golden *golden, struct str id)
{
    int64_t row;
    if (golden->ids.len == 0) {
        assert_true(integer_from_text(id, &row));
        return (uint32_t)(row - 1);
    }
    const struct str *found =
        bsearch(&id, golden->ids.items, golden->ids.len, sizeof id, compare_ids);
    assert_non_null(found);
    return (uint32_t)(found - golden->ids.items);
}

/* ---- predictions ---- */

static int by_records(const void *a, const void *b)
{
    const struct engine_pair *l = a;
    const struct engine_pair *r = b;
    int left = (l->left > r->left) - (l->left < r->left);
    return left != 0 ? left : (l->right > r->right) - (l->right < r->right);
}

static void check_number(const struct table *table, const char *name, double actual)
{
    double expected = number(field(table, name));
    double difference = fabs(actual - expected);
    bool close = difference <= 1e-12 || difference <= 1e-9 * fabs(expected);
    if (!(isnan(expected) ? isnan(actual) : close)) {
        fail_msg("line %llu: %s is %.17g instead of %.17g",
                 (unsigned long long)csv_reader_line(table->reader), name, actual, expected);
    }
}

static void check_frequencies(const struct golden *golden, const struct table *table,
                              const struct model_comparison *comparison,
                              const struct engine_pair *pair)
{
    const struct scoring *scoring = &golden->engine.predictor.scoring;
    for (size_t i = 0; i < comparison->level_count; i++) {
        uint32_t column = comparison->levels[i].tf_column;
        if (column == MODEL_NO_COLUMN) {
            continue;
        }
        const struct term_frequencies *frequencies = &scoring->frequencies[column];
        const struct column *source = &golden->engine.columns.items[column];
        char name[64];
        snprintf(name, sizeof name, "tf_%s_l", source->name);
        if (find_field(table, str_from(name)) == SIZE_MAX) {
            continue;
        }
        check_number(table, name, term_frequency(frequencies, source->codes[pair->left]));
        name[strlen(name) - 1] = 'r';
        check_number(table, name, term_frequency(frequencies, source->codes[pair->right]));
    }
}

static void check_comparison(const struct golden *golden, const struct table *table,
                             size_t position, const struct engine_pair *pair)
{
    const struct model_comparison *comparison = &golden->engine.model.comparisons[position];
    const struct scored_level *level =
        &golden->engine.predictor.scoring.comparisons[position].levels[pair->levels[position]];
    char name[64];
    snprintf(name, sizeof name, "gamma_%.*s", STR_ARG(comparison->name));
    if (find_field(table, str_from(name)) != SIZE_MAX) {
        check_number(table, name, pair->gammas[position]);
    }
    snprintf(name, sizeof name, "bf_%.*s", STR_ARG(comparison->name));
    check_number(table, name, comparison->levels[pair->levels[position]].bayes_factor);
    check_number(table, name, exp2(level->weight));
    snprintf(name, sizeof name, "bf_tf_adj_%.*s", STR_ARG(comparison->name));
    bool adjusted = find_field(table, str_from(name)) != SIZE_MAX;
    assert_int_equal(adjusted, comparison->has_term_frequencies);
    if (adjusted) {
        check_number(table, name, exp2(scoring_frequency_weight(level, pair->left, pair->right)));
    }
    check_frequencies(golden, table, comparison, pair);
}

static void check_predictions(const struct golden *golden, const struct engine_pairs *pairs,
                              const char *path, const char *id_column)
{
    struct table table;
    char left[64];
    char right[64];
    uint64_t rows = 0;
    snprintf(left, sizeof left, "%s_l", id_column);
    snprintf(right, sizeof right, "%s_r", id_column);
    open_table(&table, path);
    while (next_row(&table)) {
        struct engine_pair key = {.left = record_of(golden, field(&table, left)),
                                  .right = record_of(golden, field(&table, right))};
        const struct engine_pair *pair =
            bsearch(&key, pairs->items, pairs->count, sizeof key, by_records);
        if (pair == NULL) {
            fail_msg("records %u and %u are no pair", key.left, key.right);
            return;
        }
        check_number(&table, "match_key", pair->rule);
        check_number(&table, "match_weight", pair->weight);
        check_number(&table, "match_probability", scoring_probability(pair->weight));
        for (size_t i = 0; i < golden->engine.model.comparison_count; i++) {
            check_comparison(golden, &table, i, pair);
        }
        rows++;
    }
    close_table(&table);
    assert_true(rows > 0);
    assert_int_equal(rows, pairs->count); /* so no pair of ours is without a row */
    assert_int_equal(rows, pairs->counts.pairs);
}

static void check_clusters(const struct golden *golden, const struct engine_pairs *pairs,
                           const char *path, const char *id_column, double probability)
{
    struct connected_components components;
    struct table table;
    uint32_t rows = 0;
    uint32_t records = golden->engine.columns.record_count;
    check(connected_components_init(&components, records, &error));
    for (size_t i = 0; i < pairs->count; i++) {
        if (scoring_probability(pairs->items[i].weight) >= probability) {
            connected_components_link(&components, pairs->items[i].left, pairs->items[i].right);
        }
    }
    open_table(&table, path);
    while (next_row(&table)) {
        uint32_t record = record_of(golden, field(&table, id_column));
        uint32_t cluster = record_of(golden, field(&table, "cluster_id"));
        assert_int_equal(connected_components_root(&components, record), cluster);
        rows++;
    }
    assert_int_equal(rows, records);
    close_table(&table);
    connected_components_free(&components);
}

static void predict(struct engine_pairs *out, struct golden *golden)
{
    check(engine_predict(out, &golden->engine.predictor, 3, -INFINITY, &error));
}

static void people(void **state)
{
    (void)state;
    struct golden golden;
    struct engine_pairs pairs;
    open_csv(&golden, "tests/data/people/records.csv", "tests/data/people/model.json");
    predict(&pairs, &golden);
    assert_int_equal(pairs.count, 29525);
    check_predictions(&golden, &pairs, "tests/data/people/predictions.csv.gz", "id");
    check_clusters(&golden, &pairs, "tests/data/people/clusters.csv", "id", 0.95);
    engine_pairs_free(&pairs);
    close_golden(&golden);
}

static void small(void **state)
{
    (void)state;
    struct golden golden;
    struct engine_pairs pairs;
    open_lines(&golden, "tests/data/small/records.jsonl", "tests/data/small/model.json");
    predict(&pairs, &golden);
    check_predictions(&golden, &pairs, "tests/data/small/predictions.csv", "unique_id");
    check_clusters(&golden, &pairs, "tests/data/small/clusters.csv", "unique_id", 0.9);
    engine_pairs_free(&pairs);
    close_golden(&golden);
}

static void tuva_synth(void **state)
{
    (void)state;
    const char *given = getenv("TUVA_SYNTH");
    const char *folder = given != NULL ? given : "../shared/golden/tuva_synth";
    const char *records = path_of(folder, "tuva_synth_clean.csv");
    if (access(records, R_OK) != 0) {
        print_message("left out: there is no %s (TUVA_SYNTH names another folder)\n", records);
        skip();
    }
    struct golden golden;
    struct engine_pairs pairs;
    open_csv(&golden, records, path_of(folder, "tuva_synth_model.json"));
    predict(&pairs, &golden);
    assert_int_equal(pairs.count, 975);
    check_predictions(&golden, &pairs, path_of(folder, "predictions.csv.gz"), "id");
    engine_pairs_free(&pairs);
    close_golden(&golden);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(people),
        cmocka_unit_test(small),
        cmocka_unit_test(tuva_synth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
