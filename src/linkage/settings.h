/*
 * A linkage model as its JSON says it: Splink's "settings" (Splink behaviour notes, section 1).
 *
 * settings_read() takes what Splink 3, 4 and 5 save and what a client of the HTTP API posts, applies
 * the defaults and reports everything that is wrong at once. It looks at structure only: the SQL in
 * it is compiled by model.h, which knows the columns. settings_write() writes what Splink 4 loads.
 *
 * Where Splink drops a 0 silently (m, u, the weight of a term-frequency adjustment) it is honoured
 * here, and a comparison with a single non-null level is fine.
 *
 * Not done: lists in text columns (arrays_to_explode is refused); other SQL dialects are read as
 * DuckDB's, whose parser here knows the names that Splink writes for them.
 *
 * Thread rule: immutable once read, unless its one owner trains it.
 */
#ifndef LINKAGE_SETTINGS_H
#define LINKAGE_SETTINGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/faults.h"
#include "base/str.h"

enum {
    SETTINGS_MAX_BYTES = 16 << 20,
    SETTINGS_MAX_COMPARISONS = 1000,
    SETTINGS_MAX_LEVELS = 1000,      /* of one comparison */
    SETTINGS_MAX_ALL_LEVELS = 10000, /* of all comparisons together */
    SETTINGS_MAX_RULES = 1000,
    SETTINGS_MAX_EXPONENT = 100, /* tf_adjustment_weight: more than any that makes sense */
};

enum settings_link_type {
    SETTINGS_DEDUPE_ONLY, /* the default when the key is absent, as it is in what clients post */
    SETTINGS_LINK_ONLY,
    SETTINGS_LINK_AND_DEDUPE,
};

/* As Splink writes it: "dedupe_only" and so on. */
struct str settings_link_type_name(enum settings_link_type link_type);

/* In all structures below a text whose ptr is NULL was not given and has no default. */

struct settings_level {
    struct str sql_condition;    /* as written, never blank */
    struct str label_for_charts; /* default: the condition */
    bool is_null_level;          /* says nothing about a match: Bayes factor 1, no m and u */
    bool is_else;                /* the condition is the word ELSE; such a level is the last one */
    int gamma;              /* -1 for a null level; the others n-1, n-2, … 0 in their order */
    bool has_m, has_u;      /* given or trained; else the values below are Splink's defaults */
    double m_probability;   /* 0 … 1: share of the level among matches */
    double u_probability;   /* among non-matches; 0 … 1, but a default may be above 1 */
    bool fix_m_probability; /* training leaves it alone */
    bool fix_u_probability;
    struct str tf_adjustment_column; /* as written: may stand in double quotes */
    double tf_adjustment_weight;     /* exponent, ≥ 0; default 1 */
    double tf_minimum_u_value;       /* least frequency, 0 … 1; default 0 */
    bool disable_tf_exact_match_detection;
};

struct settings_comparison {
    struct str output_column_name; /* not given: model.h derives one */
    struct str comparison_description;
    struct settings_level *levels;
    size_t level_count;
    size_t scored_level_count; /* those that are no null level */
};

struct settings_rule {
    struct str blocking_rule;
    struct str sql_dialect;      /* as written; without effect */
    uint32_t salting_partitions; /* as written; without effect; 0: none */
    bool is_plain;               /* stood as a text, not in an object; for messages */
};

struct settings_names {
    struct str *items;
    size_t count;
};

struct settings {
    enum settings_link_type link_type;
    double probability_two_random_records_match; /* 0 … 1; default 0.0001 */
    bool retain_matching_columns;                /* default true */
    bool retain_intermediate_calculation_columns;
    struct settings_names additional_columns_to_retain;
    struct str sql_dialect;                /* as written; default "duckdb"; without effect */
    struct str linker_uid;                 /* may be absent */
    double em_convergence;                 /* ≥ 0; default 0.0001 */
    uint32_t max_iterations;               /* default 25 */
    struct str bayes_factor_column_prefix; /* "bf_" */
    struct str match_weight_column_prefix; /* "mw_"; Splink 5 only, not written */
    struct str term_frequency_adjustment_column_prefix; /* "tf_" */
    struct str comparison_vector_value_column_prefix;   /* "gamma_" */
    struct str unique_id_column_name;                   /* "unique_id" */
    struct str source_dataset_column_name;              /* "source_dataset" */
    struct settings_rule *rules;                        /* none: all pairs */
    size_t rule_count;
    struct settings_comparison *comparisons; /* at least one */
    size_t comparison_count;
    struct arena arena; /* holds all of the above */
};

/*
 * Reads a model. `name` says in messages where the text comes from. STATUS_INVALID when anything is
 * wrong with the text: then the error's detail has one line a fault, each beginning with its path:
 *   comparisons.2.comparison_levels.1.m_probability: must be a number from 0 to 1, not "x"
 * *out is to be given back with settings_free() only after success.
 */
int settings_read(struct settings *out, struct str json, const char *name, struct error *error);

/* The same for a caller that goes on to look for more: what is wrong inside the JSON is added to
   `faults`, and what is right is in *out, whose texts may be absent where there was a fault. Fails
   when the text is no JSON object at all or memory is used up. */
int settings_read_faults(struct settings *out, struct str json, const char *name,
                         struct faults *faults, struct error *error);

/*
 * Appends the model as Splink 4's save_model_to_json writes it, byte for byte where it says the
 * same; failures stick in `out`. What Splink cannot say is written, too, as long as Splink 4 loads
 * it: an explicit 0 for m, u or the weight, which Splink 4 reads as not given.
 */
void settings_write(struct text_buffer *out, const struct settings *settings);

/* NULL, and what was zero-initialised, is fine. */
void settings_free(struct settings *settings);

/*
 * The m and u that Splink starts from and uses for a level that was never trained, for the level
 * `gamma` of `count` non-null levels (Splink behaviour notes, section 1.5). They are bit for bit
 * Splink's. A comparison with one level, for which Splink divides by zero, has m = u = 1: it says
 * nothing.
 */
double settings_default_m(size_t count, int gamma);
double settings_default_u(size_t count, int gamma);

#endif
