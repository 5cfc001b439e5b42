#include "cmd/search_options.h"

#include <inttypes.h>

#include "cmd/progress.h"

enum { MAX_NAMES_BYTES = 1 << 20 };

const struct command_option search_options[SEARCH_OPTION_COUNT] = {
    [SEARCH_FIRST_NAME] = {.name = "first-name",
                           .kind = OPTION_TEXT,
                           .value = "TEXT",
                           .help = "a part of the first name, in upper or lower case"},
    [SEARCH_LAST_NAME] = {.name = "last-name",
                          .kind = OPTION_TEXT,
                          .value = "TEXT",
                          .help = "a part of the last name"},
    [SEARCH_BIRTH_DATE] = {.name = "birth-date",
                           .kind = OPTION_TEXT,
                           .value = "TEXT",
                           .help = "a part of the birth date: 1980, or 1980-02-29"},
    [SEARCH_PERSON_ID] = {.name = "person-id",
                          .kind = OPTION_TEXT,
                          .value = "TEXT",
                          .help = "how the person's id begins, with or without p_"},
    [SEARCH_SOURCE_PERSON_ID] = {.name = "source-person-id",
                                 .kind = OPTION_TEXT,
                                 .value = "TEXT",
                                 .help = "how the source's own id begins"},
    [SEARCH_DATA_SOURCE] = {.name = "data-source",
                            .kind = OPTION_TEXT,
                            .value = "NAME",
                            .help = "the data source"},
    [SEARCH_PAGE] = {.name = "page",
                     .kind = OPTION_INTEGER,
                     .value = "N",
                     .integers = {1, PAGE_NUMBER_MOST},
                     .fallback = "1",
                     .help = "which page"},
    [SEARCH_PAGE_SIZE] = {.name = "page-size",
                          .kind = OPTION_INTEGER,
                          .value = "N",
                          .integers = {1, PAGE_SIZE_MOST},
                          .fallback = "50",
                          .help = "lines on a page"},
    [SEARCH_JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

static struct str text_of(const struct command_line *line, int option)
{
    const char *text = line->values[option].text;
    return text == NULL ? (struct str){NULL, 0} : str_from(text);
}

void search_options_read(struct search *search, struct page_request *request,
                         const struct command_line *line)
{
    *search = (struct search){
        .first_name = text_of(line, SEARCH_FIRST_NAME),
        .last_name = text_of(line, SEARCH_LAST_NAME),
        .birth_date = text_of(line, SEARCH_BIRTH_DATE),
        .person_id = text_of(line, SEARCH_PERSON_ID),
        .source_person_id = text_of(line, SEARCH_SOURCE_PERSON_ID),
        .data_source = text_of(line, SEARCH_DATA_SOURCE),
    };
    *request = (struct page_request){
        .number = line->values[SEARCH_PAGE].integer,
        .size = line->values[SEARCH_PAGE_SIZE].integer,
    };
}

void search_options_add_names(struct table *table, const struct str *names, size_t count)
{
    struct text_buffer text = TEXT_BUFFER(MAX_NAMES_BYTES);
    for (size_t i = 0; i < count; i++) {
        text_append(&text, i == 0 ? STR("") : STR(", "));
        text_append(&text, names[i]);
    }
    table_add_text(table, text_str(&text));
    table->failed = table->failed || text.failed;
    text_free(&text);
}

void search_options_append_page(struct text_buffer *out, const struct page *page, size_t count,
                                const char *one, const char *many)
{
    char grouped[3][32];
    const char *noun = page->total_count == 1 ? one : many;
    progress_grouped((uint64_t)page->total_count, grouped[0]);
    if ((int64_t)count == page->total_count) {
        text_appendf(out, "%s %s\n", grouped[0], noun);
        return;
    }
    int64_t first = page_offset((struct page_request){page->number, page->size}) + 1;
    if (count == 0) {
        text_appendf(out, "none of %s %s (page %" PRId64 " of %" PRId64 ")\n", grouped[0], noun,
                     page->number, page_total(page));
        return;
    }
    progress_grouped((uint64_t)first, grouped[1]);
    progress_grouped((uint64_t)first + count - 1, grouped[2]);
    text_appendf(out, "%s to %s of %s %s (page %" PRId64 " of %" PRId64 ")\n", grouped[1],
                 grouped[2], grouped[0], noun, page->number, page_total(page));
}
