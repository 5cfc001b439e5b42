/* GET /users and POST /users/{id}. */

#include "api/api.h"
#include "api/field_read.h"
#include "api/handlers.h"
#include "api/page_json.h"
#include "api/query.h"
#include "api/user_json.h"
#include "base/log.h"
#include "empi/object_id.h"

void user_json_write(struct json_writer *json, const struct identity_user *user)
{
    const char *role = identity_role_name(user->role);
    json_write_open_object(json);
    page_json_write_id(json, "id", OBJECT_ID_USER, user->id);
    json_write_key(json, "email");
    json_write_string(json, user->email);
    json_write_key(json, "role");
    json_write_string(json, role == NULL ? (struct str){NULL, 0} : str_from(role));
    json_write_close_object(json);
}

static void write_list(struct json_writer *json, const struct identity_users *users)
{
    json_write_open_object(json);
    json_write_key(json, "users");
    json_write_open_array(json);
    for (size_t i = 0; i < users->count; i++) {
        user_json_write(json, &users->items[i]);
    }
    json_write_close_array(json);
    json_write_close_object(json);
}

int handle_list_users(struct http_exchange *exchange, struct error *error)
{
    static const char *const known[] = {NULL};
    struct field_faults faults = {.arena = &exchange->arena};
    query_refuse_others(&faults, exchange, known);
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    struct identity_users users;
    int status = identity_users_list(&users, &exchange->arena, api_of(exchange)->identity, error);
    if (status == STATUS_IO) {
        /* The provider refuses, or its answer is none: its administrator has to see to that. */
        log_write(LOG_ERROR, "%s: %s", exchange->id, error->message);
        http_respond_error(exchange, 503, "The identity provider does not list its users.");
        http_respond_header(exchange, "Retry-After", "60");
        return 0;
    }
    if (status == 0) {
        write_list(http_respond_json(exchange, 200), &users);
    }
    return api_answer_failure(exchange, status, error);
}

/* ---- changing ---- */

/* null takes the role away; leaving it out is a mistake. */
static void read_role(enum identity_role *out, struct field_faults *faults, const json_t *json)
{
    const struct field_path path = {NULL, "role", 0};
    const json_t *value = json_object_get(json, "role");
    struct str name;
    *out = IDENTITY_NO_ROLE;
    if (!json_is_null(value) && field_read_text(&name, faults, &path, value) &&
        !identity_role_from_name(out, name)) {
        field_faults_add(faults, &path, "\"%.*s\" is not a valid choice.", STR_ARG(name));
    }
}

static void read_request(enum identity_role *role, struct field_faults *faults, const json_t *json)
{
    static const char *const known[] = {"role", NULL};
    if (field_is_object(faults, NULL, json)) {
        read_role(role, faults, json);
        field_refuse_others(faults, NULL, json, known);
    }
}

static void write_changed(struct json_writer *json, int64_t id)
{
    json_write_open_object(json);
    json_write_key(json, "user");
    json_write_open_object(json);
    page_json_write_id(json, "id", OBJECT_ID_USER, id);
    json_write_close_object(json);
    json_write_close_object(json);
}

int handle_update_user(struct http_exchange *exchange, struct error *error)
{
    struct field_faults faults = {.arena = &exchange->arena};
    enum identity_role role = IDENTITY_NO_ROLE;
    int64_t id = 0;
    json_t *json;
    int status = api_read_json(&json, exchange, error);
    if (status != 0 || json == NULL) {
        return status;
    }
    query_read_id(&id, &faults, exchange, OBJECT_ID_USER, "user_id", "User");
    read_request(&role, &faults, json);
    json_decref(json);
    if (field_faults_any(&faults)) {
        return api_answer_faults(exchange, &faults, error);
    }
    status = identity_users_set_role(api_of(exchange)->identity, id, role, error);
    if (status == 0) {
        write_changed(http_respond_json(exchange, 200), id);
    }
    return api_answer_failure(exchange, status, error);
}
