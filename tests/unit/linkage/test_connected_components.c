#include "table.h"

#include "base/random.h"
#include "linkage/connected_components.h"

static struct error error;

static void make(struct connected_components *out, uint32_t count)
{
    assert_int_equal(connected_components_init(out, count, &error), 0);
}

static void records_start_alone(void **state)
{
    (void)state;
    struct connected_components components;
    make(&components, 5);
    for (uint32_t i = 0; i < 5; i++) {
        assert_int_equal(connected_components_root(&components, i), i);
    }
    connected_components_free(&components);
    make(&components, 0);
    connected_components_free(&components);
}

static void links_reach_through(void **state)
{
    (void)state;
    struct connected_components components;
    make(&components, 8);
    connected_components_link(&components, 7, 3);
    connected_components_link(&components, 5, 7);
    connected_components_link(&components, 1, 2);
    connected_components_link(&components, 4, 4);
    static const uint32_t apart[] = {0, 1, 1, 3, 4, 3, 6, 3};
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(connected_components_root(&components, i), apart[i]);
    }
    connected_components_link(&components, 2, 5);
    connected_components_link(&components, 5, 2);
    static const uint32_t together[] = {0, 1, 1, 1, 4, 1, 6, 1};
    for (uint32_t i = 0; i < 8; i++) {
        assert_int_equal(connected_components_root(&components, i), together[i]);
    }
    connected_components_free(&components);
}

/* The worst shape for a forest, in both directions. */
static void long_chains(void **state)
{
    (void)state;
    enum { LENGTH = 200000 };
    for (int upwards = 0; upwards < 2; upwards++) {
        struct connected_components components;
        make(&components, LENGTH);
        for (uint32_t i = 0; i + 1 < LENGTH; i++) {
            uint32_t at = upwards ? i : LENGTH - 2 - i;
            connected_components_link(&components, at + 1, at);
        }
        assert_int_equal(connected_components_root(&components, LENGTH - 1), 0);
        for (uint32_t i = 0; i < LENGTH; i++) {
            assert_int_equal(connected_components_root(&components, i), 0);
        }
        connected_components_free(&components);
    }
}

enum { MOST = 40 };

/* The plainest way there is: labels spread until nothing changes. */
static void spread(uint32_t labels[MOST], uint32_t count, uint32_t links[][2], uint32_t link_count)
{
    for (uint32_t i = 0; i < count; i++) {
        labels[i] = i;
    }
    for (bool changed = true; changed;) {
        changed = false;
        for (uint32_t i = 0; i < link_count; i++) {
            uint32_t *a = &labels[links[i][0]];
            uint32_t *b = &labels[links[i][1]];
            changed = changed || *a != *b;
            *a = *b = *a < *b ? *a : *b;
        }
    }
}

static void agrees_with_spreading_labels(void **state)
{
    (void)state;
    struct random random;
    random_seed(&random, 11);
    for (unsigned round = 0; round < 2000; round++) {
        uint32_t count = 1 + (uint32_t)random_below(&random, MOST);
        uint32_t link_count = (uint32_t)random_below(&random, MOST);
        uint32_t links[MOST][2];
        uint32_t labels[MOST];
        struct connected_components components;
        make(&components, count);
        for (uint32_t i = 0; i < link_count; i++) {
            links[i][0] = (uint32_t)random_below(&random, count);
            links[i][1] = (uint32_t)random_below(&random, count);
            connected_components_link(&components, links[i][0], links[i][1]);
        }
        spread(labels, count, links, link_count);
        for (uint32_t i = 0; i < count; i++) {
            assert_int_equal(connected_components_root(&components, i), labels[i]);
        }
        connected_components_free(&components);
    }
}

static int build(void *context, struct error *failure)
{
    (void)context;
    struct connected_components components;
    int status = connected_components_init(&components, 100, failure);
    if (status == 0) {
        connected_components_free(&components);
    }
    return status;
}

static void survives_failing_memory(void **state)
{
    (void)state;
    assert_int_equal(table_fail_every_allocation(build, NULL), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(records_start_alone),
        cmocka_unit_test(links_reach_through),
        cmocka_unit_test(long_chains),
        cmocka_unit_test(agrees_with_spreading_labels),
        cmocka_unit_test(survives_failing_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
