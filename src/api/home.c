/* GET /: what this server is, and where to go from here. */

#include "api/api.h"
#include "api/handlers.h"
#include "api/html_page.h"

static void append_link(struct text_buffer *out, const char *path, const char *text,
                        const char *what)
{
    text_appendf(out, "<li><a href=\"%s\">%s</a>: %s</li>\n", path, text, what);
}

/* A browser is signed in by its cookie, so that these work by clicking on them. */
static void append_links(struct text_buffer *out, const struct identity_user *user)
{
    text_append(out, STR("<ul>\n"));
    if (user != NULL && user->role != IDENTITY_NO_ROLE) {
        append_link(out, "/api/v1/potential-matches", "Potential matches", "what is to be decided");
        append_link(out, "/api/v1/persons", "Persons", "all of them, by name");
        append_link(out, "/api/v1/jobs", "Jobs", "imports and exports, and how far they are");
    }
    append_link(out, "/api/v1/docs", "HTTP API", "every address, with what it takes and gives");
    text_append(out, STR("</ul>\n"));
}

static void append_user(struct text_buffer *out, const struct identity_user *user,
                        enum identity_sign_in by)
{
    const char *role = user == NULL ? NULL : identity_role_name(user->role);
    if (user == NULL) {
        text_append(out, by == IDENTITY_BY_PROXY ? STR("<p>You are not signed in.</p>\n")
                                                 : STR("<p><a href=\"/login\">Sign in</a></p>\n"));
        return;
    }
    text_append(out, STR("<p>Signed in"));
    if (user->email.len > 0) {
        text_append(out, STR(" as "));
        html_page_append(out, user->email);
    }
    text_appendf(out, ", %s.</p>\n", role == NULL ? "without a role: ask an administrator" : role);
    if (user->by_session) {
        text_append(out, STR("<form method=\"post\" action=\"/logout\"><button type=\"submit\">"
                             "Sign out</button></form>\n"));
    }
}

int handle_home(struct http_exchange *exchange, struct error *error)
{
    const struct identity_user *user;
    struct identity *identity = api_of(exchange)->identity;
    int status = identity_recognise(&user, exchange, identity, error);
    if (status != 0 || exchange->response.status != 0) {
        return status;
    }
    struct text_buffer page;
    html_page_begin(&page, "Tuva EMPI");
    text_append(&page,
                STR("<p>Enterprise master patient index, version " TUVA_EMPI_VERSION ".</p>\n"));
    append_links(&page, user);
    append_user(&page, user, identity_sign_in(identity));
    html_page_answer(exchange, 200, &page);
    return 0;
}
