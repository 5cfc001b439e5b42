/* The program: its sub-commands. */

#include <stddef.h>

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

int main(int argc, char **argv)
{
    stop_prepare();
    config_set_secret_reader(secrets_manager_read_shared);
    /* The table ends with NULL so that it is never empty. */
    return stop_exit_status(command_main(commands, ARRAY_LENGTH(commands) - 1, argc, argv));
}
