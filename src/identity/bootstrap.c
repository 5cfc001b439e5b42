/* The first admin. */

#include <string.h>

#include "base/memory.h"
#include "identity/internal.h"
#include "identity/providers/local.h"
#include "identity/users.h"

static int has_admin(bool *out, struct connection *connection, struct error *error)
{
    struct rows *rows;
    int status =
        query_run(&rows, connection,
                  "select exists (select from empi.app_user where role = 'admin')", NULL, 0, error);
    if (status == 0) {
        *out = rows_boolean(rows, 0, 0);
        rows_free(rows);
    }
    return status;
}

/* Users of the table with one address. */
struct found {
    size_t count;
    int64_t id;      /* of one */
    bool unverified; /* the provider says of that one that nobody has verified the address */
};

static bool is_unverified(const struct users_given *given, struct str subject)
{
    bool unverified = false;
    for (size_t i = 0; i < given->count; i++) {
        /* Pages may overlap while users are changed: of who is there twice, the worse counts. */
        unverified = unverified ||
                     (given->items[i].unverified && str_equal(given->items[i].subject, subject));
    }
    return unverified;
}

static int find_users(struct found *out, struct connection *connection,
                      const struct users_given *given, const char *email, struct error *error)
{
    const struct query_parameter parameter = query_text(email);
    struct rows *rows;
    int status = query_run(&rows, connection,
                           "select id, idp_user_id from empi.app_user\n"
                           "where lower(email collate \"und-x-icu\") =\n"
                           "    lower($1::text collate \"und-x-icu\")\n"
                           "order by id",
                           &parameter, 1, error);
    if (status == 0) {
        *out = (struct found){.count = rows_count(rows)};
        if (out->count > 0) {
            out->id = rows_integer(rows, 0, 0);
            out->unverified = is_unverified(given, rows_text(rows, 0, 1));
        }
        rows_free(rows);
    }
    return status;
}

/* Of the local provider, who is not there is made. */
static int make_local(int64_t *id, struct identity_bootstrap *out, struct arena *arena,
                      struct identity *identity, struct connection *connection, const char *email,
                      struct error *error)
{
    char password[IDENTITY_MADE_PASSWORD_SIZE];
    int status = identity_make_password(password, error);
    if (status == 0) {
        status = local_add(id, identity, connection, str_from(email), str_from(password), true,
                           IDENTITY_ADMIN, error);
    }
    if (status == 0) {
        out->password = arena_copy(arena, str_from(password));
        status = out->password == NULL ? error_out_of_memory(error) : 0;
    }
    return status;
}

static int refuse_count(const struct identity *identity, const char *email, size_t count,
                        struct error *error)
{
    if (count > 1) {
        error_set(error, STATUS_INVALID,
                  "%zu users have the address %s (initial_setup.admin_email)", count, email);
        error_hint(error, "give each user of the identity provider an address of their own");
        return STATUS_INVALID;
    }
    error_set(error, STATUS_INVALID,
              "the identity provider has no user with the address %s (initial_setup.admin_email)",
              email);
    error_hint(error, identity->backend == CONFIG_IDP_OIDC
                          ? "its users become known when they sign in: let them do that once, then "
                            "run bootstrap again; an address that the provider calls unverified "
                            "does not count"
                          : "add the user there, then run bootstrap again");
    return STATUS_INVALID;
}

/* Where people register by themselves, anybody can claim to have anybody's address. */
static int refuse_unverified(const char *email, struct error *error)
{
    error_set(error, STATUS_INVALID,
              "the identity provider says that nobody has verified the address %s "
              "(initial_setup.admin_email) of its user",
              email);
    error_hint(error, "verify it there, by the provider's mail or as its administrator, then run "
                      "bootstrap again");
    return STATUS_INVALID;
}

/* Makes the one who was found the first admin. */
static int appoint(struct connection *connection, const struct identity *identity,
                   const struct found *found, struct error *error)
{
    const char *email = identity->config->admin_email;
    if (found->count != 1) {
        return refuse_count(identity, email, found->count, error);
    }
    return found->unverified ? refuse_unverified(email, error)
                             : users_set_role(connection, found->id, IDENTITY_ADMIN, error);
}

/* In a transaction. */
static int make_admin(struct identity_bootstrap *out, struct arena *arena,
                      struct identity *identity, struct connection *connection,
                      const struct users_given *given, bool complete, struct error *error)
{
    const char *email = identity->config->admin_email;
    bool known;
    struct found found = {0};
    /* Two at once would make two first admins. */
    int status =
        query_script(connection, "lock table empi.app_user in share row exclusive mode", error);
    if (status == 0) {
        status = has_admin(&known, connection, error);
    }
    if (status != 0 || known) {
        return status;
    }
    if (given->count > 0) {
        status = users_write_given(connection, given, complete, error);
    }
    if (status == 0) {
        status = find_users(&found, connection, given, email, error);
    }
    bool make = found.count == 0 && identity->backend == CONFIG_IDP_LOCAL;
    if (status == 0 && make) {
        status = make_local(&found.id, out, arena, identity, connection, email, error);
    } else if (status == 0) {
        status = appoint(connection, identity, &found, error);
    }
    out->done = status == 0;
    return status;
}

static int check_needed(bool *needed, struct identity *identity, struct error *error)
{
    struct connection *connection;
    bool known = false;
    int status = identity_take_connection(&connection, identity, error);
    if (status == 0) {
        status = has_admin(&known, connection, error);
        store_give_back(connection);
    }
    *needed = !known;
    return status;
}

static int check_address(const struct identity *identity, struct error *error)
{
    const char *email = identity->config->admin_email;
    if (email != NULL && str_trim(str_from(email)).len > 0) {
        return 0;
    }
    error_set(error, STATUS_INVALID, "nobody is named who is to be the first admin");
    error_hint(error, "set initial_setup.admin_email to the address of a user");
    return STATUS_INVALID;
}

int identity_bootstrap(struct identity_bootstrap *out, struct arena *arena,
                       struct identity *identity, struct error *error)
{
    *out = (struct identity_bootstrap){0};
    struct users_given given = {.arena = arena};
    struct connection *connection;
    bool needed;
    bool complete = false;
    int status = check_needed(&needed, identity, error);
    if (status != 0 || !needed) {
        return status;
    }
    status = check_address(identity, error);
    if (status == 0) {
        status = users_ask_provider(&given, &complete, identity, error);
    }
    if (status == 0) {
        status = identity_take_connection(&connection, identity, error);
    }
    if (status != 0) {
        return status;
    }
    status = transaction_begin(connection, error);
    if (status == 0) {
        status = make_admin(out, arena, identity, connection, &given, complete, error);
        status = status != 0 ? status : transaction_commit(connection, error);
        if (status != 0) {
            transaction_roll_back(connection);
            out->done = false;
        }
    }
    store_give_back(connection);
    out->email = str_from(identity->config->admin_email);
    return status;
}
