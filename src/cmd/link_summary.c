#include "cmd/link_output.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"
#include "base/utf8.h"

/* ---- what was counted ---- */

void link_failures_visit(const struct link_summary *summary, link_failure_visit *visit,
                         void *context)
{
    char place[96];
    for (size_t i = 0; i < summary->scoring->comparison_count; i++) {
        const struct pair_case *pair_case = &summary->scoring->comparisons[i].pair_case;
        for (size_t j = 0; j < pair_case->condition_count; j++) {
            if (pair_case_failures(pair_case, j) > 0) {
                snprintf(place, sizeof place, "comparisons.%zu.comparison_levels.%zu", i, j);
                visit(context, place, pair_case_failures(pair_case, j));
            }
        }
    }
    for (size_t i = 0; i < summary->blocking->probe_count; i++) {
        const struct probe *probe = &summary->blocking->probes[i];
        if (probe->filter != NULL && pair_case_failures(probe->filter, 0) > 0) {
            snprintf(place, sizeof place, "blocking_rules_to_generate_predictions.%" PRIu32,
                     probe->rule);
            visit(context, place, pair_case_failures(probe->filter, 0));
        }
    }
}

static double total_seconds(const struct link_summary *summary)
{
    double seconds = 0;
    for (size_t i = 0; i < summary->phase_count; i++) {
        seconds += summary->phases[i].seconds;
    }
    return seconds;
}

static uint64_t peak_memory(const struct link_summary *summary)
{
    uint64_t peak = 0;
    for (size_t i = 0; i < summary->phase_count; i++) {
        uint64_t own = summary->phases[i].peak_memory;
        peak = own > peak ? own : peak;
    }
    return peak;
}

/* ---- as JSON ---- */

static void write_rules(struct json_writer *json, const struct link_summary *summary)
{
    json_write_key(json, "blocking_rules");
    json_write_open_array(json);
    for (size_t i = 0; i < summary->model->rule_count; i++) {
        uint64_t candidates = 0;
        uint32_t largest = 0;
        for (size_t j = 0; j < summary->blocking->probe_count; j++) {
            const struct probe *probe = &summary->blocking->probes[j];
            if (probe->rule == i) {
                candidates += probe->candidates;
                largest = probe->largest_block > largest ? probe->largest_block : largest;
            }
        }
        json_write_open_object(json);
        json_write_key(json, "match_key");
        json_write_unsigned(json, i);
        json_write_key(json, "blocking_rule");
        json_write_string(json, summary->model->rules[i].text);
        json_write_key(json, "candidates");
        json_write_unsigned(json, candidates);
        json_write_key(json, "pairs");
        json_write_unsigned(json, summary->counts->pairs_by_rule[i]);
        json_write_key(json, "largest_block");
        json_write_unsigned(json, largest);
        json_write_close_object(json);
    }
    json_write_close_array(json);
}

static void write_clusters(struct json_writer *json, const struct link_clusters *clusters)
{
    json_write_key(json, "clusters");
    json_write_open_object(json);
    json_write_key(json, "count");
    json_write_unsigned(json, clusters->clusters);
    json_write_key(json, "largest");
    json_write_unsigned(json, clusters->largest);
    json_write_key(json, "by_size");
    json_write_open_object(json);
    for (size_t i = 0; i < ARRAY_LENGTH(link_cluster_sizes); i++) {
        json_write_key(json, link_cluster_sizes[i]);
        json_write_unsigned(json, clusters->by_size[i]);
    }
    json_write_close_object(json);
    json_write_close_object(json);
}

static void write_phases(struct json_writer *json, const struct link_summary *summary)
{
    json_write_key(json, "phases");
    json_write_open_array(json);
    for (size_t i = 0; i < summary->phase_count; i++) {
        json_write_open_object(json);
        json_write_key(json, "name");
        json_write_string(json, str_from(summary->phases[i].name));
        json_write_key(json, "seconds");
        json_write_double(json, summary->phases[i].seconds);
        json_write_key(json, "peak_memory_bytes");
        json_write_unsigned(json, summary->phases[i].peak_memory);
        json_write_close_object(json);
    }
    json_write_close_array(json);
}

static void write_failure(void *context, const char *place, uint64_t values)
{
    struct json_writer *json = context;
    json_write_open_object(json);
    json_write_key(json, "condition");
    json_write_string(json, str_from(place));
    json_write_key(json, "values");
    json_write_unsigned(json, values);
    json_write_close_object(json);
}

void link_summary_write(struct text_buffer *out, const struct link_summary *summary)
{
    struct json_writer json;
    json_write_begin(&json, out, 2);
    json_write_open_object(&json);
    json_write_key(&json, "records");
    json_write_unsigned(&json, summary->records);
    json_write_key(&json, "threads");
    json_write_unsigned(&json, summary->threads);
    write_rules(&json, summary);
    json_write_key(&json, "candidates");
    json_write_unsigned(&json, summary->blocking->candidates);
    json_write_key(&json, "pairs");
    json_write_unsigned(&json, summary->counts->pairs);
    json_write_key(&json, "pairs_kept");
    json_write_unsigned(&json, summary->counts->kept);
    write_clusters(&json, summary->clusters);
    json_write_key(&json, "seconds");
    json_write_double(&json, total_seconds(summary));
    json_write_key(&json, "peak_memory_bytes");
    json_write_unsigned(&json, peak_memory(summary));
    write_phases(&json, summary);
    json_write_key(&json, "values_not_computed");
    json_write_open_array(&json);
    link_failures_visit(summary, write_failure, &json);
    json_write_close_array(&json);
    json_write_key(&json, "warnings");
    json_write_open_array(&json);
    for (size_t i = 0; i < summary->warning_count; i++) {
        json_write_string(&json, str_from(summary->warnings[i]));
    }
    json_write_close_array(&json);
    json_write_close_object(&json);
    text_append_char(out, '\n');
}

/* ---- for a person ---- */

/* A rule on one line: runs of white space are a space, a long text is cut. */
static void print_condition(struct str text)
{
    enum { MOST_BYTES = 60 };
    char line[MOST_BYTES + 1];
    size_t used = 0;
    text = str_trim(text);
    size_t at = 0;
    for (; at < text.len && used < MOST_BYTES; at++) {
        bool space = (unsigned char)text.ptr[at] <= ' ';
        if (!space || (used > 0 && line[used - 1] != ' ')) {
            line[used++] = space ? ' ' : text.ptr[at];
        }
    }
    used = utf8_valid_prefix((struct str){line, used});
    utf8_make_plain(line, used, false);
    struct str shown = str_trim((struct str){line, used});
    fprintf(stderr, "%.*s%s\n", STR_ARG(shown), at < text.len ? " ..." : "");
}

static void print_rules(const struct link_summary *summary)
{
    char pairs[32];
    for (size_t i = 0; i < summary->model->rule_count; i++) {
        fprintf(stderr, "  rule %-2zu %18s pairs   ", i,
                progress_grouped(summary->counts->pairs_by_rule[i], pairs));
        print_condition(summary->model->rules[i].text);
    }
}

void link_summary_print(const struct link_summary *summary)
{
    char number[32];
    char other[32];
    fprintf(stderr, "records   %18s\n", progress_grouped(summary->records, number));
    print_rules(summary);
    fprintf(stderr, "pairs     %18s scored, %s kept\n",
            progress_grouped(summary->counts->pairs, number),
            progress_grouped(summary->counts->kept, other));
    fprintf(stderr, "clusters  %18s, the largest of %s record%s\n",
            progress_grouped(summary->clusters->clusters, number),
            progress_grouped(summary->clusters->largest, other),
            summary->clusters->largest == 1 ? "" : "s");
    for (size_t i = 0; i < ARRAY_LENGTH(link_cluster_sizes); i++) {
        if (summary->clusters->by_size[i] > 0) {
            fprintf(stderr, "  of %-5s %17s\n", link_cluster_sizes[i],
                    progress_grouped(summary->clusters->by_size[i], number));
        }
    }
    fprintf(stderr, "time      %18.2f s (", total_seconds(summary));
    for (size_t i = 0; i < summary->phase_count; i++) {
        fprintf(stderr, "%s%s %.2f", i == 0 ? "" : ", ", summary->phases[i].name,
                summary->phases[i].seconds);
    }
    fprintf(stderr, ")\nmemory    %18" PRIu64 " MiB at most\n", peak_memory(summary) >> 20);
}
