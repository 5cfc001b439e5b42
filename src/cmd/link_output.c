#include "cmd/link_output.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/number_text.h"

/* ---- predictions ---- */

/* Whether a comparison is the first that adjusts by a column: its frequencies are written there. */
static bool first_adjustment(const struct model *model, size_t comparison, size_t level)
{
    uint32_t column = model->comparisons[comparison].levels[level].tf_column;
    if (column == MODEL_NO_COLUMN) {
        return false;
    }
    for (size_t i = 0; i <= comparison; i++) {
        size_t end = i == comparison ? level : model->comparisons[i].level_count;
        for (size_t j = 0; j < end; j++) {
            if (model->comparisons[i].levels[j].tf_column == column) {
                return false;
            }
        }
    }
    return true;
}

static void append_name(struct text_buffer *out, struct str prefix, struct str name,
                        const char *suffix)
{
    struct text_buffer whole = TEXT_BUFFER(1 << 20);
    text_append(&whole, prefix);
    text_append(&whole, name);
    text_append(&whole, str_from(suffix));
    text_append_char(out, ',');
    csv_append_field(out, text_str(&whole));
    out->failed = out->failed || whole.failed;
    text_free(&whole);
}

static void detail_header(struct text_buffer *out, const struct link_predictions *predictions)
{
    const struct model *model = predictions->scoring->model;
    const struct settings *settings = model->settings;
    char prefix_text[256];
    snprintf(prefix_text, sizeof prefix_text, "%.*stf_adj_",
             STR_ARG(settings->bayes_factor_column_prefix));
    struct str adjustment_prefix = str_from(prefix_text);
    for (size_t i = 0; i < model->comparison_count; i++) {
        const struct model_comparison *comparison = &model->comparisons[i];
        append_name(out, settings->comparison_vector_value_column_prefix, comparison->name, "");
        append_name(out, settings->bayes_factor_column_prefix, comparison->name, "");
        if (comparison->has_term_frequencies) {
            append_name(out, adjustment_prefix, comparison->name, "");
        }
        for (size_t j = 0; j < comparison->level_count; j++) {
            if (first_adjustment(model, i, j)) {
                struct str prefix = settings->term_frequency_adjustment_column_prefix;
                uint32_t column = comparison->levels[j].tf_column;
                struct str name = str_from(predictions->records->columns.items[column].name);
                append_name(out, prefix, name, "_l");
                append_name(out, prefix, name, "_r");
            }
        }
    }
}

void link_predictions_header(struct text_buffer *out, const struct link_predictions *predictions)
{
    text_append(out, STR("id_l,id_r,match_key,match_weight,match_probability"));
    if (predictions->detail) {
        detail_header(out, predictions);
    }
    text_append_char(out, '\n');
}

static void append_frequency(struct text_buffer *out, const struct term_frequencies *table,
                             uint32_t code)
{
    text_append_char(out, ',');
    if (code != COLUMNS_CODE_NULL) {
        text_append_double(out, term_frequency(table, code));
    }
}

static void append_detail(struct text_buffer *out, const struct link_predictions *predictions,
                          const struct prediction *pair, const uint16_t *levels)
{
    const struct scoring *scoring = predictions->scoring;
    const struct model *model = scoring->model;
    for (size_t i = 0; i < model->comparison_count; i++) {
        const struct model_comparison *comparison = &model->comparisons[i];
        const struct scored_level *level = &scoring->comparisons[i].levels[levels[i]];
        bool reached = levels[i] < comparison->level_count;
        text_append_char(out, ',');
        if (reached) {
            text_appendf(out, "%d", level->gamma);
        }
        text_append_char(out, ',');
        if (reached) {
            text_append_double(out, comparison->levels[levels[i]].bayes_factor);
        }
        if (comparison->has_term_frequencies) {
            text_append_char(out, ',');
            text_append_double(out, exp2(scoring_frequency_weight(level, pair->left, pair->right)));
        }
        for (size_t j = 0; j < comparison->level_count; j++) {
            if (first_adjustment(model, i, j)) {
                uint32_t column = comparison->levels[j].tf_column;
                const uint32_t *codes = scoring->columns->items[column].codes;
                append_frequency(out, &scoring->frequencies[column], codes[pair->left]);
                append_frequency(out, &scoring->frequencies[column], codes[pair->right]);
            }
        }
    }
}

void link_predictions_format(struct text_buffer *out, const struct link_predictions *predictions,
                             const struct predictions *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        const struct prediction *pair = &batch->items[i];
        link_records_append_id(out, predictions->records, pair->left);
        text_append_char(out, ',');
        link_records_append_id(out, predictions->records, pair->right);
        text_append_char(out, ',');
        text_append_unsigned(out, pair->rule);
        text_append_char(out, ',');
        text_append_double(out, pair->weight);
        text_append_char(out, ',');
        text_append_double(out, scoring_probability(pair->weight));
        if (predictions->detail) {
            append_detail(out, predictions, pair, batch->levels + pair->levels);
        }
        text_append_char(out, '\n');
    }
}

/* ---- crosswalk ---- */

const char *const link_cluster_sizes[6] = {"1", "2", "3", "4", "5-10", "11+"};

static size_t size_class(uint32_t size)
{
    if (size <= 4) {
        return size - 1;
    }
    return size <= 10 ? 4 : 5;
}

int link_clusters_count(struct link_clusters *out, struct connected_components *components,
                        struct error *error)
{
    *out = (struct link_clusters){0};
    uint32_t *sizes = memory_alloc_zeroed(components->count, sizeof *sizes);
    if (sizes == NULL) {
        return error_out_of_memory(error);
    }
    for (uint32_t i = 0; i < components->count; i++) {
        sizes[connected_components_root(components, i)]++;
    }
    for (uint32_t i = 0; i < components->count; i++) {
        if (sizes[i] > 0) {
            out->clusters++;
            out->by_size[size_class(sizes[i])]++;
            out->largest = sizes[i] > out->largest ? sizes[i] : out->largest;
        }
    }
    memory_free(sizes);
    return 0;
}

/* The record that each row of the input is; NULL when they are numbered alike. */
static int invert_arrival(uint32_t **out, const struct link_records *records, uint32_t count,
                          struct error *error)
{
    *out = NULL;
    if (records->arrival == NULL) {
        return 0;
    }
    *out = memory_alloc_array(count, sizeof **out);
    if (*out == NULL) {
        return error_out_of_memory(error);
    }
    for (uint32_t record = 0; record < count; record++) {
        (*out)[records->arrival[record]] = record;
    }
    return 0;
}

static int flush(struct stream *out, struct text_buffer *buffer, struct error *error)
{
    int status =
        buffer->failed ? error_out_of_memory(error) : stream_write(out, text_str(buffer), error);
    text_clear(buffer);
    return status;
}

static int write_rows(struct stream *out, struct text_buffer *buffer, struct input_files *files,
                      const struct link_records *records, struct connected_components *components,
                      const uint32_t *record_of, struct progress *progress, struct error *error)
{
    enum { FLUSH_BYTES = 1 << 18 };
    for (uint32_t row = 0;; row++) {
        const struct csv_field *fields;
        int status = input_files_next(files, &fields, error);
        if (status != 0 || fields == NULL) {
            return status;
        }
        if (row == components->count) {
            return error_set(error, STATUS_INVALID, "%s was changed while it was being linked",
                             input_files_name(files));
        }
        uint32_t record = record_of == NULL ? row : record_of[row];
        link_records_append_id(buffer, records, connected_components_root(components, record));
        struct str raw = input_files_raw_row(files);
        if (raw.ptr != NULL) {
            text_append_char(buffer, ',');
            text_append(buffer, raw);
        }
        for (size_t i = 0; raw.ptr == NULL && i < files->column_count; i++) {
            struct str text = fields[i].text;
            bool is_null = text.len == 0 && !fields[i].quoted;
            text_append_char(buffer, ',');
            csv_append_field(buffer, is_null ? (struct str){NULL, 0} : text);
        }
        text_append_char(buffer, '\n');
        if (buffer->len >= FLUSH_BYTES) {
            status = flush(out, buffer, error);
            progress_update(progress, input_files_done(files) >> 20, files->bytes >> 20);
        }
        if (status != 0) {
            return status;
        }
    }
}

int link_crosswalk_write(struct stream *out, struct input_files *files,
                         const struct link_records *records,
                         struct connected_components *components, struct progress *progress,
                         struct error *error)
{
    struct text_buffer buffer = TEXT_BUFFER((size_t)1 << 30);
    uint32_t *record_of;
    int status = invert_arrival(&record_of, records, components->count, error);
    if (status == 0) {
        status = input_files_rewind(files, error);
    }
    if (status == 0) {
        text_append(&buffer, STR("cluster_id"));
        for (size_t i = 0; i < files->column_count; i++) {
            text_append_char(&buffer, ',');
            csv_append_field(&buffer, files->columns[i]);
        }
        text_append_char(&buffer, '\n');
        status = write_rows(out, &buffer, files, records, components, record_of, progress, error);
    }
    if (status == 0) {
        status = flush(out, &buffer, error);
    }
    text_free(&buffer);
    memory_free(record_of);
    return status;
}
