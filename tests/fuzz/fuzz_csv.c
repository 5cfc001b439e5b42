/*
 * The CSV reader on any bytes. Whatever they are, it must end in rows or an error with a message;
 * what it accepts must be within its promises, and must come back the same when it is written and
 * read again.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/csv.h"
#include "base/utf8.h"

static struct error error;

static void require(bool condition)
{
    if (!condition) {
        abort();
    }
}

static bool within(struct str inner, struct str outer)
{
    return inner.ptr >= outer.ptr && inner.ptr + inner.len <= outer.ptr + outer.len;
}

static bool holds(struct str text, char c)
{
    return text.len > 0 && memchr(text.ptr, c, text.len) != NULL;
}

/* A field points into the raw row, but for those with doubled quotes, which are shorter. */
static void check_field(const struct csv_field *field, struct str raw)
{
    require(field->text.ptr != NULL);
    require(utf8_valid_prefix(field->text) == field->text.len);
    require(!holds(field->text, '\0'));
    if (field->quoted) {
        require(field->text.len + 2 <= raw.len);
    } else {
        require(field->text.len == 0 || within(field->text, raw));
        require(!holds(field->text, '"') && !holds(field->text, '\n') && !holds(field->text, ',') &&
                !holds(field->text, '\r'));
    }
}

/* What a file holds, in a form in which no two contents look alike. */
static void note_text(struct text_buffer *notes, struct str text)
{
    text_append(notes, (struct str){(const char *)&text.len, sizeof text.len});
    text_append(notes, text);
}

static void write_row(struct text_buffer *out, const struct csv_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct str text = fields[i].text;
        /* An empty row of one column would be an empty line, which means nothing at the end. */
        bool nothing = text.len == 0 && !fields[i].quoted && count > 1;
        csv_append_field(out, nothing ? (struct str){NULL, 0} : text);
        text_append_char(out, i + 1 < count ? ',' : '\n');
    }
}

/* Reads all of `text`. Writes what is accepted to `out`, as a file of its own, and notes it. */
static int read_rows(struct str text, struct text_buffer *out, struct text_buffer *notes)
{
    struct stream *stream;
    struct csv_reader *reader;
    /* A name in the header may begin like a byte-order mark; one before it keeps it. */
    text_append(out, STR("\xEF\xBB\xBF"));
    require(stream_open_memory(&stream, "fuzz", text, &error) == STATUS_OK);
    int status = csv_reader_open(&reader, stream, &error);
    if (status == STATUS_OK) {
        size_t columns = csv_reader_column_count(reader);
        require(columns > 0 && columns <= CSV_MAX_COLUMNS);
        for (size_t i = 0; i < columns; i++) {
            note_text(notes, csv_reader_column(reader, i));
            csv_append_field(out, csv_reader_column(reader, i));
            text_append_char(out, i + 1 < columns ? ',' : '\n');
        }
        uint64_t line = 1;
        const struct csv_field *row;
        while ((status = csv_reader_next(reader, &row, &error)) == STATUS_OK && row != NULL) {
            require(csv_reader_line(reader) > line);
            line = csv_reader_line(reader);
            for (size_t i = 0; i < columns; i++) {
                check_field(&row[i], csv_reader_raw_row(reader));
                note_text(notes, row[i].text);
            }
            write_row(out, row, columns);
        }
    }
    require(status == STATUS_OK || (status == STATUS_INVALID && error.message[0] != '\0'));
    csv_reader_free(reader);
    stream_free(stream);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct text_buffer written = TEXT_BUFFER(SIZE_MAX);
    struct text_buffer notes = TEXT_BUFFER(SIZE_MAX);
    (void)read_rows((struct str){(const char *)data, size}, &written, &notes);
    require(!written.failed && !notes.failed);
    if (notes.len > 0) {
        struct text_buffer rewritten = TEXT_BUFFER(SIZE_MAX);
        struct text_buffer again = TEXT_BUFFER(SIZE_MAX);
        require(read_rows(text_str(&written), &rewritten, &again) == STATUS_OK);
        require(str_equal(text_str(&notes), text_str(&again)));
        text_free(&rewritten);
        text_free(&again);
    }
    text_free(&written);
    text_free(&notes);
    return 0;
}
