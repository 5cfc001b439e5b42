#include "linkage/settings.h"

#include <math.h>

#include "linkage/settings_field.h"

struct str settings_link_type_name(enum settings_link_type link_type)
{
    switch (link_type) {
    case SETTINGS_DEDUPE_ONLY: return STR("dedupe_only");
    case SETTINGS_LINK_ONLY: return STR("link_only");
    case SETTINGS_LINK_AND_DEDUPE: break;
    }
    return STR("link_and_dedupe");
}

/* ---- defaults of m and u ---- */

/*
 * Of a comparison's matches 95 % are taken to reach its best level and the rest to spread evenly
 * over the others; u follows from match weights that rise evenly from -5 to 3, and 10 for the best
 * level. The arithmetic is in the order of Splink's, so that untrained levels score alike.
 */
static const double best_share = 0.95;
static const double lowest_weight = -5, second_weight = 3, best_weight = 10;

double settings_default_m(size_t count, int gamma)
{
    if (count < 2) {
        return 1;
    }
    return (size_t)gamma == count - 1 ? best_share : (1 - best_share) / (double)(count - 1);
}

double settings_default_u(size_t count, int gamma)
{
    if (count < 2) {
        return 1;
    }
    double weight = lowest_weight;
    if ((size_t)gamma == count - 1) {
        weight = best_weight;
    } else if (count > 2) {
        weight += gamma * ((second_weight - lowest_weight) / (double)(count - 2));
    }
    return settings_default_m(count, gamma) / pow(2, weight);
}

/* ---- what shows only in the whole ---- */

static void number_levels(struct settings_comparison *comparison)
{
    size_t count = 0;
    for (size_t i = 0; i < comparison->level_count; i++) {
        count += !comparison->levels[i].is_null_level;
    }
    comparison->scored_level_count = count;
    int next = (int)count;
    for (size_t i = 0; i < comparison->level_count; i++) {
        struct settings_level *level = &comparison->levels[i];
        if (level->is_null_level) {
            /* Splink fails on m and u here unless they are 0; they mean nothing. */
            level->gamma = -1;
            level->has_m = level->has_u = false;
            level->m_probability = level->u_probability = 1;
            continue;
        }
        level->gamma = --next;
        if (!level->has_m) {
            level->m_probability = settings_default_m(count, level->gamma);
        }
        if (!level->has_u) {
            level->u_probability = settings_default_u(count, level->gamma);
        }
    }
}

/* ELSE ends the CASE that a comparison is. */
static void check_else(const struct settings_comparison *comparison, struct faults *faults)
{
    size_t at = 0;
    while (at < comparison->level_count && !comparison->levels[at].is_else) {
        at++;
    }
    if (at + 1 >= comparison->level_count) {
        return;
    }
    size_t list = faults_enter_key(faults, "comparison_levels");
    size_t item = faults_enter_item(faults, at);
    faults_add_key(faults, STR("sql_condition"),
                   "ELSE takes every pair that no level before it took, so it has to be the last "
                   "level; %zu stand%s after it",
                   comparison->level_count - at - 1,
                   comparison->level_count - at - 1 == 1 ? "s" : "");
    faults_leave(faults, item);
    faults_leave(faults, list);
}

void settings_complete(struct settings *settings, struct faults *faults)
{
    size_t levels = 0;
    size_t list = faults_enter_key(faults, "comparisons");
    for (size_t i = 0; i < settings->comparison_count; i++) {
        struct settings_comparison *comparison = &settings->comparisons[i];
        levels += comparison->level_count;
        number_levels(comparison);
        size_t item = faults_enter_item(faults, i);
        check_else(comparison, faults);
        faults_leave(faults, item);
    }
    if (levels > SETTINGS_MAX_ALL_LEVELS) {
        faults_add(faults, "have %zu levels altogether; at most %d are allowed", levels,
                   SETTINGS_MAX_ALL_LEVELS);
    }
    faults_leave(faults, list);
}

void settings_free(struct settings *settings)
{
    if (settings != NULL) {
        arena_free(&settings->arena);
        *settings = (struct settings){0};
    }
}
