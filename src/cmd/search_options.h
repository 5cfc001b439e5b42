/* The options of commands that list what is searched for. Thread rule: the main thread. */
#ifndef CMD_SEARCH_OPTIONS_H
#define CMD_SEARCH_OPTIONS_H

#include "base/json.h"
#include "cmd/command.h"
#include "cmd/table.h"
#include "empi/page.h"
#include "empi/search.h"

enum {
    SEARCH_FIRST_NAME,
    SEARCH_LAST_NAME,
    SEARCH_BIRTH_DATE,
    SEARCH_PERSON_ID,
    SEARCH_SOURCE_PERSON_ID,
    SEARCH_DATA_SOURCE,
    SEARCH_PAGE,
    SEARCH_PAGE_SIZE,
    SEARCH_JSON,
    SEARCH_OPTION_COUNT,
};

extern const struct command_option search_options[SEARCH_OPTION_COUNT];

/* What the help says of them. */
#define SEARCH_NOTES                                                                            \
    "Names and birth date are found by any part of them, ids by how they begin, a data source " \
    "by\n"                                                                                      \
    "its whole name. All conditions have to hold for one and the same record."

/* What was asked for; the texts live as long as the command line. */
void search_options_read(struct search *search, struct page_request *request,
                         const struct command_line *line);

/* A cell of names, separated by commas. */
void search_options_add_names(struct table *table, const struct str *names, size_t count);

/* A line on where a page stands: "2 persons", "51 to 100 of 1,234 persons (page 2 of 25)". */
void search_options_append_page(struct text_buffer *out, const struct page *page, size_t count,
                                const char *one, const char *many);

#endif
