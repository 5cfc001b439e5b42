#include "base/csv.h"

#include <stdio.h>

#include "base/memory.h"
#include "base/random.h"
#include "support.h"

static struct error error;

/* A stream that gives a text again and again, in reads of at most `piece` bytes, and may fail. */
struct drip {
    struct stream base;
    struct str text;
    uint64_t times;
    size_t at;
    size_t piece;
    uint64_t fails_at; /* the byte, or 0 */
};

static int drip_read(struct stream *stream, char *out, size_t size, size_t *got, struct error *err)
{
    struct drip *drip = (struct drip *)stream;
    *got = 0;
    if (drip->fails_at != 0 && stream->bytes >= drip->fails_at) {
        return error_set(err, STATUS_IO, "%s: cannot read: broken", stream->name);
    }
    if (drip->at == drip->text.len && drip->times > 1) {
        drip->times--;
        drip->at = 0;
    }
    size_t count = drip->text.len - drip->at;
    count = count < size ? count : size;
    count = drip->piece != 0 && drip->piece < count ? drip->piece : count;
    memcpy(out, drip->text.ptr + drip->at, count);
    drip->at += count;
    stream->bytes += count;
    *got = count;
    return STATUS_OK;
}

static const struct stream_operations drip_operations = {.read = drip_read};

static struct drip drip(struct str text, size_t piece)
{
    return (struct drip){.base = {.operations = &drip_operations, .name = "people.csv"},
                         .text = text,
                         .times = 1,
                         .piece = piece};
}

/* Reads `text` and shows what was read: header and rows as [field] each, quoted ones as "field",
   with the line before, one row a line; at last the error, if there is one. */
static struct str show(struct str text, size_t piece)
{
    static struct text_buffer out = TEXT_BUFFER(1 << 20);
    text_free(&out);
    struct drip stream = drip(text, piece);
    struct csv_reader *reader;
    int status = csv_reader_open(&reader, &stream.base, &error);
    if (status == STATUS_OK) {
        for (size_t i = 0; i < csv_reader_column_count(reader); i++) {
            text_appendf(&out, "[%.*s]", STR_ARG(csv_reader_column(reader, i)));
        }
        text_append_char(&out, '\n');
    }
    const struct csv_field *row = NULL;
    while (status == STATUS_OK && (status = csv_reader_next(reader, &row, &error)) == STATUS_OK &&
           row != NULL) {
        text_appendf(&out, "%d", (int)csv_reader_line(reader));
        for (size_t i = 0; i < csv_reader_column_count(reader); i++) {
            text_appendf(&out, row[i].quoted ? "\"%.*s\"" : "[%.*s]", STR_ARG(row[i].text));
        }
        text_append_char(&out, '\n');
    }
    if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_INVALID);
        assert_null(row);
        text_appendf(&out, "%s\n", error.message);
    }
    csv_reader_free(reader);
    assert_false(out.failed);
    return text_str(&out);
}

static void assert_shows(struct str text, const char *expected)
{
    static const size_t pieces[] = {0, 1, 7};
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        struct str shown = show(text, pieces[i]);
        if (!str_equal(shown, str_from(expected))) {
            fail_msg("in pieces of %zu:\n%.*sinstead of\n%s", pieces[i], STR_ARG(shown), expected);
        }
    }
}

static void reads_rows(void **state)
{
    (void)state;
    assert_shows(STR("a,b\n1,2\n3,4\n"), "[a][b]\n2[1][2]\n3[3][4]\n");
    assert_shows(STR("a,b\r\n1,2\r\n3,4"), "[a][b]\n2[1][2]\n3[3][4]\n");
    assert_shows(STR("a,b\n,\n ,\"\"\n"), "[a][b]\n2[][]\n3[ ]\"\"\n");
    assert_shows(STR("a"), "[a]\n");
    assert_shows(STR("a\n"), "[a]\n");
    assert_shows(STR("a,b\n1,\"\""), "[a][b]\n2[1]\"\"\n");
    assert_shows(STR("a,b\n1,"), "[a][b]\n2[1][]\n");
    assert_shows(STR("Jos\xC3\xA9,b\n\xF0\x9F\x98\x80,2\n"),
                 "[Jos\xC3\xA9][b]\n2[\xF0\x9F\x98\x80][2]\n");
}

static void reads_quoted_fields(void **state)
{
    (void)state;
    assert_shows(STR("a,b\n\"1,2\",\"3\n4\"\n5,6\n"), "[a][b]\n2\"1,2\"\"3\n4\"\n4[5][6]\n");
    assert_shows(STR("a,b\n\"x \"\"y\"\" z\",\"\"\"\"\r\n\"\"\"a\",\"a\"\"\"\n"),
                 "[a][b]\n2\"x \"y\" z\"\"\"\"\n3\"\"a\"\"a\"\"\n");
    assert_shows(STR("\"a,1\",\"b\"\"2\"\"\"\n\"\r\",\"\r\n\"\n7,8"),
                 "[a,1][b\"2\"]\n2\"\r\"\"\r\n\"\n4[7][8]\n");
    assert_shows(STR("a\n\"\"\"\"\"\"\"\""), "[a]\n2\"\"\"\"\"\n");
}

static void passes_over_a_byte_order_mark(void **state)
{
    (void)state;
    assert_shows(STR("\xEF\xBB\xBFid,b\n1,2\n"), "[id][b]\n2[1][2]\n");
    assert_shows(STR("\xEF\xBB\xBF\"id\",b\n1,2\n"), "[id][b]\n2[1][2]\n");
    assert_shows(STR("\xEF\xBB\xBF"),
                 "people.csv: the file is empty; its first line must name the columns\n");
}

static void passes_over_empty_lines_at_the_end_only(void **state)
{
    (void)state;
    assert_shows(STR("a,b\n1,2\n\n\r\n\n"), "[a][b]\n2[1][2]\n");
    assert_shows(STR("a,b\n\n"), "[a][b]\n");
    assert_shows(STR("a,b\r\n1,2\r\n\r\n"), "[a][b]\n2[1][2]\n");
    assert_shows(STR("a\n1\n\n"), "[a]\n2[1]\n");
    assert_shows(
        STR("a,b\n1,2\n\n\n3,4\n"),
        "[a][b]\n2[1][2]\npeople.csv, line 3: the line is empty, the header has 2 columns\n");
    assert_shows(STR("a,b\n\r\n3,4\n"),
                 "[a][b]\npeople.csv, line 2: the line is empty, the header has 2 columns\n");
    /* One column: an empty value. */
    assert_shows(STR("a\n\n1\n\n\r\n2\n\"\"\n\n"), "[a]\n2[]\n3[1]\n4[]\n5[]\n6[2]\n7\"\"\n");
}

static void refuses_rows_of_another_length(void **state)
{
    (void)state;
    assert_shows(
        STR("a,b,c\n1,2,3\n1,2\n"),
        "[a][b][c]\n2[1][2][3]\npeople.csv, line 3: row has 2 columns, the header has 3\n");
    assert_shows(STR("a,b,c\n1\n"),
                 "[a][b][c]\npeople.csv, line 2: row has 1 column, the header has 3\n");
    assert_shows(STR("a,b,c\n\"\n\",2,3\n1,2,3,4,,"),
                 "[a][b][c]\n2\"\n\"[2][3]\npeople.csv, line 4: row has 6 columns, the header has "
                 "3\n");
    assert_shows(STR("a\n1,2\n"), "[a]\npeople.csv, line 2: row has 2 columns, the header has 1\n");
}

static void refuses_quotes_in_the_wrong_place(void **state)
{
    (void)state;
    assert_shows(STR("id,name,city\n1,2,Spring\"field\n"),
                 "[id][name][city]\npeople.csv, line 2: quote inside an unquoted field (column 3, "
                 "\"city\"); write it twice and quote the whole field\n");
    assert_shows(STR("id,name,city\n1, \"2\",3\n"),
                 "[id][name][city]\npeople.csv, line 2: quote inside an unquoted field (column 2, "
                 "\"name\"); write it twice and quote the whole field\n");
    assert_shows(STR("id,name\n\"1\"x,2\n"),
                 "[id][name]\npeople.csv, line 2: text after the closing quote of a field (column "
                 "1, \"id\"); write a quote within a field twice\n");
    assert_string_equal(error.hint, "");
    assert_shows(STR("id,name\n\"1\" ,2\n"),
                 "[id][name]\npeople.csv, line 2: text after the closing quote of a field (column "
                 "1, \"id\"); write a quote within a field twice\n");
    assert_shows(STR("id,name\n1,2,3,\"4\"x\n"),
                 "[id][name]\npeople.csv, line 2: text after the closing quote of a field (column "
                 "4); write a quote within a field twice\n");
    assert_shows(STR("id,na\"me\n1,2\n"), "people.csv, line 1: quote inside an unquoted field "
                                          "(column 2); write it twice and quote the whole field\n");
}

/* What spreadsheets write that do not separate by commas. */
static void refuses_quoted_names_that_other_characters_separate(void **state)
{
    (void)state;
    assert_shows(STR("\"id\";\"name\"\n"),
                 "people.csv, line 1: text after the closing quote of a field (column 1); the "
                 "fields are separated by ';', a comma is needed\n");
    assert_shows(STR("\"id\"\t\"name\"\n"),
                 "people.csv, line 1: text after the closing quote of a field (column 1); the "
                 "fields are separated by tabs, a comma is needed\n");
    /* Below a good header it is something else. */
    assert_shows(STR("id,name\n\"1\";2,3\n"),
                 "[id][name]\npeople.csv, line 2: text after the closing quote of a field (column "
                 "1, \"id\"); write a quote within a field twice\n");
}

static void refuses_open_quotes(void **state)
{
    (void)state;
    assert_shows(STR("id,name\n1,2\n3,\"four\n5,6\n"),
                 "[id][name]\n2[1][2]\npeople.csv, line 3: quote opened and never closed (column "
                 "2, \"name\"); close it, or write it twice and quote the whole field\n");
    assert_shows(STR("id,name\n\"1\n\",\"2\"\""),
                 "[id][name]\npeople.csv, line 3: quote opened and never closed (column 2, "
                 "\"name\"); close it, or write it twice and quote the whole field\n");
    assert_shows(STR("id,name\n1,\""),
                 "[id][name]\npeople.csv, line 2: quote opened and never closed (column 2, "
                 "\"name\"); close it, or write it twice and quote the whole field\n");
    /* Where another field's quote ends it, the place of the opening one helps. */
    assert_shows(STR("id,name\n1,\"two\n3,\"four\"\n"),
                 "[id][name]\npeople.csv, line 3: text after the closing quote of a field (column "
                 "2, \"name\"); write a quote within a field twice\n");
    assert_string_equal(error.hint, "the field begins on line 2; is its quote meant?");
}

static void refuses_bytes_that_are_no_text(void **state)
{
    (void)state;
    static const char nul[] = "[a][b]\npeople.csv, line 2: NUL byte (column 2, \"b\"); the file is "
                              "damaged, or not text in UTF-8\n";
    assert_shows(STR("a,b\n1,2\0\n"), nul);
    assert_shows(STR("a,b\n1,\"2\0\"\n"), nul);
    assert_shows(STR("a,b\n1,\"\n\0\"\n"),
                 "[a][b]\npeople.csv, line 3: NUL byte (column 2, \"b\"); the file is damaged, or "
                 "not text in UTF-8\n");
    assert_shows(STR("a,b\n1,2\n\0"),
                 "[a][b]\n2[1][2]\npeople.csv, line 3: NUL byte (column 1, \"a\"); the file is "
                 "damaged, or not text in UTF-8\n");
    assert_shows(STR("a,b\nx,Jos\xE9\n"),
                 "[a][b]\npeople.csv, line 2: not valid UTF-8 (column 2, \"b\"); save the file as "
                 "UTF-8\n");
    assert_shows(STR("a,b\nx\xC3,2\n"),
                 "[a][b]\npeople.csv, line 2: not valid UTF-8 (column 1, \"a\"); save the file as "
                 "UTF-8\n");
    assert_shows(STR("a,b\n\"\n\xC3\xA9\n\",\"\n\n\xED\xA0\x80\"\n"),
                 "[a][b]\npeople.csv, line 6: not valid UTF-8 (column 2, \"b\"); save the file as "
                 "UTF-8\n");
    assert_shows(STR("a,\xFF\n"),
                 "people.csv, line 1: not valid UTF-8 (column 2); save the file as UTF-8\n");
    /* More columns than the header has, and the fault beyond. */
    assert_shows(STR("a,b\n1,2,3,\xFF\n"),
                 "[a][b]\npeople.csv, line 2: not valid UTF-8 (column 2, \"b\"); save the file as "
                 "UTF-8\n");
}

/* Wherever in the blocks that are scanned at once it lies. */
static void finds_a_wrong_byte_anywhere(void **state)
{
    (void)state;
    static const char head[] = "a,b\n";
    char text[300];
    memset(text, 'x', sizeof text);
    memcpy(text, head, 4);
    text[150] = ',';
    text[299] = '\n';
    for (size_t at = 4; at < 299; at++) {
        if (at == 150) {
            continue;
        }
        static const struct {
            char byte;
            const char *start;
        } wrong[] = {{(char)0xFF, "not valid UTF-8"},
                     {'\0', "NUL byte"},
                     {'"', "quote inside an unquoted field"},
                     {'\r', "carriage return"}};
        for (size_t i = 0; i < ARRAY_LENGTH(wrong); i++) {
            if (wrong[i].byte == '"' && (at == 4 || at == 151)) {
                continue; /* there it opens a quoted field */
            }
            text[at] = wrong[i].byte;
            (void)show((struct str){text, at == 298 && wrong[i].byte == '\r' ? 299 : 300}, 0);
            struct error expected;
            error_set(&expected, STATUS_INVALID, "people.csv, line 2: %s", wrong[i].start);
            assert_true(str_starts_with(str_from(error.message), str_from(expected.message)));
        }
        text[at] = 'x';
    }
}

static void refuses_lone_carriage_returns(void **state)
{
    (void)state;
    assert_shows(STR("a,b\r1,2\r"),
                 "people.csv, line 1: carriage return without line feed (column 2); end lines with "
                 "LF or CR LF, or quote the field\n");
    assert_shows(STR("a,b\n1,2\r3\n"),
                 "[a][b]\npeople.csv, line 2: carriage return without line feed (column 2, \"b\"); "
                 "end lines with LF or CR LF, or quote the field\n");
    assert_shows(STR("a,b\n1,2\r"),
                 "[a][b]\npeople.csv, line 2: carriage return without line feed (column 2, \"b\"); "
                 "end lines with LF or CR LF, or quote the field\n");
    assert_shows(STR("a,b\n1,\"2\"\r"),
                 "[a][b]\npeople.csv, line 2: carriage return without line feed (column 2, \"b\"); "
                 "end lines with LF or CR LF, or quote the field\n");
    assert_shows(STR("a,b\n\r"),
                 "[a][b]\npeople.csv, line 2: carriage return without line feed (column 1, \"a\"); "
                 "end lines with LF or CR LF, or quote the field\n");
}

#define REMEDY "unpack it, or compress it by gzip\n"

static void refuses_bad_headers(void **state)
{
    (void)state;
    assert_shows(STR(""), "people.csv: the file is empty; its first line must name the columns\n");
    assert_shows(STR("\na,b\n"),
                 "people.csv, line 1: the line is empty, but it must name the columns\n");
    assert_shows(STR("\r\n"), "people.csv, line 1: the line is empty, but it must name the "
                              "columns\n");
    assert_shows(STR("a,,c\n"), "people.csv, line 1: column 2 has no name\n");
    assert_shows(STR("a,b,\"\"\n"), "people.csv, line 1: column 3 has no name\n");
    assert_shows(STR("\"\"\n"), "people.csv, line 1: column 1 has no name\n");
    assert_shows(STR("id,city,name,city\n"),
                 "people.csv, line 1: two columns are named \"city\" (columns 2 and 4)\n");
    assert_shows(STR("id,City,city\n"), "[id][City][city]\n");
    assert_shows(STR("\xFF\xFEi\0d\0\n\0"), "people.csv: the text is UTF-16; save it as UTF-8\n");
    assert_shows(STR("\xFE\xFF\0i\0d"), "people.csv: the text is UTF-16; save it as UTF-8\n");
    assert_shows(STR("PK\x03\x04\x14\0"),
                 "people.csv: this is a zip archive or a workbook; export it as CSV\n");
    assert_shows(STR("\xFD"
                     "7zXZ\0\0\x04"),
                 "people.csv: this is an xz file; " REMEDY);
    assert_shows(STR("BZh91AY&SY\0"), "people.csv: this is a bzip2 file; " REMEDY);
    assert_shows(STR("\x28\xB5\x2F\xFD\x24"), "people.csv: this is a zstd file; " REMEDY);
    assert_shows(STR("7z\xBC\xAF\x27\x1C\0"), "people.csv: this is a 7z archive; " REMEDY);
    assert_shows(STR("BZhang,7z\n"), "[BZhang][7z]\n");
}

static void names_are_shown_within_bounds(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(1000);
    text_append(&text, STR("\"line\nbreak\"\nx\"\n"));
    assert_shows(text_str(&text),
                 "[line\nbreak]\npeople.csv, line 3: quote inside an unquoted field (column 1, "
                 "\"line break\"); write it twice and quote the whole field\n");
    text_clear(&text);
    for (int i = 0; i < 35; i++) {
        text_append(&text, i == 0 ? STR("x") : STR("\xC3\xA9"));
    }
    text_append(&text, STR("\n\"1\"2\n"));
    (void)show(text_str(&text), 0);
    char expected[200] =
        "people.csv, line 2: text after the closing quote of a field (column 1, \"x";
    for (int i = 0; i < 29; i++) {
        snprintf(expected + strlen(expected), 3, "\xC3\xA9");
    }
    snprintf(expected + strlen(expected), 60, "...\"); write a quote within a field twice");
    assert_string_equal(error.message, expected);
    text_free(&text);
}

static void keeps_the_number_of_columns(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(1 << 20);
    for (int i = 1; i <= CSV_MAX_COLUMNS; i++) {
        text_appendf(&text, i == 1 ? "c%d" : ",c%d", i);
    }
    size_t most = text.len;
    text_append_char(&text, '\n');
    struct str shown = show(text_str(&text), 0);
    assert_true(str_starts_with(shown, STR("[c1][c2]")));
    assert_true(str_ends_with(shown, STR("[c4096]\n")));
    text.len = most;
    text_append(&text, STR(",one\n"));
    assert_shows(text_str(&text), "people.csv, line 1: 4097 columns, more than the 4096 allowed\n");
    text_free(&text);
}

static void gives_the_raw_row(void **state)
{
    (void)state;
    struct drip stream =
        drip(STR("\xEF\xBB\xBF\"a\",b\r\n\"1 \"\"x\"\"\", 2 \r\n,\n\"\n\",\"\""), 3);
    static const char *const rows[] = {"\"1 \"\"x\"\"\", 2 ", ",", "\"\n\",\"\""};
    struct csv_reader *reader;
    assert_int_equal(csv_reader_open(&reader, &stream.base, &error), STATUS_OK);
    assert_text(csv_reader_raw_row(reader), STR("\"a\",b"));
    assert_int_equal(csv_reader_line(reader), 1);
    const struct csv_field *row;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        assert_int_equal(csv_reader_next(reader, &row, &error), STATUS_OK);
        assert_non_null(row);
        assert_text(csv_reader_raw_row(reader), str_from(rows[i]));
    }
    for (int i = 0; i < 3; i++) {
        assert_int_equal(csv_reader_next(reader, &row, &error), STATUS_OK);
        assert_null(row);
    }
    csv_reader_free(reader);
    csv_reader_free(NULL);
}

static void an_error_comes_again(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *message;
    } cases[] = {
        {STR("a,b\n1\n2,3\n"), "people.csv, line 2: row has 1 column, the header has 2"},
        {STR("a,b\n\n\n2,3\n"), "people.csv, line 2: the line is empty, the header has 2 columns"},
        {STR("a,b\n1,\xFF\n2,3\n"),
         "people.csv, line 2: not valid UTF-8 (column 2, \"b\"); save the file as UTF-8"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct drip stream = drip(cases[i].text, 0);
        struct csv_reader *reader;
        assert_int_equal(csv_reader_open(&reader, &stream.base, &error), STATUS_OK);
        for (int round = 0; round < 3; round++) {
            const struct csv_field *row;
            assert_int_equal(csv_reader_next(reader, &row, &error), STATUS_INVALID);
            assert_string_equal(error.message, cases[i].message);
        }
        csv_reader_free(reader);
    }
}

static void passes_on_what_the_stream_says(void **state)
{
    (void)state;
    struct drip stream = drip(STR("a,b\n1,2\n"), 0);
    stream.times = 100000;
    stream.fails_at = 1;
    struct csv_reader *reader;
    assert_int_equal(csv_reader_open(&reader, &stream.base, &error), STATUS_IO);
    assert_string_equal(error.message, "people.csv: cannot read: broken");
    assert_null(reader);
    stream.fails_at = 600000;
    stream.base.bytes = 0;
    assert_int_equal(csv_reader_open(&reader, &stream.base, &error), STATUS_OK);
    const struct csv_field *row;
    int status;
    while ((status = csv_reader_next(reader, &row, &error)) == STATUS_OK && row != NULL) {
    }
    assert_int_equal(status, STATUS_IO);
    csv_reader_free(reader);
}

/* Puts everything that is special at every distance from the end of a full read buffer. */
static void survives_the_end_of_the_buffer(void **state)
{
    (void)state;
    enum { BUFFER = 256 << 10 };
    static const char tricky[] = "\"x \"\"y\"\" z\",\"\"\r\n\"m\r\nn\",\xC3\xA9\r\nlast,\"\"\"\"\n";
    struct text_buffer text = TEXT_BUFFER(1 << 20);
    text_append(&text, STR("a,b\n"));
    for (size_t distance = 0; distance <= sizeof tricky; distance++) {
        text.len = 4;
        while (text.len < BUFFER - distance - 2) {
            text_append_char(&text, 'f');
        }
        text_append(&text, STR(",\n"));
        assert_int_equal(text.len, BUFFER - distance);
        text_append(&text, str_from(tricky));
        struct str shown = show(text_str(&text), 0);
        assert_true(str_ends_with(shown, STR("][]\n3\"x \"y\" z\"\"\"\n4\"m\r\nn\"[\xC3\xA9]\n"
                                             "6[last]\"\"\"\n")));
    }
    text_free(&text);
}

/* A file as random as it gets, made by the writer, must come back field by field. */
static void reads_what_was_written(void **state)
{
    (void)state;
    enum { ROWS = 40000, COLUMNS = 5 };
    static const char *const parts[] = {"",         "a",    "Smith",      ",",   "\"",
                                        "\n",       "\r\n", "\r",         " ",   "x",
                                        "\xC3\xA9", "\"\"", "1970-01-01", "ab,c"};
    struct text_buffer text = TEXT_BUFFER(1 << 28);
    struct text_buffer field = TEXT_BUFFER(1 << 20);
    text_append(&text, STR("a,b,c,d,e\n"));
    struct random random;
    for (int pass = 0; pass < 2; pass++) {
        struct drip stream = drip(text_str(&text), 100003);
        struct csv_reader *reader = NULL;
        const struct csv_field *row = NULL;
        if (pass == 1) {
            assert_int_equal(csv_reader_open(&reader, &stream.base, &error), STATUS_OK);
        }
        random_seed(&random, 6);
        for (int i = 0; i < ROWS; i++) {
            if (pass == 1) {
                assert_int_equal(csv_reader_next(reader, &row, &error), STATUS_OK);
            }
            for (int j = 0; j < COLUMNS; j++) {
                bool nothing = random_below(&random, 5) == 0;
                text_clear(&field);
                uint64_t count = random_below(&random, random_below(&random, 200) == 0 ? 3000 : 6);
                for (uint64_t k = 0; k < count; k++) {
                    text_append(&field,
                                str_from(parts[random_below(&random, ARRAY_LENGTH(parts))]));
                }
                struct str made = nothing ? (struct str){NULL, 0}
                                          : (struct str){field.ptr ? field.ptr : "", field.len};
                if (pass == 0) {
                    csv_append_field(&text, made);
                    text_append(&text, j + 1 < COLUMNS ? STR(",") : STR("\n"));
                } else {
                    assert_text(row[j].text, made);
                    assert_true(made.len > 0 || row[j].quoted == !nothing);
                }
            }
        }
        if (pass == 1) {
            assert_int_equal(csv_reader_next(reader, &row, &error), STATUS_OK);
            assert_null(row);
        }
        csv_reader_free(reader);
    }
    assert_true(text.len > 10 * (256 << 10));
    text_free(&text);
    text_free(&field);
}

static void writes_quotes_only_where_they_are_needed(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *written;
    } cases[] = {
        {{NULL, 0}, ""},
        {STR(""), "\"\""},
        {STR("a b"), "a b"},
        {STR("a,b"), "\"a,b\""},
        {STR("\""), "\"\"\"\""},
        {STR("say \"x\""), "\"say \"\"x\"\"\""},
        {STR("a\nb"), "\"a\nb\""},
        {STR("a\rb"), "\"a\rb\""},
        {STR(" a"), "\" a\""},
        {STR("a "), "\"a \""},
        {STR(" "), "\" \""},
        {STR("Jos\xC3\xA9"), "Jos\xC3\xA9"},
        {STR("!#$%&'()*+-"), "!#$%&'()*+-"},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        struct text_buffer out = TEXT_BUFFER(100);
        csv_append_field(&out, cases[i].text);
        assert_text(text_str(&out), str_from(cases[i].written));
        text_free(&out);
    }
    struct text_buffer out = TEXT_BUFFER(4);
    csv_append_field(&out, STR("a,b"));
    assert_true(out.failed);
    text_free(&out);
}

/* "a\n", and a row of one field of `bytes` bytes in all, its quotes included. */
static int read_long_row(size_t bytes, bool quoted, const char *end)
{
    struct text_buffer text = TEXT_BUFFER(CSV_MAX_ROW_BYTES + 100);
    text_append(&text, STR("a\n"));
    char *row = text_reserve(&text, bytes);
    assert_non_null(row);
    memset(row, 'x', bytes);
    if (quoted) {
        row[0] = row[bytes - 1] = '"';
    }
    text.len += bytes;
    text_append(&text, str_from(end));
    struct drip stream = drip(text_str(&text), 0);
    struct csv_reader *reader;
    assert_int_equal(csv_reader_open(&reader, &stream.base, &error), STATUS_OK);
    const struct csv_field *fields;
    int status = csv_reader_next(reader, &fields, &error);
    if (status == STATUS_OK) {
        assert_non_null(fields);
        assert_int_equal(fields[0].text.len, quoted ? bytes - 2 : bytes);
        assert_int_equal(csv_reader_next(reader, &fields, &error), STATUS_OK);
        assert_null(fields);
    }
    csv_reader_free(reader);
    text_free(&text);
    return status;
}

static void keeps_the_length_of_a_row(void **state)
{
    (void)state;
    static const char *const ends[] = {"", "\n", "\r\n"};
    for (size_t i = 0; i < ARRAY_LENGTH(ends); i++) {
        assert_int_equal(read_long_row(CSV_MAX_ROW_BYTES, i % 2, ends[i]), STATUS_OK);
        assert_int_equal(read_long_row(CSV_MAX_ROW_BYTES + 1, false, ends[i]), STATUS_INVALID);
        assert_string_equal(error.message, "people.csv, line 2: the row is longer than 16 MiB; is "
                                           "this a CSV file?");
    }
}

static void suspects_an_open_quote_in_a_long_row(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER((size_t)18 << 20);
    text_append(&text, STR("id,name\n1,2\n\"\n\",\"x\n"));
    while (text.len < (size_t)17 << 20) {
        text_append(&text, STR("3,4\n"));
    }
    struct drip stream = drip(text_str(&text), 0);
    struct csv_reader *reader;
    const struct csv_field *row;
    assert_int_equal(csv_reader_open(&reader, &stream.base, &error), STATUS_OK);
    assert_int_equal(csv_reader_next(reader, &row, &error), STATUS_OK);
    assert_int_equal(csv_reader_next(reader, &row, &error), STATUS_INVALID);
    assert_string_equal(error.message,
                        "people.csv, line 3: the row is longer than 16 MiB; most likely the quote "
                        "opened on line 4 is never closed");
    csv_reader_free(reader);
    text_free(&text);
}

static int read_everything(void *context, struct error *out)
{
    struct drip stream = drip(*(struct str *)context, 0);
    struct csv_reader *reader;
    int status = csv_reader_open(&reader, &stream.base, out);
    const struct csv_field *row = NULL;
    while (status == STATUS_OK && (status = csv_reader_next(reader, &row, out)) == STATUS_OK &&
           row != NULL) {
    }
    csv_reader_free(reader);
    return status;
}

static int write_field(void *context, struct error *out)
{
    (void)context;
    struct text_buffer text = TEXT_BUFFER(10000);
    for (int i = 0; i < 100; i++) {
        csv_append_field(&text, STR("a \"quoted\" field"));
    }
    int status = text.failed ? error_out_of_memory(out) : STATUS_OK;
    text_free(&text);
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    struct text_buffer text = TEXT_BUFFER(1 << 21);
    text_append(&text, STR("a,b\n1,\"\"\"\"\n2,\""));
    while (text.len < 1 << 20) { /* a row for which the buffer must grow */
        text_append(&text, STR("field \"\" of some length\n"));
    }
    text_append(&text, STR("\"\n"));
    struct str whole = text_str(&text);
    /* Reader, buffer, fields, two for the names, the buffer thrice as large, unescaped text. */
    assert_in_range(fail_every_allocation(read_everything, &whole), 8, 12);
    text_free(&text);
    assert_true(fail_every_allocation(write_field, NULL) > 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_rows),
        cmocka_unit_test(reads_quoted_fields),
        cmocka_unit_test(passes_over_a_byte_order_mark),
        cmocka_unit_test(passes_over_empty_lines_at_the_end_only),
        cmocka_unit_test(refuses_rows_of_another_length),
        cmocka_unit_test(refuses_quotes_in_the_wrong_place),
        cmocka_unit_test(refuses_quoted_names_that_other_characters_separate),
        cmocka_unit_test(refuses_open_quotes),
        cmocka_unit_test(refuses_bytes_that_are_no_text),
        cmocka_unit_test(finds_a_wrong_byte_anywhere),
        cmocka_unit_test(refuses_lone_carriage_returns),
        cmocka_unit_test(refuses_bad_headers),
        cmocka_unit_test(names_are_shown_within_bounds),
        cmocka_unit_test(keeps_the_number_of_columns),
        cmocka_unit_test(gives_the_raw_row),
        cmocka_unit_test(an_error_comes_again),
        cmocka_unit_test(passes_on_what_the_stream_says),
        cmocka_unit_test(survives_the_end_of_the_buffer),
        cmocka_unit_test(reads_what_was_written),
        cmocka_unit_test(writes_quotes_only_where_they_are_needed),
        cmocka_unit_test(keeps_the_length_of_a_row),
        cmocka_unit_test(suspects_an_open_quote_in_a_long_row),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
