/* The help texts of command.h, made from the option tables. */

#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

enum {
    WIDTH = 80,   /* a terminal's */
    COLUMN = 32,  /* where descriptions begin */
    NAME_MAX = 80 /* longest "  -o, --name VALUE" */
};

/* Appends words from COLUMN on, broken before WIDTH, and ends the line. */
static void append_wrapped(struct text_buffer *out, const char *text)
{
    size_t used = COLUMN;
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (used > COLUMN && used + 1 + word > WIDTH) {
            text_appendf(out, "\n%*s", COLUMN, "");
            used = COLUMN;
        } else if (used > COLUMN) {
            text_append_char(out, ' ');
            used++;
        }
        text_append(out, (struct str){text, word});
        used += word;
        text += word + (text[word] == ' ');
    }
    text_append_char(out, '\n');
}

/* A line of two columns; a left side too long for its column gets a line of its own. */
static void append_row(struct text_buffer *out, const char *left, const char *right)
{
    text_appendf(out, "%-*s", COLUMN, left);
    if (strlen(left) >= COLUMN) {
        text_appendf(out, "\n%*s", COLUMN, "");
    }
    append_wrapped(out, right);
}

static void append_option(struct text_buffer *out, const struct command_option *option)
{
    char left[NAME_MAX];
    char letter[8] = "";
    if (option->letter != 0) {
        snprintf(letter, sizeof letter, "-%c, ", option->letter);
    }
    snprintf(left, sizeof left, "  %s--%s%s%s", letter, option->name,
             option->value == NULL ? "" : " ", option->value == NULL ? "" : option->value);

    const char *shown = option->fallback != NULL ? option->fallback : option->otherwise;
    char right[1024];
    if (option->required) {
        snprintf(right, sizeof right, "%s (required)", option->help);
    } else if (shown != NULL) {
        snprintf(right, sizeof right, "%s (default: %s)", option->help, shown);
    } else {
        snprintf(right, sizeof right, "%s", option->help);
    }
    append_row(out, left, right);
}

void command_help(struct text_buffer *out, const struct command *command)
{
    text_appendf(out, "Usage: tuva-empi %s", command->name);
    for (size_t i = 0; i < command->option_count; i++) {
        const struct command_option *option = &command->options[i];
        if (option->required) {
            text_appendf(out, " --%s %s", option->name, option->value);
        }
    }
    text_appendf(out, " [options]%s%s\n\n%s\n\nOptions:\n", command->arguments == NULL ? "" : " ",
                 command->arguments == NULL ? "" : command->arguments, command->summary);
    for (size_t i = 0; i < command->option_count; i++) {
        append_option(out, &command->options[i]);
    }
    append_row(out, "  -h, --help", "show this text");
    if (command->notes != NULL) {
        text_appendf(out, "\n%s\n", command->notes);
    }
}

void command_list_help(struct text_buffer *out, const struct command *const *commands, size_t count)
{
    text_append(out, STR("Usage: tuva-empi COMMAND [options]\n\n"
                         "An enterprise master patient index.\n\n"
                         "Commands:\n"));
    char left[NAME_MAX];
    for (size_t i = 0; i < count; i++) {
        snprintf(left, sizeof left, "  %s", commands[i]->name);
        append_row(out, left, commands[i]->summary);
    }
    append_row(out, "  help COMMAND", "show how a command is used");
    text_append(out, STR("\nOptions:\n"));
    append_row(out, "  -h, --help", "show this text");
    append_row(out, "  -V, --version", "show the version");
    text_append(out, STR("\nExit status: 0 done; 1 the input is at fault, or the work could not be "
                         "done;\n2 the command line is at fault; 3 out of memory or disk.\n"));
}
