/* The help texts of command.h, made from the option tables. */

#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

enum {
    WIDTH = 80,          /* a terminal's */
    OPTION_COLUMN = 32,  /* where descriptions begin */
    COMMAND_COLUMN = 18, /* of commands, whose names are shorter */
    NAME_MAX = 80        /* longest "  -o, --name VALUE" */
};

/* Appends words from `column` on, broken before WIDTH, and ends the line. */
static void append_wrapped(struct text_buffer *out, const char *text, size_t column)
{
    size_t used = column;
    while (*text != '\0') {
        size_t word = strcspn(text, " ");
        if (used > column && used + 1 + word > WIDTH) {
            text_appendf(out, "\n%*s", (int)column, "");
            used = column;
        } else if (used > column) {
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
static void append_row(struct text_buffer *out, const char *left, const char *right, size_t column)
{
    text_appendf(out, "%-*s", (int)column, left);
    if (strlen(left) >= column) {
        text_appendf(out, "\n%*s", (int)column, "");
    }
    append_wrapped(out, right, column);
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
    append_row(out, left, right, OPTION_COLUMN);
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
    append_row(out, "  -h, --help", "show this text", OPTION_COLUMN);
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
        append_row(out, left, commands[i]->summary, COMMAND_COLUMN);
    }
    append_row(out, "  help COMMAND", "show how a command is used", COMMAND_COLUMN);
    text_append(out, STR("\nOptions:\n"));
    append_row(out, "  -h, --help", "show this text", COMMAND_COLUMN);
    append_row(out, "  -V, --version", "show the version", COMMAND_COLUMN);
    text_append(out, STR("\nExit status: 0 done; 1 the input is at fault, or the work could not be "
                         "done;\n2 the command line is at fault; 3 out of memory or disk.\n"));
}
