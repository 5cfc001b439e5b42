/* `tuva-empi users`, `users add`, `users set-password`, `users role` and `users remove`. */

#include <inttypes.h>
#include <stdio.h>

#include "api/user_json.h"
#include "base/json.h"
#include "base/stream.h"
#include "cmd/commands.h"
#include "cmd/index.h"
#include "cmd/table.h"
#include "empi/object_id.h"
#include "identity/identity.h"

enum { MAX_USERS = 512 << 20, MAX_TEXT = 256 << 20, MAX_PASSWORD_FILE = 4 << 10 };

/* ---- what the commands share ---- */

typedef int users_work(struct text_buffer *out, struct identity *identity,
                       const struct command_line *line, struct error *error);

static int with_identity(const struct command_line *line, users_work *work, struct error *error)
{
    static const struct index_options how = {.name = "tuva-empi users"};
    struct index *index = NULL;
    struct identity *identity = NULL;
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    int status = index_open(&index, &how, error);
    if (status == 0) {
        status = identity_open(&identity, index->config, index->store, error);
    }
    if (status == 0) {
        status = work(&text, identity, line, error);
    }
    identity_close(identity);
    index_close(index);
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    return status;
}

/* The first line of a file, for a command line can be read by others. */
static int read_password(struct text_buffer *out, const char *path, struct error *error)
{
    struct stream *stream;
    int status = stream_open_file(&stream, path, error);
    if (status != 0) {
        return status;
    }
    status = stream_read_all(stream, out, error);
    stream_free(stream);
    if (status == 0 && out->len > 0) {
        out->len = strcspn(out->ptr, "\r\n");
    }
    return status;
}

/* A password of the file's, or one that is made up and has to be changed. */
struct new_password {
    struct text_buffer file;
    char made[IDENTITY_MADE_PASSWORD_SIZE];
    struct str text;
    bool one_time;
};

static int take_password(struct new_password *out, const struct command_value *option,
                         struct error *error)
{
    *out =
        (struct new_password){.file = TEXT_BUFFER(MAX_PASSWORD_FILE), .one_time = !option->given};
    int status = out->one_time ? identity_make_password(out->made, error)
                               : read_password(&out->file, option->text, error);
    out->text = out->one_time ? str_from(out->made) : text_str(&out->file);
    return status;
}

static void append_password(struct text_buffer *out, const struct new_password *password)
{
    if (password->one_time) {
        text_appendf(out,
                     "Password: %s\n"
                     "It is shown this once, and has to be changed at the first sign-in.\n",
                     password->made);
    }
}

#define PASSWORD_OPTION                                                \
    {                                                                  \
        .name = "password-file", .kind = OPTION_TEXT, .value = "FILE", \
        .otherwise = "one is made up, good for one sign-in",           \
        .help = "its first line is the password; - is standard input"  \
    }

/* ---- listing ---- */

enum { LIST_JSON };

static const struct command_option list_options[] = {
    [LIST_JSON] = {.name = "json", .kind = OPTION_FLAG, .help = "for programs"},
};

static void append_table(struct text_buffer *out, const struct identity_users *users)
{
    static const struct table_column columns[] = {{"ID", true}, {"ROLE", false}, {"EMAIL", false}};
    struct table table = TABLE(columns);
    for (size_t i = 0; i < users->count; i++) {
        const char *role = identity_role_name(users->items[i].role);
        table_add(&table, OBJECT_ID_USER "%" PRId64, users->items[i].id);
        table_add_text(&table, role == NULL ? STR("") : str_from(role));
        table_add_text(&table, users->items[i].email);
    }
    table_append(out, &table);
    table_free(&table);
}

static void append_json(struct text_buffer *out, const struct identity_users *users)
{
    struct json_writer json;
    json_write_begin(&json, out, 2);
    json_write_open_array(&json);
    for (size_t i = 0; i < users->count; i++) {
        user_json_write(&json, &users->items[i]);
    }
    json_write_close_array(&json);
    text_append_char(out, '\n');
}

static int list(struct text_buffer *out, struct identity *identity, const struct command_line *line,
                struct error *error)
{
    struct arena arena = ARENA(MAX_USERS);
    struct identity_users users;
    int status = identity_users_list(&users, &arena, identity, error);
    if (status == 0 && line->values[LIST_JSON].given) {
        append_json(out, &users);
    } else if (status == 0) {
        append_table(out, &users);
    }
    arena_free(&arena);
    return status;
}

static int run_list(const struct command_line *line, struct error *error)
{
    return with_identity(line, list, error);
}

const struct command command_users = {
    .name = "users",
    .summary = "List the users, as the identity provider knows them now, with their roles.",
    .options = list_options,
    .option_count = ARRAY_LENGTH(list_options),
    .run = run_list,
};

/* ---- adding ---- */

enum { ADD_ROLE, ADD_PASSWORD };

/* In the order of the option's words. */
static const enum identity_role roles[] = {IDENTITY_ADMIN, IDENTITY_MEMBER, IDENTITY_NO_ROLE};

static const struct command_option add_options[] = {
    [ADD_ROLE] = {.name = "role",
                  .kind = OPTION_CHOICE,
                  .value = "admin|member|none",
                  .fallback = "member",
                  .help = "what they may do"},
    [ADD_PASSWORD] = PASSWORD_OPTION,
};

static int add(struct text_buffer *out, struct identity *identity, const struct command_line *line,
               struct error *error)
{
    struct new_password password;
    int64_t id;
    int status = take_password(&password, &line->values[ADD_PASSWORD], error);
    if (status == 0) {
        status =
            identity_local_add(&id, identity, str_from(line->arguments[0]), password.text,
                               password.one_time, roles[line->values[ADD_ROLE].integer], error);
    }
    if (status == 0) {
        text_appendf(out, OBJECT_ID_USER "%" PRId64 "\n", id);
        append_password(out, &password);
    }
    text_free(&password.file);
    return status;
}

static int run_add(const struct command_line *line, struct error *error)
{
    return with_identity(line, add, error);
}

const struct command command_users_add = {
    .name = "users add",
    .arguments = "NAME",
    .arguments_least = 1,
    .arguments_most = 1,
    .summary = "Add a user of the local provider.",
    .options = add_options,
    .option_count = ARRAY_LENGTH(add_options),
    .run = run_add,
};

/* ---- passwords ---- */

enum { SET_PASSWORD };

static const struct command_option set_options[] = {
    [SET_PASSWORD] = PASSWORD_OPTION,
};

static int set_password(struct text_buffer *out, struct identity *identity,
                        const struct command_line *line, struct error *error)
{
    struct new_password password;
    int status = take_password(&password, &line->values[SET_PASSWORD], error);
    if (status == 0) {
        status = identity_local_set_password(identity, str_from(line->arguments[0]), password.text,
                                             password.one_time, error);
    }
    if (status == 0) {
        append_password(out, &password);
    }
    text_free(&password.file);
    return status;
}

static int run_set_password(const struct command_line *line, struct error *error)
{
    return with_identity(line, set_password, error);
}

const struct command command_users_set_password = {
    .name = "users set-password",
    .arguments = "NAME",
    .arguments_least = 1,
    .arguments_most = 1,
    .summary = "Give a user of the local provider another password; ends their sessions.",
    .options = set_options,
    .option_count = ARRAY_LENGTH(set_options),
    .run = run_set_password,
};

/* ---- roles ---- */

/* By id, or by an address that is one user's only. */
static int find_user(int64_t *out, struct identity *identity, const char *text, struct error *error)
{
    if (object_id_parse(out, str_from(text), OBJECT_ID_USER)) {
        return 0;
    }
    struct arena arena = ARENA(MAX_USERS);
    struct identity_users users;
    size_t found = 0;
    int status = identity_users_list(&users, &arena, identity, error);
    for (size_t i = 0; status == 0 && i < users.count; i++) {
        if (str_equal_ignoring_case(users.items[i].email, str_from(text))) {
            *out = users.items[i].id;
            found++;
        }
    }
    arena_free(&arena);
    if (status == 0 && found != 1) {
        error_set(error, STATUS_NOT_FOUND, "%s users have this name or address",
                  found == 0 ? "no" : "several");
        error_hint(error, "tuva-empi users lists them with their ids");
        return STATUS_NOT_FOUND;
    }
    return status;
}

static int set_role(struct text_buffer *out, struct identity *identity,
                    const struct command_line *line, struct error *error)
{
    (void)out;
    static const char *const names[] = {"admin", "member", "none"};
    enum identity_role role = IDENTITY_NO_ROLE;
    size_t chosen = 0;
    while (chosen < ARRAY_LENGTH(names) && strcmp(line->arguments[1], names[chosen]) != 0) {
        chosen++;
    }
    if (chosen == ARRAY_LENGTH(names)) {
        return error_set(error, STATUS_USAGE, "ROLE is admin, member or none, not %s",
                         line->arguments[1]);
    }
    role = roles[chosen];
    int64_t id;
    int status = find_user(&id, identity, line->arguments[0], error);
    return status != 0 ? status : identity_users_set_role(identity, id, role, error);
}

static int run_role(const struct command_line *line, struct error *error)
{
    return with_identity(line, set_role, error);
}

const struct command command_users_role = {
    .name = "users role",
    .arguments = "USER ROLE",
    .arguments_least = 2,
    .arguments_most = 2,
    .summary = "Change what a user may do: admin, member or none; acts at once.",
    .notes = "USER is an id (u_7), or an address that only one user has.",
    .run = run_role,
};

/* ---- removing ---- */

static int remove_user(struct text_buffer *out, struct identity *identity,
                       const struct command_line *line, struct error *error)
{
    (void)out;
    return identity_local_remove(identity, str_from(line->arguments[0]), error);
}

static int run_remove(const struct command_line *line, struct error *error)
{
    return with_identity(line, remove_user, error);
}

const struct command command_users_remove = {
    .name = "users remove",
    .arguments = "NAME",
    .arguments_least = 1,
    .arguments_most = 1,
    .summary = "Remove a user of the local provider: password, role and sessions.",
    .notes = "What they decided and wrote stays, under their id.",
    .run = run_remove,
};
