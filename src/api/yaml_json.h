/*
 * YAML as JSON: what both can say. Plain scalars become null, booleans and numbers by YAML's core
 * schema, quoted ones texts. Keys are texts. No anchors, no tags, one document.
 *
 * Thread rule: any thread.
 */
#ifndef API_YAML_JSON_H
#define API_YAML_JSON_H

#include "base/error.h"
#include "base/str.h"

/* Appends on one line. STATUS_INVALID names line and column. */
int yaml_json_convert(struct text_buffer *out, struct str yaml, struct error *error);

#endif
