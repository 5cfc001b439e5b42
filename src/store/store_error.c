#include "store/store_error.h"

#include <string.h>

#include "base/compiler.h"
#include "base/str.h"

struct mapping {
    const char *sqlstate; /* whole, or its class: a prefix */
    const char *part;     /* of the server's words; NULL: any */
    enum status status;
    const char *message; /* NULL: the server's own words, which name no value */
    const char *hint;
};

/* The first that fits counts. Codes: PostgreSQL documentation, appendix A. */
static const struct mapping mappings[] = {
    {"40001", NULL, STATUS_CONFLICT, "another transaction changed the same rows", "try again"},
    {"40P01", NULL, STATUS_CONFLICT, "the transaction was chosen to end a deadlock", "try again"},
    {"55P03", NULL, STATUS_CONFLICT,
     "somebody else holds what this needs: a job at work, or an open session",
     "try again when that has ended"},
    {"23505", NULL, STATUS_CONFLICT, "a row with the same key is there already", NULL},
    {"53100", "shared memory segment", STATUS_RESOURCES,
     "the database server's shared memory is too small",
     "give its machine or container a larger /dev/shm (docker: --shm-size), or set "
     "max_parallel_workers_per_gather = 0 there"},
    {"53100", NULL, STATUS_RESOURCES, "the database's disk is full",
     "free space on the database server, then try again"},
    {"53200", NULL, STATUS_RESOURCES, "the database is out of memory", NULL},
    {"53300", NULL, STATUS_RESOURCES, "the database allows no more connections",
     "lower db.pool_size or raise max_connections"},
    {"53", NULL, STATUS_RESOURCES, "the database is short of resources", NULL},
    {"54", NULL, STATUS_RESOURCES, "a limit of the database is exceeded", NULL},
    {"57014", "statement timeout", STATUS_RESOURCES, "the database took too long to answer",
     "ask for less, such as by more letters of a name, or try again later"},
    {"57014", NULL, STATUS_CANCELLED, "cancelled", NULL},
    {"25P03", NULL, STATUS_IO, "the database ended a transaction that took too long",
     "see its time-outs for transactions"},
    {"25P04", NULL, STATUS_IO, "the database ended a transaction that took too long",
     "see its time-outs for transactions"},
    {"57P05", NULL, STATUS_IO, "the database ended an idle connection", "try again"},
    {"57P01", NULL, STATUS_IO,
     "the database is shutting down, or its administrator ended the connection",
     "try again when it is back"},
    {"57P02", NULL, STATUS_IO, "the database crashed and is recovering",
     "try again when it is back"},
    {"57P03", NULL, STATUS_IO, "the database is starting up", "try again in a moment"},
    {"25006", NULL, STATUS_IO, "the database is read-only",
     "connect to the primary server, not to a standby; or default_transaction_read_only is on for "
     "the database or the role"},
    {"42501", NULL, STATUS_IO, NULL,
     "the role in db.user needs more rights: have it own the database, or run tuva-empi migrate "
     "as the database's owner and grant it the schema empi, and temporary on the database"},
    {"42704", "public.gin_trgm_ops", STATUS_INVALID,
     "the extension pg_trgm is in another schema of the database than public",
     "have the database's owner run: alter extension pg_trgm set schema public"},
    {"0A000", NULL, STATUS_IO, NULL,
     "an extension that is not available comes with PostgreSQL's contrib package"},
    {"58", NULL, STATUS_RESOURCES, NULL, "see the log of the database server"},
    {"XX", NULL, STATUS_RESOURCES, "the database found a fault in itself or its files",
     "see the log of the database server"},
    {"08", NULL, STATUS_IO, "the connection to the database is lost", "try again when it is back"},
};

static const struct mapping *find_mapping(const char *sqlstate, const char *words)
{
    for (size_t i = 0; i < ARRAY_LENGTH(mappings); i++) {
        const struct mapping *mapping = &mappings[i];
        if (strncmp(mapping->sqlstate, sqlstate, strlen(mapping->sqlstate)) == 0 &&
            (mapping->part == NULL || strstr(words, mapping->part) != NULL)) {
            return mapping;
        }
    }
    return NULL;
}

static int set_mapped(struct error *error, const struct mapping *mapping, const char *words)
{
    if (mapping->message != NULL) {
        error_set(error, mapping->status, "%s", mapping->message);
    } else {
        error_set(error, mapping->status, "the database refused: %s", words);
    }
    if (mapping->hint != NULL) {
        error_hint(error, "%s", mapping->hint);
    }
    return (int)mapping->status;
}

int store_error(struct error *error, PGconn *connection, const PGresult *result)
{
    const char *sqlstate = result == NULL ? NULL : PQresultErrorField(result, PG_DIAG_SQLSTATE);
    if (sqlstate == NULL && PQstatus(connection) != CONNECTION_OK) {
        return set_mapped(error, find_mapping("08006", ""), "");
    }
    if (sqlstate == NULL && result == NULL) {
        return error_out_of_memory(error);
    }
    if (sqlstate == NULL) {
        return error_set(error, STATUS_INTERNAL, "the database gave an answer of another kind: %s",
                         PQresStatus(PQresultStatus(result)));
    }
    const char *message = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    message = message == NULL ? "no reason given" : message;
    const struct mapping *mapping = find_mapping(sqlstate, message);
    if (mapping != NULL) {
        return set_mapped(error, mapping, message);
    }
    /* A statement that is wrong is a fault of this program. Class 22 messages ("invalid input
       syntax for ...") may quote a value, so they are not passed on. */
    if (strncmp(sqlstate, "22", 2) == 0) {
        message = "the database refused a value";
    }
    return error_set(error, STATUS_INTERNAL, "database error %s: %s", sqlstate, message);
}

/* ---- connecting ---- */

struct refusal {
    const char *part; /* of libpq's or the server's words: there is no SQLSTATE yet */
    enum status status;
    const char *hint;
};

static const char full_hint[] = "lower db.pool_size or raise max_connections";
static const char away_hint[] = "check db.host and db.port, and that the server is running";
static const char busy_hint[] = "try again in a moment";
static const char role_hint[] = "check db.user and db.password";
static const char refused_hint[] = "check db.user, db.password and db.name";

/* The first that fits counts. */
static const struct refusal refusals[] = {
    {"no pg_hba.conf entry", STATUS_IO, "the server's pg_hba.conf has to allow this connection"},
    {"too many clients", STATUS_RESOURCES, full_hint},
    {"too many connections", STATUS_RESOURCES, full_hint},
    {"connection slots", STATUS_RESOURCES, full_hint},
    {"password authentication failed", STATUS_IO, role_hint},
    {"no password supplied", STATUS_IO, role_hint},
    {"role \"", STATUS_IO, role_hint},
    {"authentication failed", STATUS_IO, role_hint},
    {"database \"", STATUS_IO, "check db.name; create the database, or ask who may connect to it"},
    {"certificate", STATUS_IO,
     "check db.sslmode, and PGSSLROOTCERT, the file of the certificates to trust"},
    {"SSL", STATUS_IO, "check db.sslmode"},
    {"starting up", STATUS_IO, busy_hint},
    {"shutting down", STATUS_IO, busy_hint},
    {"recovery", STATUS_IO, busy_hint},
};

/* libpq tells each address that it tried: `connection to server at "db" (10.0.0.1), port 5432
   failed: FATAL:  ...`. The last one's reason is what is wanted; place and port are told already. A
   server that answered says first how grave it is, in its own language. */
static struct str find_reason(const char *text, bool *answered)
{
    static const char failed[] = " failed: ";
    const char *reason = text;
    for (const char *at = strstr(text, failed); at != NULL; at = strstr(at + 1, failed)) {
        reason = at + strlen(failed);
    }
    size_t length = strcspn(reason, "\n");
    const char *gravity_end = memmem(reason, length, ":  ", 3);
    *answered = gravity_end != NULL;
    size_t skipped = *answered ? (size_t)(gravity_end - reason) + 3 : 0;
    return (struct str){reason + skipped, length - skipped};
}

int store_error_connect(struct error *error, PGconn *connection, const char *host, const char *port)
{
    if (connection == NULL) {
        return error_out_of_memory(error);
    }
    /* It names the user and the database, never the password. */
    const char *text = PQerrorMessage(connection);
    bool answered;
    struct str reason = find_reason(text, &answered);
    const struct refusal *refusal = refusals;
    const struct refusal *end = refusals + ARRAY_LENGTH(refusals);
    while (refusal < end &&
           memmem(reason.ptr, reason.len, refusal->part, strlen(refusal->part)) == NULL) {
        refusal++;
    }
    const struct refusal unknown = {"", STATUS_IO, answered ? refused_hint : away_hint};
    refusal = refusal < end ? refusal : &unknown;
    error_set(error, refusal->status, "cannot connect to the database at %s, port %s: %.*s", host,
              port, STR_ARG(reason));
    error_hint(error, "%s", refusal->hint);
    return (int)refusal->status;
}
