/*
 * Reads fields of a request: JSON values, with the messages that clients know for all that is wrong.
 *
 * Each function takes the place and the value (NULL: it is not there), adds what is wrong to the
 * faults, and tells whether *out was set.
 *
 * Thread rule: as field_faults.
 */
#ifndef API_FIELD_READ_H
#define API_FIELD_READ_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "api/field_faults.h"
#include "base/str.h"

/* As Python calls it: clients know these messages. */
const char *field_type_name(const json_t *value);

/* Neither absent nor null. */
bool field_is_given(struct field_faults *faults, const struct field_path *path,
                    const json_t *value);

/* The whole request is one too, of `path` NULL. */
bool field_is_object(struct field_faults *faults, const struct field_path *path,
                     const json_t *value);
bool field_is_list(struct field_faults *faults, const struct field_path *path, const json_t *value);

/* Not blank; a view of the value without white space at the ends, which says nothing. */
bool field_read_text(struct str *out, struct field_faults *faults, const struct field_path *path,
                     const json_t *value);

/* Also of a text that is one. */
bool field_read_integer(int64_t *out, struct field_faults *faults, const struct field_path *path,
                        const json_t *value);

/* Likewise; both bounds included, and whole numbers, for the messages. */
bool field_read_number(double *out, struct field_faults *faults, const struct field_path *path,
                       const json_t *value, int least, int most);

/* true, false, 0, 1, or a text of field_boolean_from_text(). */
bool field_read_boolean(bool *out, struct field_faults *faults, const struct field_path *path,
                        const json_t *value);
bool field_boolean_from_text(bool *out, struct str text);

/* A numeric id (empi/object_id.h); `kind` is its name in messages, "PersonRecord". */
bool field_read_id(int64_t *out, struct field_faults *faults, const struct field_path *path,
                   const json_t *value, const char *prefix, const char *kind);

/* "s3://bucket/key", the bucket in [a-z0-9.-]. */
bool field_read_s3_uri(struct str *out, struct field_faults *faults, const struct field_path *path,
                       const json_t *value);
bool field_is_s3_uri(struct str text);

/* A fault for every key that is not among `known`, which ends with NULL. */
void field_refuse_others(struct field_faults *faults, const struct field_path *path,
                         const json_t *object, const char *const *known);

/* The fault of a number outside of its bounds. */
void field_refuse_number(struct field_faults *faults, const struct field_path *path, bool too_small,
                         int64_t bound);

#endif
