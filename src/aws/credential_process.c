#include "aws/credential_process.h"

#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/json_read.h"
#include "base/process.h"
#include "base/wake.h"

enum { MOST_WORDS = 64, MOST_COMMAND = 4096, MOST_OUTPUT = 64 << 10 };

#define NAME "credential_process"

struct words {
    const char *items[MOST_WORDS + 1]; /* ends with NULL */
    size_t count;
    char text[MOST_COMMAND];
};

/* As a POSIX shell splits: within '…' all is as it stands; within "…" a backslash frees a quote or
   a backslash; elsewhere it frees what follows. False when a quote is open, or there is too much. */
static bool split(struct words *out, const char *command)
{
    size_t used = 0;
    char quote = 0;
    bool in_word = false;
    *out = (struct words){0};
    for (const char *c = command; *c != '\0'; c++) {
        bool blank = quote == 0 && (*c == ' ' || *c == '\t');
        if (used + 2 >= MOST_COMMAND || (out->count == MOST_WORDS && !blank && !in_word)) {
            return false;
        }
        if (blank) {
            out->text[used] = '\0';
            used += in_word;
            in_word = false;
            continue;
        }
        if (!in_word) {
            out->items[out->count++] = out->text + used;
            in_word = true;
        }
        if (quote == 0 && (*c == '"' || *c == '\'')) {
            quote = *c;
        } else if (quote != 0 && *c == quote) {
            quote = 0;
        } else {
            bool frees = *c == '\\' && (quote == 0 ? c[1] != '\0'
                                                   : quote == '"' && (c[1] == '"' || c[1] == '\\'));
            c += frees;
            out->text[used++] = *c;
        }
    }
    out->text[used] = '\0';
    return quote == 0 && out->count > 0;
}

/* All that it prints, until it closes its output or somebody asks to stop. */
static int read_output(struct text_buffer *out, int file, struct error *error)
{
    for (;;) {
        int status = wake_await(file, POLLIN, error);
        if (status != 0) {
            return status;
        }
        char piece[4096];
        ssize_t got = read(file, piece, sizeof piece);
        if (got < 0 && errno != EINTR) {
            return error_system(error, errno, NAME ": cannot read its output");
        }
        if (got == 0) {
            return 0;
        }
        text_append(out, (struct str){piece, got < 0 ? 0 : (size_t)got});
        if (out->failed) {
            return error_set(error, STATUS_INVALID, NAME " printed too much");
        }
    }
}

static int run(struct text_buffer *out, const struct words *words, struct error *error)
{
    const struct process_options options = {.read_output = true, .name = NAME};
    struct process process;
    int status = process_spawn(&process, words->items, &options, error);
    if (status != 0) {
        return status;
    }
    status = read_output(out, process.output, error);
    if (status != 0) {
        kill(process.pid, SIGKILL);
    }
    int exit_status = 0;
    struct error waiting;
    int waited = process_wait(&process, &exit_status, &waiting);
    if (status == 0 && waited != 0) {
        *error = waiting;
        status = waited;
    }
    if (status == 0 && exit_status != 0) {
        status = error_set(error, STATUS_INVALID, NAME " ended with exit status %d", exit_status);
        error_hint(error, "run the command of the profile by hand");
    }
    return status;
}

static struct str view_of(const json_t *json, const char *key)
{
    const json_t *text = json_object_get(json, key);
    return (struct str){json_string_value(text), json_string_length(text)};
}

static int read_answer(struct aws_credentials **out, struct str text, struct error *error)
{
    json_t *json;
    int status = json_read(&json, text, NAME, error);
    if (status != 0) {
        return status;
    }
    if (json_integer_value(json_object_get(json, "Version")) != 1) {
        status = error_set(error, STATUS_INVALID, NAME " printed no JSON of version 1");
    } else {
        struct aws_key_texts texts = {
            .access_key = view_of(json, "AccessKeyId"),
            .secret_key = view_of(json, "SecretAccessKey"),
            .session_token = view_of(json, "SessionToken"),
            .expires = view_of(json, "Expiration"),
        };
        status = aws_credentials_make(out, &texts, AWS_SOURCE_PROCESS, NAME, error);
    }
    json_decref(json);
    return status;
}

int credential_process_run(struct aws_credentials **out, const char *command, struct error *error)
{
    *out = NULL;
    struct words words;
    if (!split(&words, command)) {
        return error_set(error, STATUS_INVALID, NAME " of the profile is no command");
    }
    struct text_buffer text = TEXT_BUFFER(MOST_OUTPUT);
    int status = run(&text, &words, error);
    if (status == 0) {
        status = read_answer(out, text_str(&text), error);
    }
    text_free(&text);
    return status;
}
