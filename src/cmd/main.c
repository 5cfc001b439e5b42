/* The program: its sub-commands. */

#include <fcntl.h>
#include <stddef.h>
#include <unistd.h>

#include "aws/secrets_manager.h"
#include "base/compiler.h"
#include "cmd/commands.h"
#include "cmd/stop.h"
#include "config/config.h"

/* One a line, in the order of --help. */
/* clang-format off */
static const struct command *const commands[] = {
    &command_api,
    &command_bootstrap,
    &command_config_check,
    &command_config_keys,
    &command_data_sources,
    &command_export_crosswalk,
    &command_export_potential_matches,
    &command_flush,
    &command_import,
    &command_jobs,
    &command_jobs_cancel,
    &command_jobs_show,
    &command_link,
    &command_matching_job,
    &command_matching_service,
    &command_migrate,
    &command_persons_search,
    &command_persons_show,
    &command_potential_matches,
    &command_potential_matches_match,
    &command_potential_matches_show,
    &command_process_export_jobs,
    &command_psql,
    &command_run_dev,
    &command_synth,
    &command_users,
    &command_users_add,
    &command_users_remove,
    &command_users_role,
    &command_users_set_password,
    NULL,
};
/* clang-format on */

/* Where one is closed, what is opened next would take its number, and our messages go into it. A write
   to a descriptor that is open for reading only fails, and a read the other way round. */
static void hold_standard_descriptors(void)
{
    for (int file = STDIN_FILENO; file <= STDERR_FILENO; file++) {
        if (fcntl(file, F_GETFD) < 0) {
            open("/dev/null", (file == STDIN_FILENO ? O_WRONLY : O_RDONLY));
        }
    }
}

int main(int argc, char **argv)
{
    hold_standard_descriptors();
    stop_prepare();
    config_set_secret_reader(secrets_manager_read_shared);
    /* The table ends with NULL so that it is never empty. */
    return stop_exit_status(command_main(commands, ARRAY_LENGTH(commands) - 1, argc, argv));
}
