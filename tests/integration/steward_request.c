#include "steward_request.h"

#include <stdio.h>
#include <stdlib.h>

static size_t list_length(const json_t *list)
{
    size_t length = json_array_size(list);
    if (length > STEWARD_MOST) {
        fprintf(stderr, "a list is longer than %d\n", STEWARD_MOST);
        exit(2);
    }
    return length;
}

static void read_person(struct steward_request *request, size_t i, const json_t *from)
{
    struct manual_person *person = &request->persons[i];
    const json_t *version = json_object_get(from, "version");
    const json_t *records = json_object_get(from, "records");
    person->uuid = json_string_value(json_object_get(from, "uuid"));
    person->has_version = version != NULL;
    person->version = json_integer_value(version);
    person->record_ids = request->records[i];
    person->record_count = list_length(records);
    for (size_t j = 0; j < person->record_count; j++) {
        request->records[i][j] = json_integer_value(json_array_get(records, j));
    }
}

void steward_request_read(struct steward_request *out, const json_t *from)
{
    const json_t *persons = json_object_get(from, "persons");
    const json_t *comments = json_object_get(from, "comments");
    out->match = (struct manual_match){
        .group_id = json_integer_value(json_object_get(from, "group")),
        .group_version = json_integer_value(json_object_get(from, "version")),
        .user_id = json_integer_value(json_object_get(from, "user")),
        .persons = out->persons,
        .person_count = list_length(persons),
        .comments = out->comments,
        .comment_count = list_length(comments),
    };
    for (size_t i = 0; i < out->match.person_count; i++) {
        read_person(out, i, json_array_get(persons, i));
    }
    for (size_t i = 0; i < out->match.comment_count; i++) {
        const json_t *comment = json_array_get(comments, i);
        out->comments[i].record_id = json_integer_value(json_object_get(comment, "record"));
        out->comments[i].text = str_from(json_string_value(json_object_get(comment, "text")));
    }
}
