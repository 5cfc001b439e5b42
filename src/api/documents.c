/* GET /schema and /docs. */

#include "api/documents.h"

#include <sodium.h>
#include <stdio.h>

#include "api/api.h"
#include "api/docs_page.h"
#include "api/handlers.h"
#include "api/yaml_json.h"
#include "base/json_read.h"
#include "base/memory.h"
#include "http/media_type.h"

enum { MAX_BYTES = 4 << 20, POLICY_SIZE = 256 };

struct api_documents {
    struct text_buffer json;
    struct text_buffer page;
    char policy[POLICY_SIZE];
};

/* The style is allowed by its hash, so that nothing else in the page could bring any. */
static void make_policy(struct api_documents *documents)
{
    enum { BASE64_SIZE = 64 };
    unsigned char hash[crypto_hash_sha256_BYTES];
    char text[BASE64_SIZE];
    struct str style = str_from(docs_page_style);
    crypto_hash_sha256(hash, (const unsigned char *)style.ptr, style.len);
    sodium_bin2base64(text, sizeof text, hash, sizeof hash, sodium_base64_VARIANT_ORIGINAL);
    snprintf(documents->policy, sizeof documents->policy,
             "default-src 'none'; style-src 'sha256-%s'; base-uri 'none'; form-action 'none'; "
             "frame-ancestors 'none'",
             text);
}

static int make(struct api_documents *documents, struct error *error)
{
    json_t *document;
    int status = yaml_json_convert(&documents->json, str_from(api_openapi_yaml), error);
    if (status == 0) {
        status = json_read(&document, text_str(&documents->json), NULL, error);
    }
    if (status != 0) {
        error_prefix(error, "openapi.yaml");
        return status;
    }
    docs_page_write(&documents->page, document);
    json_decref(document);
    make_policy(documents);
    return documents->page.failed ? error_out_of_memory(error) : 0;
}

int api_documents_open(struct api_documents **out, struct error *error)
{
    struct api_documents *documents = memory_alloc_zeroed(1, sizeof *documents);
    if (documents == NULL) {
        return error_out_of_memory(error);
    }
    documents->json = TEXT_BUFFER(MAX_BYTES);
    documents->page = TEXT_BUFFER(MAX_BYTES);
    int status = make(documents, error);
    if (status != 0) {
        api_documents_close(documents);
        return status;
    }
    *out = documents;
    return 0;
}

struct str api_documents_json(const struct api_documents *documents)
{
    return text_str(&documents->json);
}

struct str api_documents_page(const struct api_documents *documents)
{
    return text_str(&documents->page);
}

const char *api_documents_policy(const struct api_documents *documents)
{
    return documents->policy;
}

void api_documents_close(struct api_documents *documents)
{
    if (documents != NULL) {
        text_free(&documents->json);
        text_free(&documents->page);
        memory_free(documents);
    }
}

/* ---- handlers ---- */

/* In either case of letters; part of a name, for there are several of both. */
static bool names(struct str type, const char *word)
{
    const char *found = type.len == 0 ? NULL : strcasestr(type.ptr, word);
    return found != NULL && found < type.ptr + type.len;
}

/* Whether JSON is asked for: named in Accept before any YAML. */
static bool wants_json(const struct http_exchange *exchange)
{
    struct str rest = http_header(exchange, "Accept");
    while (rest.len > 0) {
        struct str type;
        bool wanted = http_take_accepted(&type, &rest);
        if (wanted && (names(type, "json") || names(type, "yaml"))) {
            return names(type, "json");
        }
    }
    return false;
}

int handle_schema(struct http_exchange *exchange, struct error *error)
{
    (void)error;
    http_respond_header(exchange, "Vary", "Accept");
    http_respond_header(exchange, "Cache-Control", "no-cache");
    if (wants_json(exchange)) {
        http_respond_view(exchange, 200, "application/json",
                          api_documents_json(api_of(exchange)->documents));
    } else {
        http_respond_view(exchange, 200, "application/vnd.oai.openapi", str_from(api_openapi_yaml));
    }
    return 0;
}

int handle_docs(struct http_exchange *exchange, struct error *error)
{
    (void)error;
    const struct api_documents *documents = api_of(exchange)->documents;
    http_respond_header(exchange, "Content-Security-Policy", "%s", api_documents_policy(documents));
    http_respond_header(exchange, "Cache-Control", "no-cache");
    http_respond_view(exchange, 200, "text/html; charset=utf-8", api_documents_page(documents));
    return 0;
}
