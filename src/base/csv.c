#include "base/csv.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/csv_row.h"
#include "base/memory.h"
#include "base/utf8.h"

enum {
    FIRST_BUFFER_BYTES = 256 << 10,
    /* A row of the largest size with its line end. */
    LARGEST_BUFFER_BYTES = CSV_MAX_ROW_BYTES + 2,
    /* What a message shows of a column's name. */
    SHOWN_NAME_BYTES = 60,
    NAME_BYTES = SHOWN_NAME_BYTES + sizeof "...",
    PLACE_BYTES = 128,
};

struct csv_reader {
    struct stream *stream;
    char *buffer; /* cap bytes, and CSV_SCAN_BLOCK more for the scanner to look past the end */
    size_t cap;
    size_t start;        /* buffer[start … end) is read from the stream and not yet taken */
    size_t end;          /* buffer[end] is '\n', which stops the scanner */
    bool at_end;         /* the stream has no more */
    uint64_t next_line;  /* the line, from 1, that begins at buffer[start] */
    uint64_t line;       /* where the row last read began */
    uint64_t empty;      /* empty lines just before buffer[start] that are not yet accounted for */
    struct str raw;      /* the row last read */
    size_t column_count; /* 0 while the header is read */
    struct str *names;   /* column_count, into name_text */
    char *name_text;
    struct csv_field *fields;
    struct text_buffer unescaped; /* the fields of the row last read that held "" */
};

/* A column's name as messages show it: cut, and plain. */
static void show_name(struct str name, char out[NAME_BYTES])
{
    size_t len = name.len;
    bool cut = len > SHOWN_NAME_BYTES;
    if (cut) {
        len = SHOWN_NAME_BYTES;
        while (len > 0 && ((unsigned char)name.ptr[len] & 0xC0) == 0x80) {
            len--;
        }
    }
    snprintf(out, NAME_BYTES, "%.*s%s", (int)len, name.ptr, cut ? "..." : "");
    utf8_make_plain(out, strlen(out), false);
}

/* `column 3, "city"`, or `column 17` where the header has no such column. */
static void show_column(const struct csv_reader *reader, size_t position, char out[PLACE_BYTES])
{
    if (position < reader->column_count) {
        char name[NAME_BYTES];
        show_name(reader->names[position], name);
        snprintf(out, PLACE_BYTES, "column %zu, \"%s\"", position + 1, name);
    } else {
        snprintf(out, PLACE_BYTES, "column %zu", position + 1);
    }
}

/* Fails at a field: FILE, line N: WHAT (COLUMN)REMEDY. */
static int refuse_field(const struct csv_reader *reader, uint64_t line, size_t position,
                        const char *what, const char *remedy, struct error *error)
{
    char place[PLACE_BYTES];
    show_column(reader, position, place);
    return error_set(error, STATUS_INVALID, "%s, line %" PRIu64 ": %s (%s)%s", reader->stream->name,
                     line, what, place, remedy);
}

/* The remedy for text after a closing quote. In a header that may be `"id";"name"`. */
static const char *quote_remedy(const struct csv_reader *reader, const struct csv_row *row)
{
    char after = ',';
    if (reader->column_count == 0 && row->count < row->room) {
        struct str name = reader->fields[row->count].text;
        after = name.ptr[name.len + 1];
    }
    return after == ';'    ? "; the fields are separated by ';', a comma is needed"
           : after == '\t' ? "; the fields are separated by tabs, a comma is needed"
                           : "; write a quote within a field twice";
}

static int refuse_row(const struct csv_reader *reader, const struct csv_row *row,
                      enum csv_parse fault, struct error *error)
{
    size_t column = row->count;
    switch (fault) {
    case CSV_PARSE_NUL:
        return refuse_field(reader, row->line, column, "NUL byte",
                            "; the file is damaged, or not text in UTF-8", error);
    case CSV_PARSE_QUOTE_INSIDE:
        return refuse_field(reader, row->line, column, "quote inside an unquoted field",
                            "; write it twice and quote the whole field", error);
    case CSV_PARSE_AFTER_QUOTE:
        refuse_field(reader, row->line, column, "text after the closing quote of a field",
                     quote_remedy(reader, row), error);
        if (row->quote_line != row->line) {
            error_hint(error, "the field begins on line %" PRIu64 "; is its quote meant?",
                       row->quote_line);
        }
        return STATUS_INVALID;
    case CSV_PARSE_LONE_RETURN:
        return refuse_field(reader, row->line, column, "carriage return without line feed",
                            "; end lines with LF or CR LF, or quote the field", error);
    case CSV_PARSE_OPEN_QUOTE:
        return refuse_field(reader, row->quote_line, column, "quote opened and never closed",
                            "; close it, or write it twice and quote the whole field", error);
    case CSV_PARSE_FIELD:
    case CSV_PARSE_ROW:
    case CSV_PARSE_MORE: break;
    }
    return error_set(error, STATUS_INTERNAL, "%s: fault %d of a row", reader->stream->name, fault);
}

static int refuse_length(const struct csv_reader *reader, const struct csv_row *row,
                         struct error *error)
{
    if (row->open) {
        return error_set(error, STATUS_INVALID,
                         "%s, line %" PRIu64 ": the row is longer than %d MiB; most likely the "
                         "quote opened on line %" PRIu64 " is never closed",
                         reader->stream->name, reader->next_line, CSV_MAX_ROW_BYTES >> 20,
                         row->quote_line);
    }
    return error_set(error, STATUS_INVALID,
                     "%s, line %" PRIu64 ": the row is longer than %d MiB; is this a CSV file?",
                     reader->stream->name, reader->next_line, CSV_MAX_ROW_BYTES >> 20);
}

/* Gives the row that begins at `start` more bytes: moves it to the front of the buffer, or makes
   the buffer larger, and then fills the buffer to its end. */
static int refill(struct csv_reader *reader, const struct csv_row *row, struct error *error)
{
    if (reader->start > 0) {
        memmove(reader->buffer, reader->buffer + reader->start, reader->end - reader->start);
        reader->end -= reader->start;
        reader->start = 0;
    } else if (reader->end == reader->cap) {
        if (reader->cap == LARGEST_BUFFER_BYTES) {
            return refuse_length(reader, row, error);
        }
        size_t cap = reader->cap * 2;
        cap = cap < LARGEST_BUFFER_BYTES ? cap : LARGEST_BUFFER_BYTES;
        char *grown = memory_resize_array(reader->buffer, cap + CSV_SCAN_BLOCK, 1);
        if (grown == NULL) {
            return error_out_of_memory(error);
        }
        reader->buffer = grown;
        reader->cap = cap;
    }
    while (reader->end < reader->cap && !reader->at_end) {
        size_t got = 0;
        int status = stream_read(reader->stream, reader->buffer + reader->end,
                                 reader->cap - reader->end, &got, error);
        if (status != STATUS_OK) {
            return status;
        }
        reader->end += got;
        reader->at_end = got == 0;
    }
    memset(reader->buffer + reader->end, 0, CSV_SCAN_BLOCK);
    reader->buffer[reader->end] = '\n';
    return STATUS_OK;
}

static size_t stored_fields(const struct csv_row *row)
{
    return row->count < row->room ? row->count : row->room;
}

/* The fault is told where it is, which may be lines below the start of the row. */
static int check_utf8(const struct csv_reader *reader, struct str raw, const struct csv_row *row,
                      struct error *error)
{
    size_t valid = utf8_valid_prefix(raw);
    if (valid == raw.len) {
        return STATUS_OK;
    }
    uint64_t line = reader->next_line;
    for (size_t i = 0; i < valid; i++) {
        line += raw.ptr[i] == '\n';
    }
    size_t stored = stored_fields(row);
    size_t position = 0;
    while (position + 1 < stored && reader->fields[position + 1].text.ptr <= raw.ptr + valid) {
        position++;
    }
    return refuse_field(reader, line, position, "not valid UTF-8", "; save the file as UTF-8",
                        error);
}

/* Replaces "" by " in the fields that hold it, in a copy: the raw row must stay as it is. */
static int unescape(struct csv_reader *reader, const struct csv_row *row, size_t row_bytes,
                    struct error *error)
{
    text_clear(&reader->unescaped);
    char *out = text_reserve(&reader->unescaped, row_bytes);
    if (out == NULL) {
        return error_out_of_memory(error);
    }
    size_t stored = stored_fields(row);
    for (size_t i = 0; i < stored; i++) {
        struct str *text = &reader->fields[i].text;
        const char *from = text->ptr;
        const char *end = from + text->len;
        const char *quote = text->len > 0 ? memchr(from, '"', text->len) : NULL;
        if (quote == NULL) {
            continue;
        }
        text->ptr = out;
        while (quote != NULL) {
            size_t count = (size_t)(quote + 1 - from);
            memcpy(out, from, count);
            out += count;
            from = quote + 2;
            quote = from < end ? memchr(from, '"', (size_t)(end - from)) : NULL;
        }
        memcpy(out, from, (size_t)(end - from));
        out += end - from;
        text->len = (size_t)(out - text->ptr);
    }
    return STATUS_OK;
}

/* Parses and checks the row that begins at `start` and leaves it for accept_row to take, so that a
   faulty row is found faulty again. */
static int read_row(struct csv_reader *reader, struct csv_row *row, struct error *error)
{
    enum csv_parse result;
    for (;;) {
        row->start = reader->buffer + reader->start;
        row->limit = reader->buffer + reader->end;
        row->at_end = reader->at_end;
        row->fields = reader->fields;
        row->room = reader->column_count == 0 ? CSV_MAX_COLUMNS : reader->column_count;
        row->line = reader->next_line;
        result = csv_row_parse(row);
        if (result != CSV_PARSE_MORE) {
            break;
        }
        /* The row is parsed from its start again; as the buffer is filled whole each time, this
           costs next to nothing. */
        int status = refill(reader, row, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (result != CSV_PARSE_ROW) {
        return refuse_row(reader, row, result, error);
    }
    struct str raw = {row->start, (size_t)(row->stop - row->start)};
    if (raw.len > CSV_MAX_ROW_BYTES) {
        return refuse_length(reader, row, error);
    }
    if (!row->ascii) {
        int status = check_utf8(reader, raw, row, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    return row->escapes ? unescape(reader, row, raw.len, error) : STATUS_OK;
}

static void accept_row(struct csv_reader *reader, const struct csv_row *row)
{
    reader->raw = (struct str){row->start, (size_t)(row->stop - row->start)};
    reader->start += (size_t)(row->next - row->start);
    reader->line = reader->next_line;
    reader->next_line = row->line;
}

/* What compresses files otherwise than gzip, which streams unpack; NULL: nothing that is known. */
static const char *find_packer(struct str text)
{
    static const struct {
        const char *what;
        const char *beginning;
        const char *after; /* from the fifth byte on */
    } packers[] = {
        {"an xz file", "\3757zXZ", ""},
        {"a bzip2 file", "BZh", "1AY&SY"},
        {"a zstd file", "\x28\xB5\x2F\xFD", ""},
        {"a 7z archive", "7z\xBC\xAF\x27\x1C", ""},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(packers); i++) {
        if (text.len > 4 && str_starts_with(text, str_from(packers[i].beginning)) &&
            str_starts_with((struct str){text.ptr + 4, text.len - 4}, str_from(packers[i].after))) {
            return packers[i].what;
        }
    }
    return NULL;
}

/* Refuses what is plainly something else than a CSV file in UTF-8, and skips a byte-order mark. */
static int check_beginning(struct csv_reader *reader, struct error *error)
{
    struct str text = {reader->buffer, reader->end};
    const char *name = reader->stream->name;
    if (str_starts_with(text, STR("\xFF\xFE")) || str_starts_with(text, STR("\xFE\xFF"))) {
        return error_set(error, STATUS_INVALID, "%s: the text is UTF-16; save it as UTF-8", name);
    }
    if (str_starts_with(text, STR("PK\x03\x04"))) {
        return error_set(error, STATUS_INVALID,
                         "%s: this is a zip archive or a workbook; export it as CSV", name);
    }
    const char *packer = find_packer(text);
    if (packer != NULL) {
        return error_set(error, STATUS_INVALID, "%s: this is %s; unpack it, or compress it by gzip",
                         name, packer);
    }
    if (str_starts_with(text, STR("\xEF\xBB\xBF"))) {
        reader->start = 3;
    }
    if (reader->start == reader->end) {
        return error_set(error, STATUS_INVALID,
                         "%s: the file is empty; its first line must name the columns", name);
    }
    return STATUS_OK;
}

/* The columns' names outlive the buffer's first filling, so they are copied. */
static int copy_names(struct csv_reader *reader, size_t count, struct error *error)
{
    size_t bytes = 0;
    for (size_t i = 0; i < count; i++) {
        bytes += reader->fields[i].text.len;
    }
    reader->name_text = memory_alloc(bytes);
    reader->names = memory_alloc_array(count, sizeof *reader->names);
    if (reader->name_text == NULL || reader->names == NULL) {
        return error_out_of_memory(error);
    }
    char *out = reader->name_text;
    for (size_t i = 0; i < count; i++) {
        struct str text = reader->fields[i].text;
        memcpy(out, text.ptr, text.len);
        reader->names[i] = (struct str){out, text.len};
        out += text.len;
    }
    reader->column_count = count;
    return STATUS_OK;
}

static int check_names(const struct csv_reader *reader, struct error *error)
{
    const char *file = reader->stream->name;
    for (size_t i = 0; i < reader->column_count; i++) {
        if (reader->names[i].len == 0) {
            return error_set(error, STATUS_INVALID, "%s, line 1: column %zu has no name", file,
                             i + 1);
        }
        for (size_t j = 0; j < i; j++) {
            if (str_equal(reader->names[i], reader->names[j])) {
                char name[NAME_BYTES];
                show_name(reader->names[i], name);
                return error_set(error, STATUS_INVALID,
                                 "%s, line 1: two columns are named \"%s\" (columns %zu and %zu)",
                                 file, name, j + 1, i + 1);
            }
        }
    }
    return STATUS_OK;
}

static int read_header(struct csv_reader *reader, struct error *error)
{
    struct csv_row row = {0};
    int status = refill(reader, &row, error);
    if (status == STATUS_OK) {
        status = check_beginning(reader, error);
    }
    if (status == STATUS_OK) {
        status = read_row(reader, &row, error);
    }
    if (status != STATUS_OK) {
        return status;
    }
    const char *file = reader->stream->name;
    if (row.stop == row.start) {
        return error_set(error, STATUS_INVALID,
                         "%s, line 1: the line is empty, but it must name the columns", file);
    }
    if (row.count > CSV_MAX_COLUMNS) {
        return error_set(error, STATUS_INVALID, "%s, line 1: %zu columns, more than the %d allowed",
                         file, row.count, CSV_MAX_COLUMNS);
    }
    status = copy_names(reader, row.count, error);
    if (status == STATUS_OK) {
        status = check_names(reader, error);
    }
    accept_row(reader, &row);
    return status;
}

int csv_reader_open(struct csv_reader **out, struct stream *stream, struct error *error)
{
    *out = NULL;
    int status;
    struct csv_reader *reader = memory_alloc_zeroed(1, sizeof *reader);
    if (reader == NULL) {
        return error_out_of_memory(error);
    }
    reader->stream = stream;
    reader->next_line = 1;
    reader->cap = FIRST_BUFFER_BYTES;
    reader->buffer = memory_alloc(reader->cap + CSV_SCAN_BLOCK);
    reader->fields = memory_alloc_array(CSV_MAX_COLUMNS, sizeof *reader->fields);
    reader->unescaped = TEXT_BUFFER(CSV_MAX_ROW_BYTES);
    if (reader->buffer == NULL || reader->fields == NULL) {
        status = error_out_of_memory(error);
        goto done;
    }
    status = read_header(reader, error);
done:
    if (status != STATUS_OK) {
        csv_reader_free(reader);
        return status;
    }
    *out = reader;
    return STATUS_OK;
}

size_t csv_reader_column_count(const struct csv_reader *reader)
{
    return reader->column_count;
}

struct str csv_reader_column(const struct csv_reader *reader, size_t position)
{
    return reader->names[position];
}

/* Takes the empty lines at `start` and counts them: what they mean shows only by what follows. */
static int skip_empty_lines(struct csv_reader *reader, struct error *error)
{
    for (;;) {
        if (UNLIKELY(reader->end - reader->start < 2 && !reader->at_end)) {
            int status = refill(reader, &(struct csv_row){0}, error);
            if (status != STATUS_OK) {
                return status;
            }
        }
        const char *at = reader->buffer + reader->start;
        size_t left = reader->end - reader->start;
        size_t bytes = left > 0 && at[0] == '\n'                    ? 1
                       : left > 1 && at[0] == '\r' && at[1] == '\n' ? 2
                                                                    : 0;
        if (LIKELY(bytes == 0)) {
            return STATUS_OK;
        }
        reader->start += bytes;
        reader->next_line++;
        reader->empty++;
    }
}

/* The first of the empty lines that a row follows. */
static int take_empty_line(struct csv_reader *reader, const struct csv_field **out,
                           struct error *error)
{
    reader->line = reader->next_line - reader->empty;
    if (reader->column_count > 1) {
        return error_set(error, STATUS_INVALID,
                         "%s, line %" PRIu64 ": the line is empty, the header has %zu columns",
                         reader->stream->name, reader->line, reader->column_count);
    }
    reader->empty--;
    reader->raw = STR("");
    reader->fields[0] = (struct csv_field){.text = STR("")};
    *out = reader->fields;
    return STATUS_OK;
}

int csv_reader_next(struct csv_reader *reader, const struct csv_field **out, struct error *error)
{
    *out = NULL;
    if (LIKELY(reader->empty == 0)) {
        int status = skip_empty_lines(reader, error);
        if (status != STATUS_OK) {
            return status;
        }
    }
    if (reader->start == reader->end) {
        return STATUS_OK; /* empty lines at the end of the file mean nothing */
    }
    if (UNLIKELY(reader->empty > 0)) {
        return take_empty_line(reader, out, error);
    }
    struct csv_row row;
    int status = read_row(reader, &row, error);
    if (status != STATUS_OK) {
        return status;
    }
    if (row.count != reader->column_count) {
        return error_set(error, STATUS_INVALID,
                         "%s, line %" PRIu64 ": row has %zu column%s, the header has %zu",
                         reader->stream->name, reader->next_line, row.count,
                         row.count == 1 ? "" : "s", reader->column_count);
    }
    accept_row(reader, &row);
    *out = reader->fields;
    return STATUS_OK;
}

uint64_t csv_reader_line(const struct csv_reader *reader)
{
    return reader->line;
}

struct str csv_reader_raw_row(const struct csv_reader *reader)
{
    return reader->raw;
}

void csv_reader_free(struct csv_reader *reader)
{
    if (reader != NULL) {
        memory_free(reader->buffer);
        memory_free(reader->fields);
        memory_free(reader->names);
        memory_free(reader->name_text);
        text_free(&reader->unescaped);
        memory_free(reader);
    }
}

static bool needs_quotes(struct str text)
{
    if (text.len == 0 || text.ptr[0] == ' ' || text.ptr[text.len - 1] == ' ') {
        return true;
    }
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        /* The comma is the highest of the four: one comparison passes letters and digits. */
        if ((unsigned char)c <= ',' && (c == ',' || c == '"' || c == '\n' || c == '\r')) {
            return true;
        }
    }
    return false;
}

void csv_append_field(struct text_buffer *out, struct str text)
{
    if (text.ptr == NULL) {
        return;
    }
    if (!needs_quotes(text)) {
        text_append(out, text);
        return;
    }
    text_append_char(out, '"');
    while (text.len > 0) {
        const char *quote = memchr(text.ptr, '"', text.len);
        size_t count = quote == NULL ? text.len : (size_t)(quote - text.ptr) + 1;
        text_append(out, (struct str){text.ptr, count});
        if (quote != NULL) {
            text_append_char(out, '"');
        }
        text.ptr += count;
        text.len -= count;
    }
    text_append_char(out, '"');
}
