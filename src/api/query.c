#include "api/query.h"

#include <string.h>

#include "api/field_read.h"
#include "base/compiler.h"
#include "base/number_text.h"
#include "empi/object_id.h"

struct str query_value(const struct http_exchange *exchange, const char *name)
{
    struct str found = {NULL, 0};
    for (size_t i = 0; i < exchange->query.count; i++) {
        const struct http_field *item = &exchange->query.items[i];
        if (str_equal(item->name, str_from(name))) {
            found = str_trim(item->value);
        }
    }
    return found.len == 0 ? (struct str){NULL, 0} : found;
}

void query_refuse_others(struct field_faults *faults, const struct http_exchange *exchange,
                         const char *const *known)
{
    for (size_t i = 0; i < exchange->query.count; i++) {
        struct str name = exchange->query.items[i].name;
        const char *const *at = known;
        while (*at != NULL && !str_equal(name, str_from(*at))) {
            at++;
        }
        if (*at == NULL) {
            struct field_path path = {NULL, name.ptr, 0};
            field_faults_add(faults, &path, "Unexpected field");
        }
    }
}

static void read_number(int64_t *out, struct field_faults *faults,
                        const struct http_exchange *exchange, const char *name, int64_t most)
{
    struct str text = query_value(exchange, name);
    struct field_path path = {NULL, name, 0};
    if (text.ptr == NULL) {
        return;
    }
    if (!integer_from_text(text, out)) {
        field_faults_add(faults, &path, "A valid integer is required.");
    } else if (*out < 1 || *out > most) {
        field_refuse_number(faults, &path, *out < 1, *out < 1 ? 1 : most);
    }
}

void query_read_page(struct page_request *out, struct field_faults *faults,
                     const struct http_exchange *exchange)
{
    *out = (struct page_request){.number = 1, .size = PAGE_SIZE_DEFAULT};
    read_number(&out->number, faults, exchange, "page", PAGE_NUMBER_MOST);
    read_number(&out->size, faults, exchange, "page_size", PAGE_SIZE_MOST);
}

void query_read_boolean(bool *out, struct field_faults *faults,
                        const struct http_exchange *exchange, const char *name)
{
    struct str text = query_value(exchange, name);
    if (text.ptr != NULL && !field_boolean_from_text(out, text)) {
        struct field_path path = {NULL, name, 0};
        field_faults_add(faults, &path, "Must be a valid boolean.");
    }
}

void query_read_search(struct search *out, struct page_request *page, struct field_faults *faults,
                       const struct http_exchange *exchange)
{
    static const char *const known[] = {"first_name", "last_name",        "birth_date",
                                        "person_id",  "source_person_id", "data_source",
                                        "page",       "page_size",        NULL};
    query_refuse_others(faults, exchange, known);
    *out = (struct search){
        .first_name = query_value(exchange, "first_name"),
        .last_name = query_value(exchange, "last_name"),
        .birth_date = query_value(exchange, "birth_date"),
        .person_id = query_value(exchange, "person_id"),
        .source_person_id = query_value(exchange, "source_person_id"),
        .data_source = query_value(exchange, "data_source"),
    };
    query_read_page(page, faults, exchange);
}

void query_read_id(int64_t *out, struct field_faults *faults, const struct http_exchange *exchange,
                   const char *prefix, const char *field, const char *kind)
{
    if (!object_id_parse(out, exchange->parameters[0], prefix)) {
        struct field_path path = {NULL, field, 0};
        field_faults_add(faults, &path, "Invalid %s ID", kind);
    }
}
