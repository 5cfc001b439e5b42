/* Users in JSON. Any thread. */
#ifndef API_USER_JSON_H
#define API_USER_JSON_H

#include "base/json.h"
#include "identity/identity.h"

/* {"id", "email", "role"} */
void user_json_write(struct json_writer *json, const struct identity_user *user);

#endif
