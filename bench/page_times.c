/*
 * page-times < REQUESTS: how long pages of the configured index take, one after the other on one
 * connection, from the call to the page in our memory.
 *
 * A request is a line of words separated by tabs: what is asked for, then NAME=VALUE, as in
 *
 *     persons<TAB>last_name=smith<TAB>page=2
 *     person<TAB>id=p_…
 *     potential-matches
 *     potential-match<TAB>id=pm_1
 *
 * Prints a line for each: microseconds, and how many items the page has.
 */

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/number_text.h"
#include "base/stream.h"
#include "cmd/index_task.h"
#include "empi/match_groups.h"
#include "empi/object_id.h"
#include "empi/persons.h"

enum { MAX_REQUESTS = 64 << 20, MAX_PAGE = 512 << 20 };

struct request {
    struct str what;
    struct str id;
    struct search search;
    struct page_request page;
};

static struct str next_word(struct str *text, char end)
{
    const char *at = text->len == 0 ? NULL : memchr(text->ptr, end, text->len);
    struct str word = {text->ptr, at == NULL ? text->len : (size_t)(at - text->ptr)};
    size_t taken = word.len + (at == NULL ? 0 : 1);
    *text = (struct str){text->ptr + taken, text->len - taken};
    return word;
}

static int take_word(struct request *request, struct str word, struct error *error)
{
    const struct {
        struct str name;
        struct str *value;
    } texts[] = {
        {STR("id"), &request->id},
        {STR("first_name"), &request->search.first_name},
        {STR("last_name"), &request->search.last_name},
        {STR("birth_date"), &request->search.birth_date},
        {STR("person_id"), &request->search.person_id},
        {STR("source_person_id"), &request->search.source_person_id},
        {STR("data_source"), &request->search.data_source},
    };
    struct str name = next_word(&word, '=');
    for (size_t i = 0; i < ARRAY_LENGTH(texts); i++) {
        if (str_equal(name, texts[i].name)) {
            *texts[i].value = word;
            return 0;
        }
    }
    if (str_equal(name, STR("page")) && integer_from_text(word, &request->page.number)) {
        return 0;
    }
    return error_set(error, STATUS_INVALID, "a request has a word that is not understood");
}

/* ---- pages ---- */

static int get_person(size_t *items, struct arena *arena, struct connection *connection,
                      const struct request *request, struct error *error)
{
    char uuid[OBJECT_ID_UUID_SIZE];
    struct person_found found;
    if (!object_id_parse_person(uuid, request->id)) {
        return error_set(error, STATUS_INVALID, "a request has a wrong id");
    }
    int status = persons_read(&found, arena, connection, uuid, error);
    *items = status == 0 ? found.person.record_count : 0;
    return status;
}

static int get_group(size_t *items, struct arena *arena, struct connection *connection,
                     const struct request *request, struct error *error)
{
    int64_t id;
    struct match_group_detail group;
    if (!object_id_parse(&id, request->id, OBJECT_ID_POTENTIAL_MATCH)) {
        return error_set(error, STATUS_INVALID, "a request has a wrong id");
    }
    int status = match_groups_read(&group, arena, connection, id, request->page, error);
    *items = status == 0 ? group.person_count : 0;
    return status;
}

static int get_persons(size_t *items, struct arena *arena, struct connection *connection,
                       const struct request *request, struct error *error)
{
    struct person_list list;
    int status = persons_list(&list, arena, connection, &request->search, request->page, error);
    *items = status == 0 ? list.count : 0;
    return status;
}

static int get_groups(size_t *items, struct arena *arena, struct connection *connection,
                      const struct request *request, struct error *error)
{
    struct match_group_list list;
    int status =
        match_groups_list(&list, arena, connection, &request->search, request->page, error);
    *items = status == 0 ? list.count : 0;
    return status;
}

static const struct {
    const char *what;
    int (*get)(size_t *items, struct arena *arena, struct connection *connection,
               const struct request *request, struct error *error);
} pages[] = {
    {"person", get_person},
    {"potential-match", get_group},
    {"persons", get_persons},
    {"potential-matches", get_groups},
};

static int time_request(struct arena *arena, struct connection *connection,
                        const struct request *request, struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(pages); i++) {
        if (!str_equal(request->what, str_from(pages[i].what))) {
            continue;
        }
        size_t items = 0;
        double start = clock_monotonic();
        int status = pages[i].get(&items, arena, connection, request, error);
        printf("%.1f\t%zu\n", 1e6 * (clock_monotonic() - start), items);
        return status;
    }
    return error_set(error, STATUS_INVALID, "a request asks for what there is not");
}

static int run(void *context, struct connection *connection, struct error *error)
{
    struct str text = *(struct str *)context;
    struct arena arena = ARENA(MAX_PAGE);
    int status = 0;
    while (status == 0 && text.len > 0) {
        struct str line = next_word(&text, '\n');
        struct request request = {.what = next_word(&line, '\t'), .page = {1, PAGE_SIZE_DEFAULT}};
        while (status == 0 && line.len > 0) {
            status = take_word(&request, next_word(&line, '\t'), error);
        }
        if (status == 0) {
            status = time_request(&arena, connection, &request, error);
        }
        arena_reset(&arena);
    }
    arena_free(&arena);
    return status;
}

int main(void)
{
    struct error error;
    struct stream *input;
    struct text_buffer text = TEXT_BUFFER(MAX_REQUESTS);
    int status = stream_open_file(&input, "-", &error);
    if (status == 0) {
        status = stream_read_all(input, &text, &error);
        stream_free(input);
    }
    if (status == 0) {
        struct str requests = text_str(&text);
        status = index_task_run("page-times", run, &requests, &error);
    }
    text_free(&text);
    if (status != 0) {
        fprintf(stderr, "page-times: %s\n", error.message);
    }
    return error_exit_status((enum status)status);
}
