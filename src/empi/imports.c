#include "empi/imports.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "base/csv.h"
#include "empi/copy_rows.h"
#include "empi/job_channel.h"
#include "empi/record.h"
#include "empi/record_hash.h"

#define INCORRECT "Incorrectly formatted person records file due to "

enum { NO_COLUMN = CSV_MAX_COLUMNS };

/* ---- messages ---- */

/* Puts a reader's message behind the words that clients know. */
static int incorrect(int status, struct error *error)
{
    if (status == STATUS_INVALID) {
        char reason[sizeof error->message];
        snprintf(reason, sizeof reason, "%s", error->message);
        snprintf(error->message, sizeof error->message, "%s%.*s", INCORRECT,
                 (int)(sizeof error->message - sizeof INCORRECT), reason);
    }
    return status;
}

/* A file without a header has a row of a person where the header should be; and the reader names a
   column that stands there twice. */
static int incorrect_beginning(int status, const char *file, struct error *error)
{
    static const char before[] = "two columns are named \"";
    const char *name = strstr(error->message, before);
    if (status == STATUS_INVALID && name != NULL) {
        name += sizeof before - 1;
        const char *end = strchr(name, '"');
        struct str text = {name, end == NULL ? 0 : (size_t)(end - name)};
        if (record_column_find(text) == RECORD_COLUMN_COUNT) {
            error_set(error, status, "%s, line 1: two columns have the same name", file);
        }
    }
    return incorrect(status, error);
}

static void append_header(struct text_buffer *out, const struct csv_reader *reader)
{
    for (size_t i = 0; i < csv_reader_column_count(reader); i++) {
        text_append(out, i == 0 ? STR("") : STR(","));
        text_append(out, csv_reader_column(reader, i));
    }
}

/* The column that a name means, letters of the other case and blanks aside, or RECORD_COLUMN_COUNT.
   Nothing but a column's name does. */
static uint32_t find_meant(struct str name)
{
    char plain[64];
    name = str_trim(name);
    if (name.len > sizeof plain) {
        return RECORD_COLUMN_COUNT;
    }
    for (size_t i = 0; i < name.len; i++) {
        plain[i] = name.ptr[i] == ' ' ? '_' : name.ptr[i];
    }
    uint32_t column = 0;
    while (column < RECORD_COLUMN_COUNT &&
           !str_equal_ignoring_case(record_columns[column], (struct str){plain, name.len})) {
        column++;
    }
    return column;
}

/* How many columns are named in a text between these separators. */
static size_t count_meant(struct str text, char separator)
{
    bool seen[RECORD_COLUMN_COUNT + 1] = {false};
    size_t count = 0;
    while (text.len > 0) {
        const char *stop = memchr(text.ptr, separator, text.len);
        size_t length = stop == NULL ? text.len : (size_t)(stop - text.ptr);
        uint32_t column = find_meant((struct str){text.ptr, length});
        count += column < RECORD_COLUMN_COUNT && !seen[column];
        seen[column] = true;
        length += stop != NULL;
        text = (struct str){text.ptr + length, text.len - length};
    }
    return count;
}

/* What is wrong with each name; `shown`: whether those that no column has may be told. */
static void add_names(const struct csv_reader *reader, bool shown, struct error *error)
{
    bool seen[RECORD_COLUMN_COUNT] = {false};
    bool told = false;
    for (size_t i = 0; i < csv_reader_column_count(reader); i++) {
        struct str name = csv_reader_column(reader, i);
        uint32_t column = find_meant(name);
        if (column < RECORD_COLUMN_COUNT && !told && !str_equal(name, record_columns[column])) {
            error_detail(error,
                         "names must be in small letters, without blanks: %.*s, not \"%.*s\"",
                         STR_ARG(record_columns[column]), STR_ARG(name));
            told = true;
        }
        if (column < RECORD_COLUMN_COUNT) {
            seen[column] = true;
        }
    }
    for (size_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        if (!seen[i] && i != RECORD_COUNTY) {
            error_detail(error, "missing: %.*s", STR_ARG(record_columns[i]));
        }
    }
    for (size_t i = 0; i < csv_reader_column_count(reader); i++) {
        struct str name = csv_reader_column(reader, i);
        if (find_meant(name) != RECORD_COLUMN_COUNT) {
            continue;
        }
        if (shown) {
            error_detail(error, "unknown: %.*s", STR_ARG(name));
        } else {
            error_detail(error, "unknown: column %zu", i + 1);
        }
    }
}

/* What is shown of a header that is not as it should be: nothing where hardly a name is right, for
   that is a row of data. */
static int refuse_header(const struct csv_reader *reader, const char *file, struct error *error)
{
    enum { CERTAIN = RECORD_COLUMN_COUNT / 2 };
    static const struct {
        char separator;
        const char *name;
    } others[] = {{';', "';'"}, {'\t', "tabs"}, {'|', "'|'"}};
    struct text_buffer actual = TEXT_BUFFER(64 << 10);
    append_header(&actual, reader);
    bool shown = count_meant(text_str(&actual), ',') >= CERTAIN;
    const char *separators = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(others) && !shown; i++) {
        shown = count_meant(text_str(&actual), others[i].separator) >= CERTAIN;
        separators = shown ? others[i].name : NULL;
    }
    error_set(error, STATUS_INVALID,
              INCORRECT "invalid header. Expected header: '%s' Actual header: '%.*s'",
              RECORD_COLUMNS_SQL, STR_ARG(shown ? text_str(&actual) : STR("not shown")));
    text_free(&actual);
    error_detail(error, "%s, line 1:", file);
    if (separators != NULL) {
        error_detail(error, "the fields are separated by %s, a comma is needed", separators);
    } else {
        add_names(reader, shown, error);
    }
    return STATUS_INVALID;
}

/* ---- rows ---- */

struct importing {
    struct connection *connection;
    struct csv_reader *reader;
    const char *file;
    size_t places[RECORD_COLUMN_COUNT]; /* of each column in the file, or NO_COLUMN */
    char job[24];
    struct record_hash *hash;
    uint64_t bytes; /* of values, with what is between them */
    uint64_t most_bytes;
    struct copy_writer writer;
    uint64_t rows;
};

static int read_header(struct importing *importing, struct error *error)
{
    size_t known = 0;
    size_t count = csv_reader_column_count(importing->reader);
    for (size_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        importing->places[i] = NO_COLUMN;
    }
    for (size_t i = 0; i < count; i++) {
        uint32_t column = record_column_find(csv_reader_column(importing->reader, i));
        if (column != RECORD_COLUMN_COUNT) {
            importing->places[column] = i;
            known++;
        }
    }
    bool county = importing->places[RECORD_COUNTY] != NO_COLUMN;
    bool good = known == count && known == RECORD_COLUMN_COUNT - (county ? 0 : 1);
    return good ? 0 : refuse_header(importing->reader, importing->file, error);
}

/* The value of a column in a row, and whether it may be what it is. */
static int read_value(struct str *out, const struct importing *importing,
                      const struct csv_field *fields, uint32_t column, struct error *error)
{
    *out = (struct str){NULL, 0};
    if (importing->places[column] != NO_COLUMN) {
        const struct csv_field *field = &fields[importing->places[column]];
        if (field->text.len > 0) {
            *out = field->text;
        } else if (field->quoted) {
            *out = STR("");
        }
    }
    if (out->ptr == NULL && column <= RECORD_SOURCE_PERSON_ID) {
        return error_set(error, STATUS_INVALID, INCORRECT "%s, line %" PRIu64 ": %.*s is empty",
                         importing->file, csv_reader_line(importing->reader),
                         STR_ARG(record_columns[column]));
    }
    if (out->len > RECORD_SEARCHED_MAX_BYTES && record_column_is_searched(column)) {
        return error_set(error, STATUS_INVALID,
                         INCORRECT "%s, line %" PRIu64 ": %.*s is longer than %d bytes",
                         importing->file, csv_reader_line(importing->reader),
                         STR_ARG(record_columns[column]), RECORD_SEARCHED_MAX_BYTES);
    }
    return 0;
}

/* As bytea's text, with its backslash escaped for COPY. */
static void append_hash(struct text_buffer *out, const unsigned char hash[RECORD_HASH_BYTES])
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * RECORD_HASH_BYTES];
    for (size_t i = 0; i < RECORD_HASH_BYTES; i++) {
        text[2 * i] = digits[hash[i] >> 4];
        text[2 * i + 1] = digits[hash[i] & 15];
    }
    text_append(out, STR("\t\\\\x"));
    text_append(out, (struct str){text, sizeof text});
}

static int append_row(struct importing *importing, const struct csv_field *fields,
                      struct error *error)
{
    struct str values[RECORD_COLUMN_COUNT];
    unsigned char hash[RECORD_HASH_BYTES];
    int status = 0;
    for (uint32_t i = 0; i < RECORD_COLUMN_COUNT && status == 0; i++) {
        status = read_value(&values[i], importing, fields, i, error);
    }
    if (status == 0) {
        status = record_hash_make(hash, importing->hash, values, error);
    }
    if (status != 0) {
        return status;
    }
    text_append(&importing->writer.chunk, str_from(importing->job));
    append_hash(&importing->writer.chunk, hash);
    for (size_t i = 0; i < RECORD_COLUMN_COUNT; i++) {
        text_append_char(&importing->writer.chunk, '\t');
        copy_append_text(&importing->writer.chunk, values[i]);
        importing->bytes += values[i].len + 1;
    }
    /* A small packed file may hold any number of rows. */
    if (importing->most_bytes != 0 && importing->bytes > importing->most_bytes) {
        error_set(error, STATUS_INVALID,
                  "%s: holds more than %" PRIu64 " bytes when it is unpacked", importing->file,
                  importing->most_bytes);
        error_hint(error, "split it, or raise server.max_body_bytes");
        return STATUS_INVALID;
    }
    importing->rows++;
    return copy_writer_end_row(&importing->writer, error);
}

static int copy_rows(struct importing *importing, struct error *error)
{
    for (;;) {
        const struct csv_field *fields;
        int status = incorrect(csv_reader_next(importing->reader, &fields, error), error);
        if (status != 0 || fields == NULL) {
            return status;
        }
        status = append_row(importing, fields, error);
        if (status != 0) {
            return status;
        }
    }
}

static int copy_all(struct importing *importing, struct error *error)
{
    int status = copy_writer_begin(
        &importing->writer, importing->connection,
        "copy empi.person_record_staging (job_id, sha256," RECORD_COLUMNS_SQL ")\n"
        "from stdin",
        error);
    return status == 0 ? copy_writer_end(&importing->writer, copy_rows(importing, error), error)
                       : status;
}

/* ---- the job ---- */

/* Without a configuration when that one is yet to be stored. */
static int insert_job(int64_t *out, struct connection *connection, const struct import *import,
                      struct error *error)
{
    struct query_parameter parameters[] = {query_text(import->source_uri),
                                           query_integer(import->config_id)};
    struct rows *rows;
    int status = import->config != NULL
                     ? query_run(&rows, connection,
                                 "insert into empi.job (job_type, source_uri)\n"
                                 "values ('import-person-records', $1)\n"
                                 "returning id",
                                 parameters, 1, error)
                     : query_run(&rows, connection,
                                 "insert into empi.job (job_type, config_id, source_uri)\n"
                                 "select 'import-person-records', id, $1\n"
                                 "from empi.config\n"
                                 "where id = $2::bigint\n"
                                 "returning id",
                                 parameters, 2, error);
    if (status != 0) {
        return status;
    }
    if (rows_count(rows) == 0) {
        status =
            error_set(error, STATUS_INVALID, "there is no config cfg_%" PRId64, import->config_id);
    } else {
        *out = rows_integer(rows, 0, 0);
    }
    rows_free(rows);
    return status;
}

/* Last, for other imports wait from here on. */
static int set_config(struct connection *connection, int64_t job_id,
                      const struct config_request *config, struct error *error)
{
    int64_t config_id;
    int status = configs_find_or_create(&config_id, connection, config, error);
    if (status != 0) {
        return status;
    }
    struct query_parameter parameters[] = {query_integer(job_id), query_integer(config_id)};
    return query_run(NULL, connection,
                     "update empi.job\n"
                     "set config_id = $2::bigint\n"
                     "where id = $1::bigint",
                     parameters, ARRAY_LENGTH(parameters), error);
}

static int import_all(struct import_report *out, struct importing *importing,
                      const struct import *import, struct error *error)
{
    int status = insert_job(&out->job_id, importing->connection, import, error);
    if (status == 0) {
        snprintf(importing->job, sizeof importing->job, "%" PRId64, out->job_id);
        status = copy_all(importing, error);
        out->rows = importing->rows;
    }
    if (status == 0 && import->config != NULL) {
        status = set_config(importing->connection, out->job_id, import->config, error);
    }
    if (status == 0) {
        status = query_script(importing->connection, "notify " JOB_CHANNEL, error);
    }
    return status == 0 ? transaction_commit(importing->connection, error) : status;
}

int imports_create(struct import_report *out, struct connection *connection,
                   const struct import *import, struct error *error)
{
    struct importing importing = {
        .connection = connection,
        .file = import->records->name,
        .most_bytes = import->most_bytes,
    };
    int status = import->config == NULL ? 0 : configs_check(import->config, error);
    if (status != 0) {
        return status;
    }
    status = csv_reader_open(&importing.reader, import->records, error);
    if (status != 0) {
        return incorrect_beginning(status, importing.file, error);
    }
    status = read_header(&importing, error);
    if (status == 0) {
        status = record_hash_open(&importing.hash, error);
    }
    if (status == 0) {
        status = transaction_begin(connection, error);
    }
    if (status == 0) {
        status = import_all(out, &importing, import, error);
        if (status != 0) {
            transaction_roll_back(connection);
        }
    }
    record_hash_close(importing.hash);
    csv_reader_free(importing.reader);
    return status;
}
