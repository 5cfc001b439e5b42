/* Defaults of m and u, and the numbering of levels. */
#include "linkage/settings.h"

#include "base/compiler.h"
#include "model_support.h"

/* Printed by Splink 4.0.9: _default_m_values(n) and _default_u_values(n). */
static void defaults_are_those_of_splink(void **state)
{
    (void)state;
    static const struct {
        size_t count;
        double m; /* of every level but the best */
        double u[9];
    } cases[] = {
        {2, 0.050000000000000044, {1.6000000000000014, 0.000927734375}},
        {3, 0.025000000000000022, {0.8000000000000007, 0.0031250000000000028, 0.000927734375}},
        {5,
         0.012500000000000011,
         {0.40000000000000036, 0.06299605249474372, 0.009921256574801257, 0.0015625000000000014,
          0.000927734375}},
        {6,
         0.010000000000000009,
         {0.3200000000000003, 0.08000000000000007, 0.020000000000000018, 0.0050000000000000044,
          0.0012500000000000011, 0.000927734375}},
        {9,
         0.0062500000000000056,
         {0.20000000000000018, 0.09057236642639076, 0.04101676780038194, 0.018574928614211873,
          0.008411876203952234, 0.003809417669388991, 0.0017251398651153339, 0.0007812500000000007,
          0.000927734375}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(cases); i++) {
        size_t count = cases[i].count;
        for (int gamma = 0; gamma < (int)count; gamma++) {
            double m = gamma == (int)count - 1 ? 0.95 : cases[i].m;
            assert_true(settings_default_m(count, gamma) == m);
            assert_true(settings_default_u(count, gamma) == cases[i].u[gamma]);
        }
    }
}

static void a_single_level_says_nothing(void **state)
{
    (void)state;
    assert_true(settings_default_m(1, 0) == 1);
    assert_true(settings_default_u(1, 0) == 1);
}

static void numbers_levels_down_to_zero(void **state)
{
    (void)state;
    struct settings settings;
    struct error error = {0};
    struct str json = STR(MODEL_LEVELS("{\"sql_condition\":\"a_l = a_r\",\"m_probability\":0.5},"
                                       "{\"sql_condition\":\"a_l is null\",\"is_null_level\":true,"
                                       "\"m_probability\":0.25,\"u_probability\":0},"
                                       "{\"sql_condition\":\"b_l = b_r\",\"u_probability\":0.125},"
                                       "{\"sql_condition\":\"b_l is null\",\"is_null_level\":true},"
                                       "{\"sql_condition\":\" Else \"}"));
    assert_int_equal(settings_read(&settings, json, "m.json", &error), 0);
    const struct settings_comparison *comparison = &settings.comparisons[0];
    static const int gammas[] = {2, -1, 1, -1, 0};
    assert_int_equal(comparison->level_count, 5);
    assert_int_equal(comparison->scored_level_count, 3);
    for (size_t i = 0; i < 5; i++) {
        assert_int_equal(comparison->levels[i].gamma, gammas[i]);
        assert_int_equal(comparison->levels[i].is_else, i == 4);
    }
    assert_true(comparison->levels[0].has_m);
    assert_true(comparison->levels[0].m_probability == 0.5);
    assert_false(comparison->levels[0].has_u);
    assert_true(comparison->levels[0].u_probability == settings_default_u(3, 2));
    assert_true(comparison->levels[2].m_probability == settings_default_m(3, 1));
    assert_true(comparison->levels[2].u_probability == 0.125);
    /* What a null level says of m and u means nothing. */
    assert_false(comparison->levels[1].has_m);
    assert_false(comparison->levels[1].has_u);
    settings_free(&settings);
}

static void null_levels_alone_are_fine(void **state)
{
    (void)state;
    struct settings settings;
    struct error error = {0};
    struct str json = STR(MODEL_LEVELS("{\"sql_condition\":\"ELSE\",\"is_null_level\":true}"));
    assert_int_equal(settings_read(&settings, json, "m.json", &error), 0);
    assert_int_equal(settings.comparisons[0].scored_level_count, 0);
    assert_int_equal(settings.comparisons[0].levels[0].gamma, -1);
    settings_free(&settings);
}

static void frees_nothing(void **state)
{
    (void)state;
    settings_free(NULL);
    struct settings settings = {0};
    settings_free(&settings);
    settings_free(&settings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_those_of_splink),
        cmocka_unit_test(a_single_level_says_nothing),
        cmocka_unit_test(numbers_levels_down_to_zero),
        cmocka_unit_test(null_levels_alone_are_fine),
        cmocka_unit_test(frees_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
