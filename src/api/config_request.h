/*
 * The body of POST /config: a model and its thresholds.
 *
 * Thread rule: any thread.
 */
#ifndef API_CONFIG_REQUEST_H
#define API_CONFIG_REQUEST_H

#include <jansson.h>

#include "api/field_faults.h"
#include "base/error.h"
#include "base/str.h"
#include "empi/configs.h"

/*
 * Reads the body `json`, whose text is `text`, into what configs_create() takes; both must outlive
 * *out. All that is wrong is in `faults`, those that the engine finds in the model included, down to
 * a condition's syntax; none means that the model runs. Fails for want of memory only.
 *
 * A model that Splink saved (it says its link_type, sql_dialect or linker_uid) may leave out what
 * Splink leaves out, such as m and u of a level that was never trained: then Splink's defaults hold.
 */
int config_request_read(struct config_request *out, struct field_faults *faults, const json_t *json,
                        struct str text, struct error *error);

#endif
