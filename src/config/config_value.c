#include "config/config_value.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/ip_address.h"
#include "base/json_read.h"
#include "base/number_text.h"
#include "base/utf8.h"

/* How much of a wrong text a message shows: enough to find it. */
enum { SHOWN_TEXT = 40, SHOWN_ROOM = SHOWN_TEXT + 16 };

/* ---- messages ---- */

static void refuse(const struct config_key *key, const char *shown, struct faults *faults)
{
    struct text_buffer expected = TEXT_BUFFER(512);
    config_key_describe(&expected, key);
    const char *text = expected.failed ? "something else" : expected.ptr;
    if (key->secret) {
        faults_add(faults, "must be %s", text);
    } else {
        faults_add(faults, "must be %s, not %s", text, shown);
    }
    text_free(&expected);
}

static void show_text(char out[SHOWN_ROOM], struct str text)
{
    bool cut = text.len > SHOWN_TEXT;
    text.len = cut ? SHOWN_TEXT : text.len;
    text.len = utf8_valid_prefix(text);
    snprintf(out, SHOWN_ROOM, "\"%.*s%s\"", STR_ARG(text), cut ? "…" : "");
}

static void show_json(char out[SHOWN_ROOM], const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT: snprintf(out, SHOWN_ROOM, "an object"); break;
    case JSON_ARRAY: snprintf(out, SHOWN_ROOM, "a list"); break;
    case JSON_STRING:
        show_text(out, (struct str){json_string_value(value), json_string_length(value)});
        break;
    case JSON_INTEGER:
        snprintf(out, SHOWN_ROOM, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
        break;
    case JSON_REAL: out[double_to_text(json_real_value(value), out)] = '\0'; break;
    case JSON_TRUE: snprintf(out, SHOWN_ROOM, "true"); break;
    case JSON_FALSE: snprintf(out, SHOWN_ROOM, "false"); break;
    case JSON_NULL: snprintf(out, SHOWN_ROOM, "null"); break;
    }
}

static void refuse_json(const struct config_key *key, const json_t *value, struct faults *faults)
{
    char shown[SHOWN_ROOM];
    show_json(shown, value);
    refuse(key, shown, faults);
}

static void refuse_text(const struct config_key *key, struct str text, struct faults *faults)
{
    char shown[SHOWN_ROOM];
    show_text(shown, text);
    refuse(key, shown, faults);
}

/* ---- storing ---- */

static void *place(struct config *config, const struct config_key *key)
{
    return (char *)config + config_key_target(key)->at;
}

/* The position of `text` among the words of "process|k8s", or -1. */
static int find_word(const char *words, struct str text)
{
    for (int position = 0;; position++) {
        size_t length = strcspn(words, "|");
        if (str_equal((struct str){words, length}, text)) {
            return position;
        }
        if (words[length] == '\0') {
            return -1;
        }
        words += length + 1;
    }
}

static bool is_url(struct str text)
{
    struct str rest;
    if (str_starts_with(text, STR("http://"))) {
        rest = (struct str){text.ptr + 7, text.len - 7};
    } else if (str_starts_with(text, STR("https://"))) {
        rest = (struct str){text.ptr + 8, text.len - 8};
    } else {
        return text.len == 0;
    }
    bool blank = rest.len == 0 || rest.ptr[0] == '/';
    for (size_t i = 0; i < rest.len; i++) {
        blank = blank || (unsigned char)rest.ptr[i] <= ' ';
    }
    return !blank;
}

/* "https://name:password@host": the password has no place here, and none in a message. */
static bool has_credentials(struct str text)
{
    const char *host = memmem(text.ptr, text.len, "://", 3);
    if (host == NULL) {
        return false;
    }
    host += 3;
    size_t length = (size_t)(text.ptr + text.len - host);
    const char *end = memchr(host, '/', length);
    return memchr(host, '@', end == NULL ? length : (size_t)(end - host)) != NULL;
}

/* "postgres://user:password@host", "host=h password=p". The password would be shown with it, and psql
   takes for a connection string what the library takes for a name. */
static bool is_connection_string(struct str text)
{
    return memmem(text.ptr, text.len, "://", 3) != NULL ||
           (memchr(text.ptr, '=', text.len) != NULL && text.ptr[0] != '/' && text.ptr[0] != '@');
}

/* What the server's getaddrinfo() takes: an address of IPv6 may name an interface ("fe80::1%eth0"). */
static bool is_address(struct str text)
{
    struct ip_address address;
    const char *zone = memchr(text.ptr, '%', text.len);
    struct str number = {text.ptr, zone == NULL ? text.len : (size_t)(zone - text.ptr)};
    return str_equal(text, STR("localhost")) ||
           (ip_address_read(&address, number) && (zone == NULL || !ip_address_is_v4(&address)));
}

/* SCHEME://HOST[:PORT], and what an operator may have written behind it, a slash. No pattern: origins
   are compared whole. */
static bool is_origin(struct str text)
{
    const char *mark = memmem(text.ptr, text.len, "://", 3);
    if (mark == NULL || mark == text.ptr) {
        return false;
    }
    struct str host = {mark + 3, (size_t)(text.ptr + text.len - mark) - 3};
    host.len -= str_ends_with(host, STR("/"));
    bool good = host.len > 0 && memchr(host.ptr, '/', host.len) == NULL;
    for (size_t i = 0; i < text.len; i++) {
        good = good && (unsigned char)text.ptr[i] > ' ' && strchr("?#*", text.ptr[i]) == NULL;
    }
    return good;
}

/* Whether a text is one of the key's kind. */
static bool is_good(const struct config_key *key, struct str text)
{
    struct ip_range range;
    switch (key->kind) {
    case CONFIG_URL: return is_url(text);
    case CONFIG_ADDRESS: return is_address(text);
    case CONFIG_ORIGIN: return is_origin(text);
    case CONFIG_WORD: return find_word(key->words, text) >= 0;
    case CONFIG_RANGE: return ip_range_read(&range, text);
    default: return true;
    }
}

/* A copy of a text that is as it should be; else NULL, with a fault. */
static const char *take_text(struct config *config, const struct config_key *key, struct str text,
                             struct faults *faults)
{
    bool address = key->kind == CONFIG_URL || key->kind == CONFIG_ORIGIN;
    if (address && has_credentials(text)) {
        faults_add(faults, "must not hold a user's name or password");
    } else if (key->kind == CONFIG_NAME && is_connection_string(text)) {
        faults_add(faults, "must not be a connection string; its parts go to db.host, db.port, "
                           "db.name, db.user and db.password");
    } else if (!is_good(key, text)) {
        refuse_text(key, text, faults);
    } else {
        return arena_copy(&config->arena, text);
    }
    return NULL;
}

static void store_text(struct config *config, const struct config_key *key, struct str text,
                       struct faults *faults)
{
    if (key->kind == CONFIG_ADDRESS && text.len == 0) {
        return; /* as "${LISTEN:-}" of a compose file gives: the default */
    }
    const char *copy = take_text(config, key, text, faults);
    if (copy != NULL) {
        *(const char **)place(config, key) = copy;
    }
}

static bool store_number(struct config *config, const struct config_key *key, int64_t number)
{
    if (number < 0 || (uint64_t)number < key->least || (uint64_t)number > key->most) {
        return false;
    }
    if (key->kind == CONFIG_BYTES) {
        *(uint64_t *)place(config, key) = (uint64_t)number;
    } else {
        *(uint32_t *)place(config, key) = (uint32_t)number;
    }
    return true;
}

static void store_choice(struct config *config, const struct config_key *key, struct str text,
                         struct faults *faults)
{
    int position = find_word(key->words, text);
    if (position < 0) {
        refuse_text(key, text, faults);
    } else {
        *(unsigned *)place(config, key) = (unsigned)position;
    }
}

/* ---- lists ---- */

/* One item of a list is checked as a key of its own would be. */
static struct config_key item_of(const struct config_key *list)
{
    struct config_key item = *list;
    item.kind = list->kind == CONFIG_WORDS     ? CONFIG_WORD
                : list->kind == CONFIG_ORIGINS ? CONFIG_ORIGIN
                : list->kind == CONFIG_RANGES  ? CONFIG_RANGE
                                               : CONFIG_TEXT;
    return item;
}

static const char *take_item(struct config *config, const struct config_key *list, struct str text,
                             struct faults *faults)
{
    struct config_key item = item_of(list);
    if (text.len == 0) {
        faults_add(faults, "must not be empty");
        return NULL;
    }
    return take_text(config, &item, text, faults);
}

static void list_from_json(struct config *config, const struct config_key *key, const json_t *value,
                           struct faults *faults)
{
    if (!json_is_array(value)) {
        refuse_json(key, value, faults);
        return;
    }
    size_t count = json_array_size(value);
    const char **items = arena_alloc_array(&config->arena, count, sizeof *items);
    for (size_t i = 0; items != NULL && i < count; i++) {
        const json_t *item = json_array_get(value, i);
        size_t mark = faults_enter_item(faults, i);
        if (json_is_string(item)) {
            struct str text = {json_string_value(item), json_string_length(item)};
            items[i] = take_item(config, key, text, faults);
        } else {
            struct config_key expected = item_of(key);
            refuse_json(&expected, item, faults);
        }
        faults_leave(faults, mark);
    }
    struct config_list *list = place(config, key);
    *list = (struct config_list){items, items == NULL ? 0 : count};
}

/* "a, b" */
static void list_from_commas(struct config *config, const struct config_key *key, const char *text,
                             struct faults *faults)
{
    size_t count = 0;
    for (const char *at = text; *at != '\0'; at++) {
        count += *at == ',';
    }
    count += text[0] != '\0';
    const char **items = arena_alloc_array(&config->arena, count, sizeof *items);
    for (size_t i = 0; items != NULL && i < count; i++) {
        size_t length = strcspn(text, ",");
        size_t mark = faults_enter_item(faults, i);
        items[i] = take_item(config, key, str_trim((struct str){text, length}), faults);
        faults_leave(faults, mark);
        text += length + (text[length] == ',');
    }
    struct config_list *list = place(config, key);
    *list = (struct config_list){items, items == NULL ? 0 : count};
}

/* The environment has no lists: commas part the items. The Python backend took JSON there. */
static void list_from_text(struct config *config, const struct config_key *key, const char *text,
                           struct faults *faults)
{
    static const char blanks[] = " \t\r\n";
    const char *bracket = text + strspn(text, blanks);
    const char *item = bracket + (*bracket == '[');
    item += strspn(item, blanks);
    if (*bracket != '[' || (*item != '"' && *item != ']')) {
        list_from_commas(config, key, text, faults);
        return;
    }
    json_t *array;
    struct error error;
    int status = json_read(&array, str_from(text), NULL, &error);
    if (status == 0) {
        list_from_json(config, key, array, faults);
        json_decref(array);
    } else if (status == STATUS_RESOURCES) {
        config->arena.failed = true;
    } else {
        refuse_text(key, str_from(text), faults);
    }
}

/* ---- the two ways in ---- */

void config_value_from_json(struct config *config, const struct config_key *key,
                            const json_t *value, struct faults *faults)
{
    struct str text = {json_string_value(value), json_string_length(value)};
    int64_t number = 0;
    bool good = true;
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_NAME:
    case CONFIG_URL:
    case CONFIG_ADDRESS:
    case CONFIG_ORIGIN:
    case CONFIG_RANGE:
    case CONFIG_WORD:
        good = json_is_string(value);
        if (good) {
            store_text(config, key, text, faults);
        }
        break;
    case CONFIG_CHOICE:
        good = json_is_string(value);
        if (good) {
            store_choice(config, key, text, faults);
        }
        break;
    case CONFIG_WORDS:
    case CONFIG_ORIGINS:
    case CONFIG_RANGES:
    case CONFIG_LIST: list_from_json(config, key, value, faults); break;
    case CONFIG_PORT:
        good = json_is_string(value) ? integer_from_text(text, &number) : json_is_integer(value);
        number = json_is_integer(value) ? json_integer_value(value) : number;
        good = good && store_number(config, key, number);
        break;
    case CONFIG_COUNT:
    case CONFIG_BYTES:
        good = json_is_integer(value) && store_number(config, key, json_integer_value(value));
        break;
    case CONFIG_IGNORED: break;
    }
    if (!good) {
        refuse_json(key, value, faults);
    }
}

void config_value_from_text(struct config *config, const struct config_key *key, const char *text,
                            struct faults *faults)
{
    int64_t number = 0;
    switch (key->kind) {
    case CONFIG_TEXT:
    case CONFIG_NAME:
    case CONFIG_URL:
    case CONFIG_ADDRESS:
    case CONFIG_ORIGIN:
    case CONFIG_RANGE:
    case CONFIG_WORD: store_text(config, key, str_from(text), faults); break;
    case CONFIG_CHOICE: store_choice(config, key, str_from(text), faults); break;
    case CONFIG_WORDS:
    case CONFIG_ORIGINS:
    case CONFIG_RANGES:
    case CONFIG_LIST: list_from_text(config, key, text, faults); break;
    case CONFIG_PORT:
    case CONFIG_COUNT:
    case CONFIG_BYTES:
        if (!integer_from_text(str_from(text), &number) || !store_number(config, key, number)) {
            refuse_text(key, str_from(text), faults);
        }
        break;
    case CONFIG_IGNORED: break;
    }
}
