#include "api/match_group_json.h"

#include "api/page_json.h"
#include "api/person_json.h"
#include "empi/object_id.h"

static void write_double(struct json_writer *json, const char *key, double number)
{
    json_write_key(json, key);
    json_write_double(json, number);
}

static void write_integer(struct json_writer *json, const char *key, int64_t number)
{
    json_write_key(json, key);
    json_write_integer(json, number);
}

/* ---- lists ---- */

void match_group_json_write_list(struct json_writer *json, const struct match_group_list *list)
{
    json_write_open_object(json);
    json_write_key(json, "potential_matches");
    json_write_open_array(json);
    for (size_t i = 0; i < list->count; i++) {
        const struct match_group_summary *item = &list->items[i];
        json_write_open_object(json);
        page_json_write_id(json, "id", OBJECT_ID_POTENTIAL_MATCH, item->id);
        page_json_write_text(json, "first_name", item->first_name);
        page_json_write_text(json, "last_name", item->last_name);
        page_json_write_texts(json, "data_sources", item->data_sources, item->data_source_count);
        write_double(json, "max_match_probability", item->max_match_probability);
        json_write_close_object(json);
    }
    json_write_close_array(json);
    page_json_write(json, &list->page);
    json_write_close_object(json);
}

/* ---- one ---- */

static void write_level(struct json_writer *json, const struct explained_level *level)
{
    json_write_key(json, "level");
    if (level->has_level) {
        json_write_unsigned(json, level->position);
    } else {
        json_write_null(json);
    }
}

/* Infinite and unknown weights are null: JSON has no other word for them. */
static void write_explanation(struct json_writer *json, const struct explained_result *explanation)
{
    write_double(json, "prior_weight", explanation->prior_weight);
    write_double(json, "term_frequency_weight", explanation->shared_frequency_weight);
    json_write_key(json, "comparisons");
    json_write_open_array(json);
    for (size_t i = 0; i < explanation->level_count; i++) {
        const struct explained_level *level = &explanation->levels[i];
        json_write_open_object(json);
        page_json_write_text(json, "name", level->comparison);
        write_level(json, level);
        page_json_write_text(json, "label", level->label);
        json_write_key(json, "is_null_level");
        json_write_boolean(json, level->is_null_level);
        write_double(json, "weight", level->weight);
        json_write_key(json, "term_frequency_adjusted");
        json_write_boolean(json, level->adjusts);
        write_double(json, "term_frequency_weight", level->frequency_weight);
        json_write_close_object(json);
    }
    json_write_close_array(json);
}

static void write_result(struct json_writer *json, const struct match_result_detail *result)
{
    json_write_open_object(json);
    page_json_write_id(json, "id", OBJECT_ID_PREDICTION_RESULT, result->id);
    page_json_write_text(json, "created", result->created);
    write_double(json, "match_probability", result->match_probability);
    write_double(json, "match_weight", result->match_weight);
    page_json_write_id(json, "person_record_l_id", OBJECT_ID_PERSON_RECORD,
                       result->person_record_l_id);
    page_json_write_id(json, "person_record_r_id", OBJECT_ID_PERSON_RECORD,
                       result->person_record_r_id);
    json_write_key(json, "explanation");
    if (result->explanation.level_count == 0) {
        json_write_null(json);
    } else {
        json_write_open_object(json);
        write_explanation(json, &result->explanation);
        json_write_close_object(json);
    }
    json_write_close_object(json);
}

static void write_metadata(struct json_writer *json, const struct match_group_detail *group)
{
    json_write_key(json, "metadata");
    json_write_open_object(json);
    write_integer(json, "total_persons", group->page.total_count);
    write_integer(json, "total_records", group->total_record_count);
    write_integer(json, "total_results", group->total_result_count);
    write_integer(json, "returned_results", (int64_t)group->result_count);
    json_write_close_object(json);
}

void match_group_json_write(struct json_writer *json, const struct match_group_detail *group,
                            uint32_t fields, bool metadata)
{
    json_write_open_object(json);
    json_write_key(json, "potential_match");
    json_write_open_object(json);
    page_json_write_id(json, "id", OBJECT_ID_POTENTIAL_MATCH, group->id);
    page_json_write_text(json, "created", group->created);
    write_integer(json, "version", group->version);
    json_write_key(json, "results");
    json_write_open_array(json);
    for (size_t i = 0; i < group->result_count; i++) {
        write_result(json, &group->results[i]);
    }
    json_write_close_array(json);
    json_write_key(json, "persons");
    json_write_open_array(json);
    for (size_t i = 0; i < group->person_count; i++) {
        person_json_write(json, &group->persons[i], fields);
    }
    json_write_close_array(json);
    json_write_close_object(json);
    page_json_write(json, &group->page);
    if (metadata) {
        write_metadata(json, group);
    }
    json_write_close_object(json);
}
