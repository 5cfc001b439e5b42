/* Ids as they are typed: with their prefix or without, "7" as well as "job_7". What is none is
   STATUS_USAGE with the shape it should have; `what` names the argument. Any thread. */
#ifndef CMD_ID_ARGUMENT_H
#define CMD_ID_ARGUMENT_H

#include <stdint.h>

#include "base/error.h"
#include "empi/object_id.h"

int id_argument_job(int64_t *out, const char *text, const char *what, struct error *error);
int id_argument_potential_match(int64_t *out, const char *text, struct error *error);
int id_argument_person(char out[OBJECT_ID_UUID_SIZE], const char *text, struct error *error);

#endif
