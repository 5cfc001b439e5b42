#include "api/docs_page.h"

#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"
#include "base/number_text.h"

const char docs_page_style[] =
    ":root{color-scheme:light dark;--line:#8884;--dim:#666;--mark:#0b57d0}"
    "@media(prefers-color-scheme:dark){:root{--dim:#aaa;--mark:#8ab4f8}}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}"
    "a{color:var(--mark)}code{font:.9em ui-monospace,monospace}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0}"
    "th,td{text-align:left;vertical-align:top;padding:.25rem .5rem;border-bottom:1px solid "
    "var(--line)}"
    "section{border-top:2px solid var(--line);margin-top:2rem}"
    "h3{margin:1.25rem 0 .25rem}h4{margin:.75rem 0 0}.dim{color:var(--dim)}"
    ".method{font-weight:700;display:inline-block;min-width:3.5rem}"
    "nav ul{list-style:none;padding:0}";

/* ---- text ---- */

static void append_escaped(struct text_buffer *out, char c)
{
    switch (c) {
    case '&': text_append(out, STR("&amp;")); break;
    case '<': text_append(out, STR("&lt;")); break;
    case '>': text_append(out, STR("&gt;")); break;
    case '"': text_append(out, STR("&quot;")); break;
    default: text_append_char(out, c);
    }
}

static void append_text(struct text_buffer *out, const char *text)
{
    for (; text != NULL && *text != '\0'; text++) {
        append_escaped(out, *text);
    }
}

/* Text in which `this` is code. */
static void append_prose(struct text_buffer *out, const char *text)
{
    bool code = false;
    for (; text != NULL && *text != '\0'; text++) {
        if (*text != '`') {
            append_escaped(out, *text);
            continue;
        }
        code = !code;
        text_append(out, code ? STR("<code>") : STR("</code>"));
    }
    text_append(out, code ? STR("</code>") : STR(""));
}

static void append_paragraph(struct text_buffer *out, const char *text)
{
    if (text != NULL) {
        text_append(out, STR("<p>"));
        append_prose(out, text);
        text_append(out, STR("</p>\n"));
    }
}

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* What a reference points to: "#/components/KIND/NAME". */
static const json_t *resolve(const json_t *document, const json_t *value)
{
    const char *reference = text_of(value, "$ref");
    if (reference == NULL) {
        return value;
    }
    const char *name = strrchr(reference, '/');
    char kind[32];
    struct str start = STR("#/components/");
    struct str rest = {reference + start.len, (size_t)(name - reference) - start.len};
    if (!str_starts_with(str_from(reference), start) || rest.len >= sizeof kind) {
        return NULL;
    }
    memcpy(kind, rest.ptr, rest.len);
    kind[rest.len] = '\0';
    const json_t *components = json_object_get(document, "components");
    return json_object_get(json_object_get(components, kind), name + 1);
}

/* ---- types ---- */

static void append_value(struct text_buffer *out, const json_t *value)
{
    char number[DOUBLE_TEXT_MAX];
    if (json_is_string(value)) {
        append_text(out, json_string_value(value));
    } else if (json_is_integer(value)) {
        text_appendf(out, "%lld", (long long)json_integer_value(value));
    } else if (json_is_real(value)) {
        text_append(out, (struct str){number, double_to_text(json_real_value(value), number)});
    } else {
        text_append(out, json_is_true(value)    ? STR("true")
                         : json_is_false(value) ? STR("false")
                                                : STR("null"));
    }
}

static void append_limit(struct text_buffer *out, const json_t *schema, const char *key,
                         const char *words)
{
    const json_t *value = json_object_get(schema, key);
    if (value != NULL) {
        text_append(out, str_from(words));
        append_value(out, value);
    }
}

static void append_type(struct text_buffer *out, const json_t *schema);

static void append_choice(struct text_buffer *out, const json_t *values, bool schemas)
{
    for (size_t i = 0; i < json_array_size(values); i++) {
        text_append(out, i == 0 ? STR("") : STR(" or "));
        if (schemas) {
            append_type(out, json_array_get(values, i));
        } else {
            text_append(out, STR("<code>"));
            append_value(out, json_array_get(values, i));
            text_append(out, STR("</code>"));
        }
    }
}

static void append_link(struct text_buffer *out, const char *reference)
{
    const char *name = strrchr(reference, '/') + 1;
    text_appendf(out, "<a href=\"#%s\">%s</a>", name, name);
}

/* "list of Person", "integer, at least 1", "date-time or null". */
static void append_type(struct text_buffer *out, const json_t *schema)
{
    const char *reference = text_of(schema, "$ref");
    const json_t *choice = json_object_get(schema, "enum");
    const json_t *any = json_object_get(schema, "anyOf");
    const json_t *items = json_object_get(schema, "items");
    const char *type = text_of(schema, "type");
    const char *format = text_of(schema, "format");
    if (reference != NULL) {
        append_link(out, reference);
    } else if (choice != NULL || any != NULL) {
        append_choice(out, choice != NULL ? choice : any, choice == NULL);
    } else if (items != NULL) {
        text_append(out, STR("list of "));
        append_type(out, items);
    } else {
        append_text(out, format != NULL ? format : type);
    }
    append_limit(out, schema, "minimum", ", at least ");
    append_limit(out, schema, "maximum", ", at most ");
    append_limit(out, schema, "default", ", default ");
    if (json_is_true(json_object_get(schema, "nullable")) && choice == NULL) {
        text_append(out, STR(" or null"));
    }
}

/* ---- schemas ---- */

static bool is_required(const json_t *schema, const char *name)
{
    const json_t *required = json_object_get(schema, "required");
    for (size_t i = 0; i < json_array_size(required); i++) {
        if (strcmp(json_string_value(json_array_get(required, i)), name) == 0) {
            return true;
        }
    }
    return false;
}

static void append_row(struct text_buffer *out, const char *name, const json_t *schema,
                       bool required, const char *description)
{
    text_append(out, STR("<tr><td><code>"));
    append_text(out, name);
    text_append(out, STR("</code></td><td>"));
    append_type(out, schema);
    text_append(out, STR("</td><td>"));
    text_append(out, required ? STR("") : STR("<span class=\"dim\">optional.</span> "));
    append_prose(out, description);
    text_append(out, STR("</td></tr>\n"));
}

static void append_properties(struct text_buffer *out, const json_t *schema)
{
    const json_t *properties = json_object_get(schema, "properties");
    const char *name;
    json_t *property;
    if (properties == NULL) {
        return;
    }
    text_append(out, STR("<table><tr><th>field</th><th>type</th><th></th></tr>\n"));
    json_object_foreach((json_t *)properties, name, property)
    {
        append_row(out, name, property, is_required(schema, name),
                   text_of(property, "description"));
        /* An object without a name of its own: its fields right below. */
        if (json_object_get(property, "properties") != NULL) {
            text_append(out, STR("<tr><td></td><td colspan=\"2\">"));
            append_properties(out, property);
            text_append(out, STR("</td></tr>\n"));
        }
    }
    text_append(out, STR("</table>\n"));
}

static void append_schemas(struct text_buffer *out, const json_t *document)
{
    const json_t *schemas = json_object_get(json_object_get(document, "components"), "schemas");
    const char *name;
    json_t *schema;
    text_append(out, STR("<section><h2>Objects</h2>\n"));
    json_object_foreach((json_t *)schemas, name, schema)
    {
        text_appendf(out, "<h3 id=\"%s\">%s</h3>\n", name, name);
        append_paragraph(out, text_of(schema, "description"));
        append_properties(out, schema);
    }
    text_append(out, STR("</section>\n"));
}

/* ---- operations ---- */

static void append_parameters(struct text_buffer *out, const json_t *document,
                              const json_t *operation)
{
    const json_t *parameters = json_object_get(operation, "parameters");
    if (json_array_size(parameters) == 0) {
        return;
    }
    text_append(out, STR("<h4>Parameters</h4><table>\n"));
    for (size_t i = 0; i < json_array_size(parameters); i++) {
        const json_t *parameter = resolve(document, json_array_get(parameters, i));
        append_row(out, text_of(parameter, "name"), json_object_get(parameter, "schema"),
                   json_is_true(json_object_get(parameter, "required")),
                   text_of(parameter, "description"));
    }
    text_append(out, STR("</table>\n"));
}

/* "application/json: Person". */
static void append_content(struct text_buffer *out, const json_t *content)
{
    const char *type;
    json_t *value;
    json_object_foreach((json_t *)content, type, value)
    {
        text_append(out, STR("<div><code>"));
        append_text(out, type);
        text_append(out, STR("</code> "));
        append_type(out, json_object_get(value, "schema"));
        text_append(out, STR("</div>"));
    }
}

static void append_responses(struct text_buffer *out, const json_t *document,
                             const json_t *operation)
{
    const char *status;
    json_t *value;
    text_append(out, STR("<h4>Answers</h4><table>\n"));
    json_object_foreach(json_object_get(operation, "responses"), status, value)
    {
        const json_t *response = resolve(document, value);
        text_appendf(out, "<tr><td>%s</td><td>", status);
        append_prose(out, text_of(response, "description"));
        append_content(out, json_object_get(response, "content"));
        text_append(out, STR("</td></tr>\n"));
    }
    text_append(out, STR("</table>\n"));
}

static void append_access(struct text_buffer *out, const json_t *operation)
{
    const char *role = text_of(operation, "x-role");
    const char *admin_only = text_of(operation, "x-admin-only");
    text_append(out, STR("<p class=\"dim\">For "));
    append_text(out, role != NULL && strcmp(role, "nobody") == 0 ? "everybody" : role);
    text_append(out, role != NULL && strcmp(role, "member") == 0 ? STR("s and admins") : STR(""));
    if (admin_only != NULL) {
        text_append(
            out, STR("; for admins only where <code>authorization.admin_only</code> says <code>"));
        append_text(out, admin_only);
        text_append(out, STR("</code>"));
    }
    text_append(out, STR(".</p>\n"));
}

static void append_operation(struct text_buffer *out, const json_t *document, const char *path,
                             const char *method, const json_t *operation)
{
    const json_t *body = json_object_get(operation, "requestBody");
    text_appendf(out, "<section id=\"%s\"><h3>", text_of(operation, "operationId"));
    append_text(out, text_of(operation, "summary"));
    text_append(out, STR("</h3>\n<p><code><span class=\"method\">"));
    append_text(out, method);
    text_append(out, STR("</span> "));
    append_text(out, path);
    text_append(out, STR("</code></p>\n"));
    append_paragraph(out, text_of(operation, "description"));
    append_access(out, operation);
    append_parameters(out, document, operation);
    if (body != NULL) {
        text_append(out, STR("<h4>Body</h4>\n"));
        append_content(out, json_object_get(body, "content"));
    }
    append_responses(out, document, operation);
    text_append(out, STR("</section>\n"));
}

/* ---- the page ---- */

typedef void visit_operation(struct text_buffer *out, const json_t *document, const char *path,
                             const char *method, const json_t *operation);

static void append_entry(struct text_buffer *out, const json_t *document, const char *path,
                         const char *method, const json_t *operation)
{
    (void)document;
    text_appendf(out, "<li><a href=\"#%s\"><code><span class=\"method\">",
                 text_of(operation, "operationId"));
    append_text(out, method);
    text_append(out, STR("</span> "));
    append_text(out, path);
    text_append(out, STR("</code></a> "));
    append_text(out, text_of(operation, "summary"));
    text_append(out, STR("</li>\n"));
}

static void for_operations(struct text_buffer *out, const json_t *document, visit_operation *visit)
{
    static const char *const methods[][2] = {
        {"get", "GET"}, {"post", "POST"}, {"put", "PUT"}, {"patch", "PATCH"}, {"delete", "DELETE"}};
    const char *path;
    json_t *item;
    json_object_foreach(json_object_get(document, "paths"), path, item)
    {
        for (size_t i = 0; i < ARRAY_LENGTH(methods); i++) {
            const json_t *operation = json_object_get(item, methods[i][0]);
            if (operation != NULL) {
                visit(out, document, path, methods[i][1], operation);
            }
        }
    }
}

void docs_page_write(struct text_buffer *out, const json_t *document)
{
    const json_t *info = json_object_get(document, "info");
    const char *title = text_of(info, "title");
    const json_t *server = json_array_get(json_object_get(document, "servers"), 0);
    text_append(out, STR("<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
                         "<meta name=\"viewport\" content=\"width=device-width\">\n<title>"));
    append_text(out, title);
    text_append(out, STR(": HTTP API</title>\n<style>"));
    text_append(out, str_from(docs_page_style));
    text_append(out, STR("</style></head><body>\n<h1>"));
    append_text(out, title);
    text_append(out, STR(": HTTP API</h1>\n"));
    append_paragraph(out, text_of(info, "description"));
    text_append(out, STR("<p>All paths begin with <code>"));
    append_text(out, text_of(server, "url"));
    text_append(out, STR("</code>. The document itself: <a href=\"schema\">OpenAPI 3</a>.</p>\n"
                         "<nav><ul>\n"));
    for_operations(out, document, append_entry);
    text_append(out, STR("</ul></nav>\n<main>\n"));
    for_operations(out, document, append_operation);
    append_schemas(out, document);
    text_append(out, STR("</main></body></html>\n"));
}
