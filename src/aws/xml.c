#include "aws/xml.h"

#include <expat.h>
#include <stdbool.h>

#include "base/memory.h"

enum { MOST_PATH = 512 };

struct reader {
    struct xml *xml;
    XML_Parser parser;
    char path[MOST_PATH];
    size_t path_len;
    size_t marks[XML_MOST_DEPTH]; /* path_len before each open element */
    size_t depth;
    bool is_leaf;            /* of the open element: no other has begun in it */
    struct text_buffer text; /* of the open element */
    const char *fault;       /* why it was stopped; NULL: by expat, or for lack of memory */
    bool out_of_memory;
};

static void *resize(void *old, size_t size)
{
    return memory_resize_array(old, size, 1);
}

static void stop(struct reader *reader, const char *fault)
{
    reader->fault = fault;
    reader->out_of_memory = fault == NULL;
    XML_StopParser(reader->parser, XML_FALSE);
}

static void begin(void *context, const XML_Char *name, const XML_Char **attributes)
{
    (void)attributes;
    struct reader *reader = context;
    size_t len = strlen(name);
    if (reader->depth == XML_MOST_DEPTH || len + 1 > MOST_PATH - reader->path_len) {
        stop(reader, "it is nested too deeply");
        return;
    }
    reader->marks[reader->depth++] = reader->path_len;
    if (reader->path_len > 0) {
        reader->path[reader->path_len++] = '/';
    }
    if (len > MOST_PATH - reader->path_len) {
        stop(reader, "it is nested too deeply");
        return;
    }
    memcpy(reader->path + reader->path_len, name, len);
    reader->path_len += len;
    reader->is_leaf = true;
    text_clear(&reader->text);
}

static bool keep(struct reader *reader)
{
    struct xml *xml = reader->xml;
    struct str path = {reader->path, reader->path_len};
    struct str text = str_trim(text_str(&reader->text));
    struct xml_item item = {{arena_copy(&xml->arena, path), path.len},
                            {arena_copy(&xml->arena, text), text.len}};
    if (item.path.ptr == NULL || item.text.ptr == NULL) {
        return false;
    }
    xml->items[xml->count++] = item;
    return true;
}

static void end(void *context, const XML_Char *name)
{
    (void)name;
    struct reader *reader = context;
    if (reader->is_leaf && reader->xml->count == XML_MOST_ITEMS) {
        stop(reader, "it has too many elements");
        return;
    }
    if (reader->is_leaf && !keep(reader)) {
        stop(reader, NULL);
        return;
    }
    reader->is_leaf = false;
    reader->path_len = reader->marks[--reader->depth];
}

static void characters(void *context, const XML_Char *text, int len)
{
    struct reader *reader = context;
    text_append(&reader->text, (struct str){text, (size_t)len});
    if (reader->text.failed) {
        stop(reader, NULL);
    }
}

static void refuse_doctype(void *context, const XML_Char *name, const XML_Char *system,
                           const XML_Char *public, int internal)
{
    (void)name;
    (void)system;
    (void)public;
    (void)internal;
    stop(context, "it has a document type");
}

static int parse(struct reader *reader, struct str text, struct error *error)
{
    XML_SetUserData(reader->parser, reader);
    XML_SetElementHandler(reader->parser, begin, end);
    XML_SetCharacterDataHandler(reader->parser, characters);
    XML_SetStartDoctypeDeclHandler(reader->parser, refuse_doctype);
    if (XML_Parse(reader->parser, text.ptr, (int)text.len, 1) == XML_STATUS_OK) {
        return 0;
    }
    enum XML_Error code = XML_GetErrorCode(reader->parser);
    if (reader->out_of_memory || code == XML_ERROR_NO_MEMORY) {
        return error_out_of_memory(error);
    }
    return error_set(error, STATUS_INVALID, "the XML cannot be read: %s",
                     reader->fault != NULL ? reader->fault : XML_ErrorString(code));
}

int xml_read(struct xml *out, struct str text, struct error *error)
{
    static const XML_Memory_Handling_Suite memory = {
        .malloc_fcn = memory_alloc, .realloc_fcn = resize, .free_fcn = memory_free};
    *out = (struct xml){.arena = ARENA((size_t)2 * XML_MOST_BYTES)};
    if (text.len > XML_MOST_BYTES) {
        return error_set(error, STATUS_INVALID, "the XML cannot be read: it is too long");
    }
    struct reader reader = {.xml = out, .text = TEXT_BUFFER(XML_MOST_BYTES)};
    out->items = arena_alloc_array(&out->arena, XML_MOST_ITEMS, sizeof *out->items);
    reader.parser = XML_ParserCreate_MM(NULL, &memory, NULL);
    int status = out->items == NULL || reader.parser == NULL ? error_out_of_memory(error)
                                                             : parse(&reader, text, error);
    if (reader.parser != NULL) {
        XML_ParserFree(reader.parser);
    }
    text_free(&reader.text);
    if (status != 0) {
        xml_free(out);
    }
    return status;
}

struct str xml_find(const struct xml *xml, const char *wanted)
{
    struct str tail = str_from(wanted);
    for (size_t i = 0; i < xml->count; i++) {
        struct str path = xml->items[i].path;
        bool whole = path.len == tail.len ||
                     (path.len > tail.len && path.ptr[path.len - tail.len - 1] == '/');
        if (whole && str_ends_with(path, tail)) {
            return xml->items[i].text;
        }
    }
    return (struct str){NULL, 0};
}

void xml_free(struct xml *xml)
{
    arena_free(&xml->arena);
    xml->items = NULL;
    xml->count = 0;
}
