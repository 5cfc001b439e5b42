/*
 * The functions and operators that a SQL condition may call, with DuckDB's meaning
 * (Splink behaviour notes, section 5.4), and the casts between types (5.5).
 *
 * Binding happens once, when the model is loaded: it picks the overload by the types of the
 * arguments, checks constants (a regular expression, a date format, a date part), prepares what can
 * be prepared and refuses what DuckDB would refuse. Running happens per pair or per distinct value,
 * allocates only in the scratch arena and cannot fail: what DuckDB aborts on at run time (a bad
 * cast, jaccard of '', log of zero, strptime that does not parse) gives NULL and is counted.
 *
 * Operators are functions too: "+", "-" (one or two arguments), "*", "/", "//", "%", "||",
 * "~~" (LIKE), "~~*" (ILIKE), "~" (full regular-expression match), "[]" (subscript), "[:]" (slice).
 * Comparisons, AND, OR, NOT, IS, IN, BETWEEN, CASE, COALESCE and lambdas are the compiler's.
 *
 * Thread rule: registry and bindings are immutable; a function_call belongs to one thread.
 */
#ifndef LINKAGE_FUNCTION_H
#define LINKAGE_FUNCTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "linkage/value.h"

enum { FUNCTION_MAX_ARGUMENTS = 64 };

struct function;

struct function_argument {
    struct value_type type;
    const struct value *constant; /* the value, when it is known at bind time; else NULL */
};

struct function_binding;

/* What a running function may use. */
struct function_call {
    const struct function_binding *binding;
    struct arena *scratch; /* for results; reset by the evaluator after each pair */
    void *memo;            /* binding->memo_size bytes of this thread's own, zeroed before the
                              first run and kept between runs: say, bit masks of the left text */
    uint64_t *failures;    /* add 1 when NULL stands for what DuckDB would abort on */
    bool *exhausted;       /* set when the result is NULL because scratch had no room */
};

/* Leaves the result in *out. Arguments have exactly the binding's parameter types. */
typedef void function_run(const struct function_call *call, const struct value *arguments,
                          struct value *out);

/* On which side a bounded distance may be cut short. */
enum function_cutoff {
    FUNCTION_NO_CUTOFF,
    FUNCTION_CUTOFF_ABOVE, /* distances: beyond the cutoff any greater number will do */
    FUNCTION_CUTOFF_BELOW, /* similarities: below the cutoff any smaller number will do */
};

struct function_binding {
    const struct function *function;
    function_run *run;
    size_t argument_count;
    struct value_type *parameters; /* what each argument has to be cast to, by CAST_EXPLICIT:
                                      function_bind() has checked that DuckDB does it unasked */
    struct value_type result;
    const void *state;       /* prepared at bind time: a compiled pattern, a parsed format */
    void (*release)(void *); /* gives back what state holds outside the arena; may be NULL */
    size_t memo_size;        /* bytes of per-thread memory that it wants; 0 for none */
    bool strict;             /* NULL in any argument gives NULL, and run is not called then */
    bool commutative;        /* f(a,b) = f(b,a) to the last bit */
    enum function_cutoff cutoff_kind;
    double cutoff; /* set by the compiler when every use is a comparison with a constant;
                      until then -infinity (BELOW) or +infinity (ABOVE) */
};

/* The function of that name, in any case and with the names other dialects give it; NULL if there
   is none. */
const struct function *function_find(struct str name);

/* The known name nearest to `name`, for "did you mean"; NULL when none is near. */
const char *function_nearest(struct str name);

/* The name as messages write it. */
const char *function_name(const struct function *function);

/*
 * Picks the overload. All memory comes from `arena`, except what release() gives back. The error
 * says what the function takes and what stands there, in one sentence, with the cast to write where
 * one helps; the caller prefixes the place.
 */
int function_bind(struct function_binding **out, struct arena *arena,
                  const struct function *function, const struct function_argument *arguments,
                  size_t count, struct error *error);

/* ---- casts ---- */

enum cast_mode {
    CAST_IMPLICIT, /* only what DuckDB does unasked: NULL to all, INTEGER→BIGINT→DOUBLE, … */
    CAST_COMPARE,  /* for = <> IN between TEXT and another type: the text is cast */
    CAST_EXPLICIT, /* CAST and :: ; what cannot be cast is NULL and counted */
    CAST_TRY,      /* TRY_CAST: what cannot be cast is NULL and not counted */
};

/* A binding of one argument of type `from` with result `to`. STATUS_INVALID when there is no such
   cast, or when the mode does not allow it. The same type gives a NULL binding: nothing to do. */
int cast_bind(struct function_binding **out, struct arena *arena, struct value_type from,
              struct value_type to, enum cast_mode mode, struct error *error);

/* The type that both sides are brought to before `a = b`, CASE branches, COALESCE, IN and list
   items are computed (DuckDB's rules; for comparison only `equality` lets TEXT meet other types).
   A text literal takes the type of what it meets, as NULL does: pass VALUE_NULL for its type; when
   the answer is VALUE_NULL then, both are literals and the common type is TEXT (or NULL).
   STATUS_INVALID with "explicit cast is required" when there is none. */
int cast_common_type(struct value_type *out, struct value_type a, struct value_type b,
                     bool equality, struct error *error);

/* The type named in CAST(x AS name(width, scale)); pass 0, 0 when there are no numbers. */
int cast_type_from_name(struct value_type *out, struct str name, unsigned width, unsigned scale,
                        struct error *error);

#endif
