#include "api/sign_in_page.h"

#include <stdio.h>

#include "api/html_page.h"
#include "identity/identity.h"

static void append_text(struct text_buffer *out, const char *text)
{
    html_page_append(out, str_from(text));
}

/* ---- parts ---- */

static void append_field(struct text_buffer *out, const char *id, const char *label,
                         const char *type, const char *complete, struct str value, const char *more)
{
    text_appendf(out, "<label for=\"%s\">%s</label>", id, label);
    text_appendf(out, "<input id=\"%s\" name=\"%s\" type=\"%s\" autocomplete=\"%s\" required%s", id,
                 id, type, complete, more);
    if (value.len > 0) {
        text_append(out, STR(" value=\""));
        html_page_append(out, value);
        text_append(out, STR("\""));
    }
    text_append(out, STR(">\n"));
}

/* The first field that is still empty has the focus. */
static void append_form(struct text_buffer *out, const struct sign_in_page *page)
{
    bool named = page->name.len > 0;
    text_appendf(out, "<form method=\"post\" action=\"%s\">\n",
                 page->new_password ? "/login/password" : "/login");
    text_append(out, STR("<input type=\"hidden\" name=\"return_to\" value=\""));
    append_text(out, page->return_path);
    text_append(out, STR("\">\n"));
    append_field(out, "username", "User name or e-mail address", "text", "username", page->name,
                 named ? " spellcheck=\"false\" autocapitalize=\"none\""
                       : " spellcheck=\"false\" autocapitalize=\"none\" autofocus");
    append_field(out, "password", page->new_password ? "Present password" : "Password", "password",
                 "current-password", (struct str){NULL, 0}, named ? " autofocus" : "");
    if (page->new_password) {
        char least[96];
        snprintf(least, sizeof least, " minlength=\"%d\" aria-describedby=\"rule\"",
                 IDENTITY_PASSWORD_LEAST);
        append_field(out, "new_password", "New password", "password", "new-password",
                     (struct str){NULL, 0}, least);
        text_appendf(out,
                     "<p id=\"rule\" class=\"hint\">At least %d characters; a few words are "
                     "good.</p>\n",
                     IDENTITY_PASSWORD_LEAST);
        append_field(out, "new_password_again", "New password again", "password", "new-password",
                     (struct str){NULL, 0}, least);
    }
    text_appendf(out, "<button type=\"submit\">%s</button>\n</form>\n",
                 page->new_password ? "Change password" : "Sign in");
}

static void append_page(struct text_buffer *out, const struct sign_in_page *page)
{
    if (page->fault != NULL) {
        text_append(out, STR("<p class=\"fault\" role=\"alert\">"));
        append_text(out, page->fault);
        text_append(out, STR("</p>\n"));
    }
    if (page->hint != NULL) {
        text_append(out, STR("<p>"));
        append_text(out, page->hint);
        text_append(out, STR("</p>\n"));
    }
    if (page->no_form) {
        text_append(out, STR("<p><a href=\"/login\">Sign in</a></p>\n"));
    } else {
        append_form(out, page);
    }
}

void sign_in_page_answer(struct http_exchange *exchange, unsigned status,
                         const struct sign_in_page *page)
{
    struct text_buffer html;
    html_page_begin(&html, page->title);
    append_page(&html, page);
    html_page_answer(exchange, status, &html);
}
