#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/compiler.h"
#include "config/config_key.h"

static void assert_meant(const char *name, const char *expected)
{
    char out[CONFIG_VARIABLE_SIZE] = "none";
    assert_int_equal(config_key_suggest_variable(out, str_from(name)),
                     strcmp(expected, "none") != 0);
    assert_string_equal(out, expected);
}

static void a_variable_that_is_nearly_one_of_ours(void **state)
{
    (void)state;
    assert_meant("TUVA_EMPI_DB_HOST", "TUVA_EMPI_DB__HOST");
    assert_meant("TUVA_EMPI_db_host", "TUVA_EMPI_DB__HOST");
    assert_meant("TUVA_EMPI_DB_HSOT", "TUVA_EMPI_DB__HOST");
    assert_meant("TUVA_EMPI_DBHOST", "TUVA_EMPI_DB__HOST");
    assert_meant("TUVA_EMPI_CONFIG_FIL", "TUVA_EMPI_CONFIG_FILE");
    assert_meant("TUVA_EMPI_DATADIR", "TUVA_EMPI_DATA_DIR");
    assert_meant("TUVA_EMPI_CONFIG_AWS_SECRET", "none");
    for (size_t i = 0; i < config_key_count; i++) {
        char variable[CONFIG_VARIABLE_SIZE];
        char plain[CONFIG_VARIABLE_SIZE];
        size_t length = 0;
        config_key_variable(variable, &config_keys[i]);
        assert_meant(variable, "none");
        for (const char *at = variable; *at != '\0'; at++) {
            if (at[0] != '_' || at[1] != '_') {
                plain[length++] = *at;
            }
        }
        plain[length] = '\0';
        assert_meant(plain, strcmp(plain, variable) == 0 ? "none" : variable);
    }
    /* What Kubernetes and our own processes set, and what is known. */
    static const char *const others[] = {
        "TUVA_EMPI_",
        "TUVA_EMPI_PORT",
        "TUVA_EMPI_PORT_8000_TCP",
        "TUVA_EMPI_PORT_8000_TCP_ADDR",
        "TUVA_EMPI_SERVICE_HOST",
        "TUVA_EMPI_SERVICE_PORT",
        "TUVA_EMPI_SERVICE_PORT_HTTP",
        "TUVA_EMPI_CONFIG_FILE",
        "TUVA_EMPI_CONFIG_AWS_SECRET_ARN",
        "TUVA_EMPI_DATA_DIR",
        "TUVA_EMPI_JOB_TRY",
        "TUVA_EMPI_EXPECTED_VERSION",
        "PATH",
    };
    for (size_t i = 0; i < ARRAY_LENGTH(others); i++) {
        assert_meant(others[i], "none");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_variable_that_is_nearly_one_of_ours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
