#include "cmd/id_argument.h"

#include <stdio.h>

static bool read_number(int64_t *out, const char *text, const char *prefix)
{
    return object_id_parse(out, str_from(text), prefix) || object_id_parse(out, str_from(text), "");
}

int id_argument_job(int64_t *out, const char *text, const char *what, struct error *error)
{
    if (read_number(out, text, OBJECT_ID_JOB)) {
        return 0;
    }
    error_set(error, STATUS_USAGE, "%s must be the id of a job, as 7 or job_7", what);
    error_hint(error, "see: tuva-empi jobs");
    return STATUS_USAGE;
}

int id_argument_potential_match(int64_t *out, const char *text, struct error *error)
{
    if (read_number(out, text, OBJECT_ID_POTENTIAL_MATCH)) {
        return 0;
    }
    error_set(error, STATUS_USAGE, "pm_N must be the id of a potential match, as 7 or pm_7");
    error_hint(error, "see: tuva-empi potential-matches");
    return STATUS_USAGE;
}

int id_argument_person(char out[OBJECT_ID_UUID_SIZE], const char *text, struct error *error)
{
    if (object_id_parse_person(out, str_from(text))) {
        return 0;
    }
    if (object_id_is_uuid(str_from(text))) {
        snprintf(out, OBJECT_ID_UUID_SIZE, "%s", text);
        return 0;
    }
    error_set(error, STATUS_USAGE,
              "p_UUID must be the id of a person, a uuid in lower case with or without p_");
    error_hint(error, "see: tuva-empi persons search");
    return STATUS_USAGE;
}
