/* The kept keys: when they are fetched, and how often: jwks.c. */

#include "tokens.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "identity/jwks.h"

static struct error error;

/* A provider. */
static struct {
    atomic_uint fetches;
    const char *document; /* NULL: it is down */
    unsigned microseconds;
    atomic_bool hangs;
} provider;

static int fetch(void *context, struct text_buffer *out, struct error *failure)
{
    (void)context;
    atomic_fetch_add(&provider.fetches, 1);
    usleep(provider.microseconds);
    while (atomic_load(&provider.hangs)) {
        usleep(1000);
    }
    if (provider.document == NULL) {
        return error_set(failure, STATUS_RESOURCES, "it is down");
    }
    text_append(out, str_from(provider.document));
    return 0;
}

static const struct jwks_source source = {fetch, NULL};

/* Documents with one key of each id. */
static const char *document(const char *first, const char *second)
{
    const char *items[] = {test_jwk(test_key(KEY_ED25519, 0), first, ""),
                           test_jwk(test_key(KEY_ED25519, 1), second, "")};
    return test_jwks(items, 2);
}

static struct jwks *open_keys(const struct jwks_pace *pace)
{
    struct jwks *keys;
    assert_int_equal(jwks_open(&keys, &source, pace, &error), 0);
    return keys;
}

static int set_up(void **state)
{
    (void)state;
    atomic_store(&provider.fetches, 0);
    provider.document = document("a", "b");
    provider.microseconds = 0;
    atomic_store(&provider.hangs, false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    test_keys_free();
    return 0;
}

/* Whether there is a key of this id; -1: no keys at all. */
static int has(struct jwks *keys, const char *id)
{
    const struct jwk *key;
    struct jwk_set *set;
    struct error own;
    int status = jwks_find(&key, &set, keys, str_from(id), JWA_EDDSA, &own);
    jwks_release(keys, set);
    return status == STATUS_RESOURCES ? -1 : key != NULL;
}

static void keys_are_fetched_when_they_are_needed(void **state)
{
    (void)state;
    struct jwks *keys = open_keys(NULL);
    assert_int_equal(atomic_load(&provider.fetches), 0);
    assert_int_equal(has(keys, "a"), 1);
    assert_int_equal(has(keys, "b"), 1);
    assert_int_equal(atomic_load(&provider.fetches), 1);
    jwks_close(keys);
}

/* fault 48: an unknown key was fetched each time, by anybody. */
static void fault_48_unknown_keys_are_not_fetched_again_and_again(void **state)
{
    (void)state;
    struct jwks *keys = open_keys(NULL);
    for (unsigned i = 0; i < 1000; i++) {
        assert_int_equal(has(keys, test_text("x%u", i)), 0);
    }
    assert_int_equal(atomic_load(&provider.fetches), 1);
    assert_int_equal(has(keys, "a"), 1);
    jwks_close(keys);
}

static void a_rotation_needs_no_restart(void **state)
{
    (void)state;
    const struct jwks_pace quick = {.least_seconds = 0.05};
    struct jwks *keys = open_keys(&quick);
    assert_int_equal(has(keys, "a"), 1);
    provider.document = document("b", "c");
    usleep(60000);
    assert_int_equal(has(keys, "c"), 1);
    assert_int_equal(has(keys, "a"), 0); /* and what was taken back is no key any more */
    assert_int_equal(has(keys, "b"), 1);
    jwks_close(keys);
}

static void an_old_set_is_fetched_anew(void **state)
{
    (void)state;
    const struct jwks_pace quick = {.least_seconds = 0.001, .most_seconds = 0.05};
    struct jwks *keys = open_keys(&quick);
    assert_int_equal(has(keys, "a"), 1);
    provider.document = document("b", "c");
    usleep(60000);
    assert_int_equal(has(keys, "a"), 0);
    assert_int_equal(atomic_load(&provider.fetches) >= 2, 1);
    jwks_close(keys);
}

static void a_failure_keeps_the_last_good_set(void **state)
{
    (void)state;
    static const char *const bad[] = {NULL, "<html>502</html>", "{\"keys\":[]}", ""};
    const struct jwks_pace quick = {.least_seconds = 0.001, .most_seconds = 0.002};
    struct jwks *keys = open_keys(&quick);
    assert_int_equal(has(keys, "a"), 1);
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        unsigned before = atomic_load(&provider.fetches);
        provider.document = bad[i];
        usleep(3000);
        assert_int_equal(has(keys, "a"), 1);
        usleep(3000);
        assert_int_equal(has(keys, "z"), 0);
        assert_true(atomic_load(&provider.fetches) > before);
    }
    jwks_close(keys);
}

static void without_any_keys_nobody_can_tell(void **state)
{
    (void)state;
    const struct jwks_pace quick = {.retry_seconds = 0.5};
    provider.document = NULL;
    struct jwks *keys = open_keys(&quick);
    for (unsigned i = 0; i < 100; i++) {
        assert_int_equal(has(keys, "a"), -1);
    }
    assert_true(atomic_load(&provider.fetches) <= 2);
    provider.document = document("a", "b");
    usleep(600000);
    assert_int_equal(has(keys, "a"), 1);
    jwks_close(keys);
}

static void a_fixed_set_stays(void **state)
{
    (void)state;
    struct jwk_set *set;
    struct jwks *keys;
    assert_int_equal(jwk_set_read(&set, str_from(document("a", "b")), &error), 0);
    assert_int_equal(jwks_open_fixed(&keys, set, &error), 0);
    assert_int_equal(has(keys, "a"), 1);
    assert_int_equal(has(keys, "c"), 0);
    assert_int_equal(atomic_load(&provider.fetches), 0);
    jwks_close(keys);
}

/* ---- many at once ---- */

enum { STORM = 200, WAITERS = 9 };

struct caller {
    struct jwks *keys;
    const char *id;
    int answer;
    pthread_t thread;
};

static atomic_uint answered;

static void *call(void *context)
{
    struct caller *caller = context;
    caller->answer = has(caller->keys, caller->id);
    atomic_fetch_add(&answered, 1);
    return NULL;
}

static void begin_storm(struct caller *callers, unsigned count, struct jwks *keys, const char *id)
{
    atomic_store(&answered, 0);
    for (unsigned i = 0; i < count; i++) {
        callers[i] = (struct caller){.keys = keys, .id = test_text("%s%u", id, i)};
    }
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(pthread_create(&callers[i].thread, NULL, call, &callers[i]), 0);
    }
}

static void end_storm(struct caller *callers, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        pthread_join(callers[i].thread, NULL);
    }
}

static void storm(struct caller *callers, unsigned count, struct jwks *keys, const char *id)
{
    begin_storm(callers, count, keys, id);
    end_storm(callers, count);
}

static unsigned count_answers(const struct caller callers[STORM], int answer)
{
    unsigned count = 0;
    for (unsigned i = 0; i < STORM; i++) {
        count += callers[i].answer == answer;
    }
    return count;
}

/* Two hundred at once with keys that nobody knows: one fetch, before there is a set and after. */
static void a_storm_is_one_fetch(void **state)
{
    (void)state;
    static struct caller callers[STORM];
    struct jwks *keys = open_keys(NULL);
    provider.microseconds = 50000;
    storm(callers, STORM, keys, "unknown-");
    assert_int_equal(atomic_load(&provider.fetches), 1);
    storm(callers, STORM, keys, "other-");
    assert_int_equal(atomic_load(&provider.fetches), 1);
    assert_int_equal(count_answers(callers, 0), STORM);
    jwks_close(keys);
}

/* Nor do they wait for a provider that hangs, but for a few: they would take the place of others. */
static void few_wait_for_a_provider_that_hangs(void **state)
{
    (void)state;
    static struct caller callers[STORM];
    const struct jwks_pace quick = {.least_seconds = 0.001};
    for (unsigned known = 0; known < 2; known++) {
        struct jwks *keys = open_keys(&quick);
        assert_int_equal(known == 0 || has(keys, "a") == 1, 1);
        usleep(2000);
        atomic_store(&provider.hangs, true);
        begin_storm(callers, STORM, keys, "unknown-");
        while (atomic_load(&answered) < STORM - WAITERS) {
            usleep(1000);
        }
        if (known != 0) {
            assert_int_equal(has(keys, "a"), 1);
        }
        atomic_store(&provider.hangs, false);
        end_storm(callers, STORM);
        assert_int_equal(count_answers(callers, known != 0 ? 0 : -1) >= STORM - WAITERS, 1);
        jwks_close(keys);
    }
}

/* Who comes while the new key is being fetched gets it, too. */
static void who_comes_meanwhile_waits(void **state)
{
    (void)state;
    static struct caller callers[STORM];
    const struct jwks_pace quick = {.least_seconds = 0.001};
    struct jwks *keys = open_keys(&quick);
    assert_int_equal(has(keys, "a"), 1);
    const char *items[WAITERS];
    for (unsigned i = 0; i < WAITERS; i++) {
        items[i] = test_jwk(test_key(KEY_ED25519, 0), test_text("new-%u", i), "");
    }
    provider.document = test_jwks(items, WAITERS);
    provider.microseconds = 50000;
    usleep(2000);
    storm(callers, WAITERS, keys, "new-");
    for (unsigned i = 0; i < WAITERS; i++) {
        assert_int_equal(callers[i].answer, 1);
    }
    jwks_close(keys);
}

/* A set that somebody still uses outlives its successor's coming. */
static void a_set_in_use_stays(void **state)
{
    (void)state;
    const struct jwks_pace quick = {.least_seconds = 0.001};
    struct jwks *keys = open_keys(&quick);
    const struct jwk *key;
    struct jwk_set *set;
    assert_int_equal(jwks_find(&key, &set, keys, STR("a"), JWA_EDDSA, &error), 0);
    assert_non_null(key);
    for (unsigned i = 0; i < 3; i++) {
        provider.document = document("c", test_text("d%u", i));
        usleep(2000);
        assert_int_equal(has(keys, test_text("d%u", i)), 1);
    }
    assert_ptr_equal(jwk_set_find(set, STR("a"), JWA_EDDSA), key);
    jwks_release(keys, set);
    jwks_close(keys);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(keys_are_fetched_when_they_are_needed, set_up),
        cmocka_unit_test_setup(fault_48_unknown_keys_are_not_fetched_again_and_again, set_up),
        cmocka_unit_test_setup(a_rotation_needs_no_restart, set_up),
        cmocka_unit_test_setup(an_old_set_is_fetched_anew, set_up),
        cmocka_unit_test_setup(a_failure_keeps_the_last_good_set, set_up),
        cmocka_unit_test_setup(without_any_keys_nobody_can_tell, set_up),
        cmocka_unit_test_setup(a_fixed_set_stays, set_up),
        cmocka_unit_test_setup(a_storm_is_one_fetch, set_up),
        cmocka_unit_test_setup(few_wait_for_a_provider_that_hangs, set_up),
        cmocka_unit_test_setup(who_comes_meanwhile_waits, set_up),
        cmocka_unit_test_setup(a_set_in_use_stays, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
