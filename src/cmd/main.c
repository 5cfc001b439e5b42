/* The program: its sub-commands, and what signals do to it. */

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/output_file.h"
#include "cmd/commands.h"

static const struct command *const commands[] = {
    &command_link,
    &command_synth,
    NULL,
};

/* Leaves no half-written file behind. The exit status is the shell's for a death by signal. */
static void stop(int number)
{
    output_files_abandon();
    _exit(128 + number);
}

static void prepare_signals(void)
{
    struct sigaction action = {.sa_handler = stop};
    sigfillset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    /* A reader that went away is a failed write with a message, not a silent death. */
    action.sa_handler = SIG_IGN;
    sigaction(SIGPIPE, &action, NULL);
}

int main(int argc, char **argv)
{
    prepare_signals();
    /* The table ends with NULL so that it is never empty. */
    return command_main(commands, ARRAY_LENGTH(commands) - 1, argc, argv);
}
