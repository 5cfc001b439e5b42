/* What the tests of models share: small models as literals, files, and failing memory. */
#ifndef TEST_LINKAGE_MODEL_SUPPORT_H
#define TEST_LINKAGE_MODEL_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/str.h"

/* A model of one comparison with further members at the top, in its comparison, in its first level,
   and as its rules; each begins with a comma. */
#define MODEL_WITH(top, comparison, level)                                             \
    "{\"comparisons\":[{\"comparison_levels\":[{\"sql_condition\":\"a_l = a_r\"" level \
    "},{\"sql_condition\":\"ELSE\"}]" comparison "}]" top "}"
#define MODEL_TOP(more)        MODEL_WITH(more, "", "")
#define MODEL_COMPARISON(more) MODEL_WITH("", more, "")
#define MODEL_LEVEL(more)      MODEL_WITH("", "", more)
#define MODEL_RULES(list)      MODEL_TOP(",\"blocking_rules_to_generate_predictions\":" list)
/* A model of one comparison with these levels, or of these comparisons. */
#define MODEL_LEVELS(list)      "{\"comparisons\":[{\"comparison_levels\":[" list "]}]}"
#define MODEL_COMPARISONS(list) "{\"comparisons\":[" list "]}"

/* The whole file as text; to be freed with text_free. */
struct text_buffer read_file(const char *path);

/* Runs work(context, error) with all allocations failing, then with all but the first, and so on
   until it succeeds. A failure must be STATUS_RESOURCES, and none may leave memory behind. Returns
   the number of failures. */
unsigned fail_every_allocation(int (*work)(void *context, struct error *error), void *context);

#define assert_text(text, expected)                           \
    do {                                                      \
        struct str text_ = (text);                            \
        char copy_[4096];                                     \
        assert_true(text_.len < sizeof copy_);                \
        memcpy(copy_, text_.len ? text_.ptr : "", text_.len); \
        copy_[text_.len] = '\0';                              \
        assert_string_equal(copy_, expected);                 \
    } while (0)

#endif
