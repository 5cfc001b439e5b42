#include "identity/users.h"

#include "base/compiler.h"
#include "base/json.h"
#include "base/memory.h"
#include "identity/providers/cognito.h"
#include "identity/providers/keycloak.h"

enum {
    MOST_USERS = 1 << 20,
    MOST_DOCUMENT = 512 << 20, /* of them: a subject of 255 and an address of 254 bytes each */
};

/* ---- rows ---- */

bool users_read_row(struct identity_user *out, struct arena *arena, const struct rows *rows,
                    size_t row)
{
    struct str role = rows_text(rows, row, 3);
    out->id = rows_integer(rows, row, 0);
    out->role = IDENTITY_NO_ROLE;
    if (role.ptr != NULL) {
        identity_role_from_name(&out->role, role);
    }
    return identity_row_text(&out->subject, arena, rows, row, 1) &&
           identity_row_text(&out->email, arena, rows, row, 2);
}

/* The one row, or none, of a query for users. */
static int read_one(struct identity_user *out, struct arena *arena, struct connection *connection,
                    const char *sql, const struct query_parameter *parameters, size_t count,
                    struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection, sql, parameters, count, error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 1 && !users_read_row(out, arena, rows, 0)) {
        status = error_out_of_memory(error);
    }
    rows_free(rows);
    return status;
}

int users_find(struct identity_user *out, struct arena *arena, struct connection *connection,
               struct str subject, struct error *error)
{
    const char *text = arena_copy(arena, subject);
    *out = (struct identity_user){.subject = {text, subject.len}, .email = STR("")};
    if (text == NULL) {
        return error_out_of_memory(error);
    }
    const struct query_parameter parameter = query_text(text);
    return read_one(out, arena, connection,
                    "select id, idp_user_id, email, role\n"
                    "from empi.app_user\n"
                    "where idp_user_id = $1",
                    &parameter, 1, error);
}

/* An address that is not empty replaces the one we have. */
static int keep_email(struct identity_user *user, struct connection *connection, const char *email,
                      struct error *error)
{
    if (email[0] == '\0' || str_equal(user->email, str_from(email))) {
        return 0;
    }
    const struct query_parameter parameters[] = {query_integer(user->id), query_text(email)};
    user->email = str_from(email);
    return query_run(NULL, connection,
                     "update empi.app_user set email = $2, updated = now() where id = $1",
                     parameters, ARRAY_LENGTH(parameters), error);
}

int users_remember(struct identity_user *out, struct arena *arena, struct connection *connection,
                   struct str subject, struct str email, struct error *error)
{
    int status = users_find(out, arena, connection, subject, error);
    const char *email_text = arena_copy(arena, email);
    if (status == 0 && email_text == NULL) {
        status = error_out_of_memory(error);
    }
    if (status != 0) {
        return status;
    }
    if (out->id != 0) {
        return keep_email(out, connection, email_text, error);
    }
    const struct query_parameter parameters[] = {query_text(out->subject.ptr),
                                                 query_text(email_text)};
    /* Somebody else may just have added them. */
    return read_one(out, arena, connection,
                    "insert into empi.app_user (idp_user_id, email)\n"
                    "values ($1, $2)\n"
                    "on conflict (idp_user_id) do update set updated = now()\n"
                    "returning id, idp_user_id, email, role",
                    parameters, ARRAY_LENGTH(parameters), error);
}

/* ---- the provider's list ---- */

int users_give(struct users_given *given, const struct users_given_one *user, struct error *error)
{
    if (given->count == MOST_USERS) {
        return error_set(error, STATUS_RESOURCES, "the identity provider lists more than %d users",
                         MOST_USERS);
    }
    if (given->count == given->room) {
        size_t room = given->room == 0 ? 256 : 2 * given->room;
        struct users_given_one *items = arena_alloc_array(given->arena, room, sizeof *items);
        if (items == NULL) {
            return error_out_of_memory(error);
        }
        if (given->count > 0) {
            memcpy(items, given->items, given->count * sizeof *items);
        }
        given->items = items;
        given->room = room;
    }
    struct users_given_one *one = &given->items[given->count];
    *one = *user;
    one->subject.ptr = arena_copy(given->arena, user->subject);
    one->email.ptr = arena_copy(given->arena, user->email);
    if (one->subject.ptr == NULL || one->email.ptr == NULL) {
        return error_out_of_memory(error);
    }
    given->count++;
    return 0;
}

int users_ask_provider(struct users_given *given, bool *complete, struct identity *identity,
                       struct error *error)
{
    *complete = false;
    int status = 0;
    switch (identity->backend) {
    case CONFIG_IDP_KEYCLOAK:
        status = keycloak_list_users(given, identity->config, error);
        *complete = true;
        break;
    case CONFIG_IDP_AWS_COGNITO:
        status = cognito_give_users(given, identity->config, error);
        *complete = true;
        break;
    case CONFIG_IDP_OIDC: /* its users appear when they first sign in */
    case CONFIG_IDP_LOCAL: break;
    }
    return status;
}

static void write_document(struct text_buffer *out, const struct users_given *given)
{
    struct json_writer writer;
    json_write_begin(&writer, out, 0);
    json_write_open_array(&writer);
    for (size_t i = 0; i < given->count; i++) {
        json_write_open_object(&writer);
        json_write_key(&writer, "subject");
        json_write_string(&writer, given->items[i].subject);
        json_write_key(&writer, "email");
        json_write_string(&writer, given->items[i].email);
        json_write_close_object(&writer);
    }
    json_write_close_array(&writer);
}

/* In the provider's order. Who is known already is left out, for an insertion that finds them would
   use up an id. Pages may overlap while users are changed: of one who is there twice, one counts. */
static const char insert_given[] =
    "insert into empi.app_user (idp_user_id, email)\n"
    "select subject, email\n"
    "from (\n"
    "    select distinct on (subject) subject, email, position\n"
    "    from rows from (json_to_recordset($1::json) as (subject text, email text))\n"
    "        with ordinality as given (subject, email, position)\n"
    "    where not exists (\n"
    "        select from empi.app_user where app_user.idp_user_id = given.subject\n"
    "    )\n"
    "    order by subject, email desc, position\n"
    ") as fresh\n"
    "order by position\n"
    "on conflict (idp_user_id) do nothing";

static const char update_given[] =
    "update empi.app_user\n"
    "set email = given.email, updated = now()\n"
    "from (\n"
    "    select subject, max(email) as email\n"
    "    from json_to_recordset($1::json) as one (subject text, email text)\n"
    "    group by subject\n"
    ") as given\n"
    "where given.subject = app_user.idp_user_id\n"
    "    and given.email <> app_user.email";

/* Who is gone keeps a row, for what they did refers to it; but no session. */
static const char *const forget_missing[] = {
    "delete from empi.session\n"
    "using empi.app_user\n"
    "where app_user.id = session.user_id\n"
    "    and not exists (\n"
    "        select from json_to_recordset($1::json) as given (subject text)\n"
    "        where given.subject = app_user.idp_user_id\n"
    "    )",
    "update empi.app_user\n"
    "set email = '', updated = now()\n"
    "where email <> ''\n"
    "    and not exists (\n"
    "        select from json_to_recordset($1::json) as given (subject text)\n"
    "        where given.subject = app_user.idp_user_id\n"
    "    )",
};

int users_write_given(struct connection *connection, const struct users_given *given, bool complete,
                      struct error *error)
{
    struct text_buffer document = TEXT_BUFFER(MOST_DOCUMENT);
    write_document(&document, given);
    int status = document.failed ? error_out_of_memory(error) : 0;
    const struct query_parameter parameter = query_text(document.ptr);
    if (status == 0) {
        status = query_run(NULL, connection, insert_given, &parameter, 1, error);
    }
    if (status == 0) {
        status = query_run(NULL, connection, update_given, &parameter, 1, error);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(forget_missing) && status == 0 && complete; i++) {
        status = query_run(NULL, connection, forget_missing[i], &parameter, 1, error);
    }
    text_free(&document);
    return status;
}

/* ---- the list ---- */

static int read_all(struct identity_users *out, struct arena *arena, struct connection *connection,
                    struct error *error)
{
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select id, idp_user_id, email, role from empi.app_user order by id",
                           NULL, 0, error);
    if (status != 0) {
        return status;
    }
    size_t count = rows_count(rows);
    struct identity_user *users = arena_alloc_zeroed(arena, count, sizeof *users);
    bool good = users != NULL;
    for (size_t i = 0; i < count && good; i++) {
        good = users_read_row(&users[i], arena, rows, i);
    }
    rows_free(rows);
    *out = (struct identity_users){users, count};
    return good ? 0 : error_out_of_memory(error);
}

int identity_users_list(struct identity_users *out, struct arena *arena, struct identity *identity,
                        struct error *error)
{
    struct users_given given = {.arena = arena};
    bool complete;
    int status = users_ask_provider(&given, &complete, identity, error);
    if (status != 0) {
        return status;
    }
    struct connection *connection;
    status = identity_take_connection(&connection, identity, error);
    if (status != 0) {
        return status;
    }
    if (given.count > 0) {
        status = transaction_begin(connection, error);
        if (status == 0) {
            status = users_write_given(connection, &given, complete, error);
            status = status != 0 ? status : transaction_commit(connection, error);
        }
        if (status != 0) {
            transaction_roll_back(connection);
        }
    }
    if (status == 0) {
        status = read_all(out, arena, connection, error);
    }
    store_give_back(connection);
    return status;
}

/* ---- roles ---- */

/* Admins are locked, so that two who take each other's role away do not both find one left. */
static int check_admins(struct connection *connection, int64_t id, enum identity_role role,
                        struct error *error)
{
    struct rows *rows;
    int status = query_run(
        &rows, connection,
        "select id from empi.app_user where role = 'admin' order by id for update", NULL, 0, error);
    if (status != 0) {
        return status;
    }
    bool only = rows_count(rows) == 1 && rows_integer(rows, 0, 0) == id;
    rows_free(rows);
    if (only && role != IDENTITY_ADMIN) {
        error_set(error, STATUS_INVALID, "The last admin cannot lose this role");
        error_hint(error, "make somebody else an admin first");
        return STATUS_INVALID;
    }
    return 0;
}

int users_set_role(struct connection *connection, int64_t id, enum identity_role role,
                   struct error *error)
{
    int status = check_admins(connection, id, role, error);
    if (status != 0) {
        return status;
    }
    const struct query_parameter parameters[] = {query_integer(id),
                                                 query_text(identity_role_name(role))};
    struct rows *rows;
    status = query_run(&rows, connection,
                       "update empi.app_user set role = $2, updated = now()\n"
                       "where id = $1\n"
                       "returning id",
                       parameters, ARRAY_LENGTH(parameters), error);
    if (status == 0) {
        status =
            rows_count(rows) == 1 ? 0 : error_set(error, STATUS_NOT_FOUND, "there is no such user");
        rows_free(rows);
    }
    return status;
}

int identity_users_set_role(struct identity *identity, int64_t id, enum identity_role role,
                            struct error *error)
{
    struct connection *connection;
    int status = identity_take_connection(&connection, identity, error);
    if (status != 0) {
        return status;
    }
    status = transaction_begin(connection, error);
    if (status == 0) {
        status = users_set_role(connection, id, role, error);
        status = status != 0 ? status : transaction_commit(connection, error);
        if (status != 0) {
            transaction_roll_back(connection);
        }
    }
    store_give_back(connection);
    return status;
}
