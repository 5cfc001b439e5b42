/*
 * The description of the HTTP API: openapi.yaml, built into the program, the same as JSON, and as a
 * page for people that works without scripts and without any other server.
 *
 * Thread rule: immutable once opened.
 */
#ifndef API_DOCUMENTS_H
#define API_DOCUMENTS_H

#include "base/error.h"
#include "base/str.h"

/* The file, word for word. */
extern const char api_openapi_yaml[];

struct api_documents;

int api_documents_open(struct api_documents **out, struct error *error);

struct str api_documents_json(const struct api_documents *documents);
struct str api_documents_page(const struct api_documents *documents);
/* The Content-Security-Policy of the page: nothing but its own style. */
const char *api_documents_policy(const struct api_documents *documents);

/* NULL is fine. */
void api_documents_close(struct api_documents *documents);

#endif
