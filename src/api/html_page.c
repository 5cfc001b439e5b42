#include "api/html_page.h"

#include <sodium.h>

enum { MOST_PAGE = 64 << 10 };

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

void html_page_append(struct text_buffer *out, struct str text)
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

void html_page_begin(struct text_buffer *out, const char *title)
{
    *out = TEXT_BUFFER(MOST_PAGE);
    text_append(out, STR("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"));
    html_page_append(out, str_from(title));
    text_append(out, STR(" – Tuva EMPI</title>\n<style>"));
    text_append(out, (struct str){style, sizeof style - 1});
    text_append(out, STR("</style>\n</head>\n<body>\n<main>\n<h1>"));
    html_page_append(out, str_from(title));
    text_append(out, STR("</h1>\n"));
}

void html_page_answer(struct http_exchange *exchange, unsigned status, struct text_buffer *page)
{
    text_append(page, STR("</main>\n</body>\n</html>\n"));
    http_respond_text(exchange, page->failed ? 503 : status, "text/html; charset=utf-8",
                      page->failed ? STR("") : text_str(page));
    set_policy(exchange);
    http_respond_header(exchange, "Cache-Control", "no-store");
    text_free(page);
}
