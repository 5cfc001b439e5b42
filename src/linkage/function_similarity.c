/* The distances and similarities between texts, as functions. */
#include <math.h>

#include "linkage/function_internal.h"
#include "linkage/string_distance.h"

/* The largest distance that matters to the caller. */
static uint64_t at_most(const struct function_call *call)
{
    double cutoff = call->binding->cutoff;
    /* 2^63 is beyond every distance; a negative cutoff is served by the least there is. */
    return cutoff >= 0x1p63 ? UINT64_MAX : cutoff > 0.0 ? (uint64_t)cutoff : 0;
}

static void return_distance(const struct function_call *call, uint64_t distance, struct value *out)
{
    if (UNLIKELY(distance == UINT64_MAX)) {
        function_exhaust(call, out);
    } else {
        function_return_integer(out, (int64_t)distance);
    }
}

static void return_similarity(const struct function_call *call, double similarity,
                              struct value *out)
{
    if (UNLIKELY(isnan(similarity))) {
        function_exhaust(call, out);
    } else {
        function_return_real(out, similarity);
    }
}

static void run_levenshtein(const struct function_call *call, const struct value *arguments,
                            struct value *out)
{
    uint64_t distance = string_levenshtein(call->memo, value_text(arguments[0]),
                                           value_text(arguments[1]), at_most(call), call->scratch);
    return_distance(call, distance, out);
}

static void run_damerau_levenshtein(const struct function_call *call, const struct value *arguments,
                                    struct value *out)
{
    uint64_t distance = string_damerau_levenshtein(
        value_text(arguments[0]), value_text(arguments[1]), at_most(call), call->scratch);
    return_distance(call, distance, out);
}

static void run_jaro(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    double similarity = string_jaro(call->memo, value_text(arguments[0]), value_text(arguments[1]),
                                    call->binding->cutoff, call->scratch);
    return_similarity(call, similarity, out);
}

static void run_jaro_winkler(const struct function_call *call, const struct value *arguments,
                             struct value *out)
{
    double similarity =
        string_jaro_winkler(call->memo, value_text(arguments[0]), value_text(arguments[1]),
                            call->binding->cutoff, call->scratch);
    return_similarity(call, similarity, out);
}

/* Below its third argument a similarity is 0. */
static void cut(double cutoff, struct value *out)
{
    if (!out->is_null && out->real < cutoff) {
        out->real = 0.0;
    }
}

static void run_jaro_cut(const struct function_call *call, const struct value *arguments,
                         struct value *out)
{
    run_jaro(call, arguments, out);
    cut(arguments[2].real, out);
}

static void run_jaro_winkler_cut(const struct function_call *call, const struct value *arguments,
                                 struct value *out)
{
    run_jaro_winkler(call, arguments, out);
    cut(arguments[2].real, out);
}

static void run_jaccard(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    double similarity = string_jaccard(value_text(arguments[0]), value_text(arguments[1]));
    if (isnan(similarity)) {
        function_fail(call, out);
    } else {
        function_return_real(out, similarity);
    }
}

/* The number of positions where the bytes differ. */
static void run_hamming(const struct function_call *call, const struct value *arguments,
                        struct value *out)
{
    struct str a = value_text(arguments[0]);
    struct str b = value_text(arguments[1]);
    if (a.len != b.len || a.len == 0) {
        function_fail(call, out);
        return;
    }
    int64_t differ = 0;
    for (size_t i = 0; i < a.len; i++) {
        differ += a.ptr[i] != b.ptr[i];
    }
    function_return_integer(out, differ);
}

static const struct function FUNCTIONS[] = {
    {.name = "levenshtein",
     .aliases = "editdist3 levenshtein_distance",
     .overloads = {{"tt:n", run_levenshtein}},
     .memo_size = sizeof(struct string_pattern),
     .commutative = true,
     .cutoff_kind = FUNCTION_CUTOFF_ABOVE},
    {.name = "damerau_levenshtein",
     .aliases = "damerau_levenshtein_distance",
     .overloads = {{"tt:n", run_damerau_levenshtein}},
     .commutative = true,
     .cutoff_kind = FUNCTION_CUTOFF_ABOVE},
    {.name = "jaro_similarity",
     .aliases = "jaro_sim jaro",
     .overloads = {{"tt:r", run_jaro}, {"ttr:r", run_jaro_cut}},
     .memo_size = sizeof(struct string_pattern),
     .commutative = true,
     .cutoff_kind = FUNCTION_CUTOFF_BELOW},
    {.name = "jaro_winkler_similarity",
     .aliases = "jaro_winkler jaro_winkler_sim",
     .overloads = {{"tt:r", run_jaro_winkler}, {"ttr:r", run_jaro_winkler_cut}},
     .memo_size = sizeof(struct string_pattern),
     .commutative = true,
     .cutoff_kind = FUNCTION_CUTOFF_BELOW},
    {.name = "jaccard",
     .aliases = "jaccard_sim",
     .overloads = {{"tt:r", run_jaccard}},
     .commutative = true},
    {.name = "hamming",
     .aliases = "mismatches",
     .overloads = {{"tt:n", run_hamming}},
     .commutative = true},
};

const struct function_table function_table_similarity = {FUNCTIONS, ARRAY_LENGTH(FUNCTIONS)};
