/* `tuva-empi bootstrap`: the first admin. */

#include "cmd/commands.h"
#include "cmd/index.h"
#include "identity/identity.h"

enum { MAX_USERS = 512 << 20, MAX_TEXT = 4 << 10 };

static void append_report(struct text_buffer *out, const struct identity_bootstrap *result)
{
    if (!result->done) {
        text_append(out, STR("There is an admin already: nothing was changed.\n"));
        return;
    }
    text_appendf(out, "%.*s is an admin now.\n", STR_ARG(result->email));
    if (result->password != NULL) {
        text_appendf(out,
                     "Password: %s\n"
                     "It is shown this once, and has to be changed at the first sign-in.\n",
                     result->password);
    }
}

static int make_admin(struct text_buffer *out, struct index *index, struct error *error)
{
    struct identity *identity;
    struct identity_bootstrap result;
    struct arena arena = ARENA(MAX_USERS);
    int status = identity_open(&identity, index->config, index->store, error);
    if (status == 0) {
        status = identity_bootstrap(&result, &arena, identity, error);
        identity_close(identity);
    }
    if (status == 0) {
        append_report(out, &result);
    }
    arena_free(&arena);
    return status;
}

static int run(const struct command_line *line, struct error *error)
{
    (void)line;
    static const struct index_options how = {.name = "tuva-empi bootstrap"};
    struct text_buffer text = TEXT_BUFFER(MAX_TEXT);
    struct index *index = NULL;
    int status = index_open(&index, &how, error);
    if (status == 0) {
        status = make_admin(&text, index, error);
    }
    index_close(index);
    if (status == 0) {
        status = command_print(&text, error);
    }
    text_free(&text);
    return status;
}

const struct command command_bootstrap = {
    .name = "bootstrap",
    .summary = "Make the user named in the configuration the first admin.",
    .notes =
        "initial_setup.admin_email names a user of the identity provider by their address. Where\n"
        "there is an admin, nothing is changed. An address that the provider calls unverified is\n"
        "refused. The local provider's user is made, and gets a password that is good for one\n"
        "sign-in.",
    .run = run,
};
