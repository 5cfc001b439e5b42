/* One value of the configuration, out of JSON or out of the environment. Inside src/config. */
#ifndef CONFIG_CONFIG_VALUE_H
#define CONFIG_CONFIG_VALUE_H

#include <jansson.h>

#include "base/faults.h"
#include "config/config_key.h"

/* Both store the value in `config`; what is wrong becomes a fault of the place that `faults` is at.
   That memory ran out shows in config->arena.failed. */
void config_value_from_json(struct config *config, const struct config_key *key,
                            const json_t *value, struct faults *faults);
void config_value_from_text(struct config *config, const struct config_key *key, const char *text,
                            struct faults *faults);

#endif
