/* The sub-commands of the program, each defined in the file of its name. */
#ifndef CMD_COMMANDS_H
#define CMD_COMMANDS_H

#include "cmd/command.h"

extern const struct command command_api;
extern const struct command command_bootstrap;
extern const struct command command_config_check;
extern const struct command command_config_keys;
extern const struct command command_data_sources;
extern const struct command command_export_crosswalk;
extern const struct command command_export_potential_matches;
extern const struct command command_flush;
extern const struct command command_import;
extern const struct command command_jobs;
extern const struct command command_jobs_cancel;
extern const struct command command_jobs_show;
extern const struct command command_link;
extern const struct command command_matching_job;
extern const struct command command_matching_service;
extern const struct command command_migrate;
extern const struct command command_persons_search;
extern const struct command command_persons_show;
extern const struct command command_potential_matches;
extern const struct command command_potential_matches_match;
extern const struct command command_potential_matches_show;
extern const struct command command_process_export_jobs;
extern const struct command command_psql;
extern const struct command command_run_dev;
extern const struct command command_synth;
extern const struct command command_users;
extern const struct command command_users_add;
extern const struct command command_users_remove;
extern const struct command command_users_role;
extern const struct command command_users_set_password;

#endif
