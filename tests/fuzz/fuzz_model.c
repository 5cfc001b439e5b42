/*
 * Fuzzes the reading of models: any bytes are refused or read, compiled against the import columns,
 * written, and read again to the same. Compiling includes the parser, the type checker and the
 * binding of functions.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "linkage/model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct str names[] = {
    STR("data_source"),
    STR("source_person_id"),
    STR("first_name"),
    STR("last_name"),
    STR("sex"),
    STR("race"),
    STR("birth_date"),
    STR("death_date"),
    STR("social_security_number"),
    STR("address"),
    STR("city"),
    STR("state"),
    STR("zip_code"),
    STR("county"),
    STR("phone"),
};

static void require(int condition)
{
    if (!condition) {
        abort();
    }
}

/* What was written is a model that says the same. */
static void check_writing(const struct settings *settings)
{
    struct text_buffer once = TEXT_BUFFER(SETTINGS_MAX_BYTES);
    struct text_buffer twice = TEXT_BUFFER(SETTINGS_MAX_BYTES);
    settings_write(&once, settings);
    require(!once.failed);
    struct settings again;
    struct error error;
    require(settings_read(&again, text_str(&once), "written", &error) == 0);
    settings_write(&twice, &again);
    require(str_equal(text_str(&once), text_str(&twice)));
    settings_free(&again);
    text_free(&once);
    text_free(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct expr_schema schema = {names, ARRAY_LENGTH(names)};
    struct str json = {(const char *)data, size};
    struct error error = {.status = STATUS_OK};
    struct settings settings;
    if (settings_read(&settings, json, "model", &error) == 0) {
        check_writing(&settings);
        settings_free(&settings);
    } else {
        require(error.status == STATUS_INVALID && error.message[0] != '\0');
    }
    struct model model;
    if (model_load(&model, json, "model", &schema, &error) == 0) {
        model_free(&model);
    } else {
        require(error.status != STATUS_OK && error.message[0] != '\0');
    }
    return 0;
}
