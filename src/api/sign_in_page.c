#include "api/sign_in_page.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "identity/identity.h"

enum { MOST_PAGE = 64 << 10, POLICY_SIZE = 320 };

static const char style[] =
    ":root{color-scheme:light "
    "dark;--line:#767676;--accent:#0b5cad;--on-accent:#fff;--fault:#b00020}"
    "@media(prefers-color-scheme:dark){:root{--line:#8c8c8c;--accent:#8ab4f8;--on-accent:#10131a;"
    "--fault:#ff8a80}}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0;display:grid;min-height:100vh;"
    "place-items:center}"
    "main{width:min(22rem,calc(100vw - 2rem));padding:1rem 0}"
    "h1{font-size:1.5rem;margin:0 0 1rem}"
    "label{display:block;margin:1rem 0 .25rem}"
    "input,button{box-sizing:border-box;width:100%;font:inherit;padding:.6rem;"
    "border:1px solid var(--line);border-radius:.4rem}"
    "button{margin-top:1.5rem;border:0;background:var(--accent);color:var(--on-accent);"
    "font-weight:600;cursor:pointer}"
    ":focus-visible{outline:3px solid var(--accent);outline-offset:2px}"
    ".fault{border-left:4px solid var(--fault);padding:.25rem .75rem;margin:0 0 1rem}"
    ".hint{margin:.25rem 0 0}";

/* The style is allowed by its hash, so that nothing else in the page could bring any. */
static void set_policy(struct http_exchange *exchange)
{
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[64];
    crypto_hash_sha256(hash, (const unsigned char *)style, sizeof style - 1);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    http_respond_header(exchange, "Content-Security-Policy",
                        "default-src 'none'; style-src 'sha256-%s'; form-action 'self'; base-uri "
                        "'none'; frame-ancestors 'none'",
                        text);
}

/* ---- text ---- */

static void append_escaped(struct text_buffer *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        switch (text.ptr[i]) {
        case '&': text_append(out, STR("&amp;")); break;
        case '<': text_append(out, STR("&lt;")); break;
        case '>': text_append(out, STR("&gt;")); break;
        case '"': text_append(out, STR("&quot;")); break;
        default: text_append_char(out, text.ptr[i]);
        }
    }
}

static void append_text(struct text_buffer *out, const char *text)
{
    append_escaped(out, str_from(text));
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
        append_escaped(out, value);
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
    text_append(out, STR("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"));
    append_text(out, page->title);
    text_append(out, STR(" – Tuva EMPI</title>\n<style>"));
    text_append(out, (struct str){style, sizeof style - 1});
    text_append(out, STR("</style>\n</head>\n<body>\n<main>\n<h1>"));
    append_text(out, page->title);
    text_append(out, STR("</h1>\n"));
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
    text_append(out, STR("</main>\n</body>\n</html>\n"));
}

void sign_in_page_answer(struct http_exchange *exchange, unsigned status,
                         const struct sign_in_page *page)
{
    struct text_buffer html = TEXT_BUFFER(MOST_PAGE);
    append_page(&html, page);
    http_respond_text(exchange, html.failed ? 503 : status, "text/html; charset=utf-8",
                      html.failed ? STR("") : text_str(&html));
    set_policy(exchange);
    http_respond_header(exchange, "Cache-Control", "no-store");
    text_free(&html);
}
