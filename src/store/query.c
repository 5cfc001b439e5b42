/* Statements with bound parameters, their results, and transactions. */

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number_text.h"
#include "store/connection.h"
#include "store/store_error.h"

/* ---- parameters ---- */

struct query_parameter query_text(const char *text)
{
    return (struct query_parameter){.text = text};
}

struct query_parameter query_integer(int64_t number)
{
    struct query_parameter parameter = {.is_number = true};
    snprintf(parameter.number, sizeof parameter.number, "%" PRId64, number);
    return parameter;
}

struct query_parameter query_double(double number)
{
    struct query_parameter parameter = {.is_number = true};
    parameter.number[double_to_text(number, parameter.number)] = '\0';
    return parameter;
}

struct query_parameter query_boolean(bool value)
{
    return (struct query_parameter){.text = value ? "t" : "f"};
}

/* ---- running ---- */

/* libpq's result is ours under another name: nothing has to be wrapped or freed twice. */
static PGresult *result_of(const struct rows *rows)
{
    return (PGresult *)rows;
}

int query_run(struct rows **out, struct connection *connection, const char *sql,
              const struct query_parameter *parameters, size_t count, struct error *error)
{
    const char *values[QUERY_MAX_PARAMETERS];
    if (count > QUERY_MAX_PARAMETERS) {
        return error_set(error, STATUS_INTERNAL, "a query has more than %d parameters",
                         QUERY_MAX_PARAMETERS);
    }
    for (size_t i = 0; i < count; i++) {
        values[i] = parameters[i].is_number ? parameters[i].number : parameters[i].text;
    }
    PGresult *result = PQexecParams(connection->pg, sql, (int)count, NULL, values, NULL, NULL, 0);
    ExecStatusType status = result == NULL ? PGRES_FATAL_ERROR : PQresultStatus(result);
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        int failure = store_error(error, connection->pg, result);
        PQclear(result);
        return failure;
    }
    if (out == NULL) {
        PQclear(result);
    } else {
        *out = (struct rows *)result;
    }
    return 0;
}

int query_script(struct connection *connection, const char *sql, struct error *error)
{
    PGresult *result = PQexec(connection->pg, sql);
    ExecStatusType status = result == NULL ? PGRES_FATAL_ERROR : PQresultStatus(result);
    int failure = 0;
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK && status != PGRES_EMPTY_QUERY) {
        failure = store_error(error, connection->pg, result);
    }
    PQclear(result);
    return failure;
}

/* ---- results ---- */

size_t rows_count(const struct rows *rows)
{
    return (size_t)PQntuples(result_of(rows));
}

uint64_t rows_affected(const struct rows *rows)
{
    return strtoull(PQcmdTuples(result_of(rows)), NULL, 10);
}

bool rows_is_null(const struct rows *rows, size_t row, size_t column)
{
    return PQgetisnull(result_of(rows), (int)row, (int)column) != 0;
}

struct str rows_text(const struct rows *rows, size_t row, size_t column)
{
    if (rows_is_null(rows, row, column)) {
        return (struct str){NULL, 0};
    }
    return (struct str){PQgetvalue(result_of(rows), (int)row, (int)column),
                        (size_t)PQgetlength(result_of(rows), (int)row, (int)column)};
}

int64_t rows_integer(const struct rows *rows, size_t row, size_t column)
{
    return strtoll(PQgetvalue(result_of(rows), (int)row, (int)column), NULL, 10);
}

double rows_double(const struct rows *rows, size_t row, size_t column)
{
    double number = NAN;
    return double_from_text(rows_text(rows, row, column), &number) ? number : NAN;
}

bool rows_boolean(const struct rows *rows, size_t row, size_t column)
{
    return PQgetvalue(result_of(rows), (int)row, (int)column)[0] == 't';
}

void rows_free(struct rows *rows)
{
    PQclear(result_of(rows));
}

/* ---- transactions ---- */

int transaction_begin(struct connection *connection, struct error *error)
{
    return query_script(connection, "begin", error);
}

int transaction_commit(struct connection *connection, struct error *error)
{
    PGresult *result = PQexec(connection->pg, "commit");
    int status = 0;
    if (result == NULL || PQresultStatus(result) != PGRES_COMMAND_OK) {
        status = store_error(error, connection->pg, result);
    } else if (strcmp(PQcmdStatus(result), "COMMIT") != 0) {
        /* After a failed statement the server answers with a rollback, not with an error. */
        status = error_set(error, STATUS_INTERNAL,
                           "a transaction was undone: one of its statements had failed");
    }
    PQclear(result);
    return status;
}

void transaction_roll_back(struct connection *connection)
{
    struct error ignored;
    if (PQtransactionStatus(connection->pg) != PQTRANS_IDLE &&
        query_script(connection, "rollback", &ignored) != 0) {
        connection->kept = true;
    }
}
