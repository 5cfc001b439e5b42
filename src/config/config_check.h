/* Rules between keys, once all are read. Inside src/config. */
#ifndef CONFIG_CONFIG_CHECK_H
#define CONFIG_CONFIG_CHECK_H

#include "base/faults.h"
#include "config/config.h"

/* Decides whether the database is an external one, and finds what is missing or contradicts. */
void config_check(struct config *config, struct faults *faults);

#endif
