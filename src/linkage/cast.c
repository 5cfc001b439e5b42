/* Which type becomes which: names, common types, and the bindings of casts. */
#include <stdio.h>

#include "linkage/calendar.h"
#include "linkage/cast_internal.h"

static bool is_integer(enum value_kind kind)
{
    return kind == VALUE_INTEGER || kind == VALUE_BIGINT;
}

static bool is_number(enum value_kind kind)
{
    return kind >= VALUE_INTEGER && kind <= VALUE_DOUBLE;
}

static bool is_date(enum value_kind kind)
{
    return kind == VALUE_DATE || kind == VALUE_TIMESTAMP || kind == VALUE_TIMESTAMPTZ;
}

/* ---- unasked ---- */

/* The order in which DuckDB widens numbers; each step costs. */
static int number_rank(enum value_kind kind)
{
    switch (kind) {
    case VALUE_INTEGER: return 0;
    case VALUE_BIGINT: return 1;
    case VALUE_DECIMAL: return 4;
    case VALUE_FLOAT: return 5;
    default: return 2; /* DOUBLE comes before FLOAT and DECIMAL for integers */
    }
}

int cast_implicit_cost(struct value_type from, struct value_type to)
{
    if (value_type_equal(from, to)) {
        return 0;
    }
    if (from.kind == VALUE_NULL) {
        return 1;
    }
    if (from.kind == VALUE_LIST && to.kind == VALUE_LIST) {
        return cast_implicit_cost(*from.element, *to.element);
    }
    if (is_date(from.kind) && is_date(to.kind)) {
        return to.kind > from.kind ? (int)(to.kind - from.kind) : -1;
    }
    if (!is_number(from.kind) || !is_number(to.kind)) {
        return -1;
    }
    if (is_integer(from.kind)) {
        int cost = number_rank(to.kind) - number_rank(from.kind);
        return cost > 0 ? cost : -1;
    }
    if (from.kind == VALUE_DECIMAL && to.kind == VALUE_DECIMAL) {
        return 1;
    }
    /* DECIMAL to FLOAT or DOUBLE, FLOAT to DOUBLE. */
    return to.kind > from.kind ? (int)(to.kind - from.kind) : -1;
}

/* An integer type as the decimal that holds it, as far as 18 digits do. */
static struct value_type as_decimal(struct value_type type)
{
    enum { INTEGER_DIGITS = 10 };
    if (type.kind == VALUE_DECIMAL) {
        return type;
    }
    uint8_t width = type.kind == VALUE_INTEGER ? INTEGER_DIGITS : CAST_DECIMAL_WIDTH;
    return (struct value_type){.kind = VALUE_DECIMAL, .width = width};
}

/* The decimal with room for the digits before and after the point of both, as far as 18 go. */
static struct value_type common_decimal(struct value_type a, struct value_type b)
{
    a = as_decimal(a);
    b = as_decimal(b);
    int whole = a.width - a.scale > b.width - b.scale ? a.width - a.scale : b.width - b.scale;
    int scale = a.scale > b.scale ? a.scale : b.scale;
    int width = whole + scale > CAST_DECIMAL_WIDTH ? CAST_DECIMAL_WIDTH : whole + scale;
    return (struct value_type){
        .kind = VALUE_DECIMAL, .width = (uint8_t)width, .scale = (uint8_t)scale};
}

static struct value_type common_number(struct value_type a, struct value_type b)
{
    if (a.kind == VALUE_DECIMAL || b.kind == VALUE_DECIMAL) {
        enum value_kind other = a.kind == VALUE_DECIMAL ? b.kind : a.kind;
        return other > VALUE_DECIMAL ? TYPE(other) : common_decimal(a, b);
    }
    return a.kind > b.kind ? a : b;
}

static int refuse_mix(struct value_type a, struct value_type b, struct error *error)
{
    char left[64];
    char right[64];
    return error_set(error, STATUS_INVALID,
                     "%s and %s do not go together: an explicit cast is required",
                     value_type_name(a, left), value_type_name(b, right));
}

/* The common type of two lists; it is one of theirs, or none: a new one would need memory. */
static int common_list(struct value_type *out, struct value_type a, struct value_type b,
                       bool equality, struct error *error)
{
    struct value_type element = {.kind = VALUE_NULL};
    int status = cast_common_type(&element, *a.element, *b.element, equality, error);
    if (status != 0) {
        return status;
    }
    if (value_type_equal(element, *a.element)) {
        *out = a;
    } else if (value_type_equal(element, *b.element)) {
        *out = b;
    } else {
        return refuse_mix(a, b, error);
    }
    return 0;
}

int cast_common_type(struct value_type *out, struct value_type a, struct value_type b,
                     bool equality, struct error *error)
{
    if (a.kind == VALUE_NULL || value_type_equal(a, b)) {
        *out = b;
    } else if (b.kind == VALUE_NULL) {
        *out = a;
    } else if (is_number(a.kind) && is_number(b.kind)) {
        *out = common_number(a, b);
    } else if (is_date(a.kind) && is_date(b.kind)) {
        *out = a.kind > b.kind ? a : b;
    } else if (a.kind == VALUE_LIST && b.kind == VALUE_LIST) {
        return common_list(out, a, b, equality, error);
    } else if (a.kind == VALUE_BOOLEAN && (is_integer(b.kind) || (equality && is_number(b.kind)))) {
        *out = b;
    } else if (b.kind == VALUE_BOOLEAN && (is_integer(a.kind) || (equality && is_number(a.kind)))) {
        *out = a;
    } else if (equality && a.kind == VALUE_TEXT && b.kind != VALUE_LIST) {
        *out = b;
    } else if (equality && b.kind == VALUE_TEXT && a.kind != VALUE_LIST) {
        *out = a;
    } else {
        return refuse_mix(a, b, error);
    }
    return 0;
}

/* ---- names ---- */

static const struct {
    const char *names; /* separated by commas */
    enum value_kind kind;
} NAMES[] = {
    {"boolean,bool,logical", VALUE_BOOLEAN},
    {"integer,int,int4,signed,integral,int32", VALUE_INTEGER},
    {"bigint,int8,long,int64", VALUE_BIGINT},
    {"decimal,numeric,dec", VALUE_DECIMAL},
    {"float,float4,real", VALUE_FLOAT},
    {"double,float8,double precision", VALUE_DOUBLE},
    {"varchar,text,string,char,bpchar,nvarchar", VALUE_TEXT},
    {"date", VALUE_DATE},
    {"timestamp,datetime,timestamp_us,timestamp without time zone", VALUE_TIMESTAMP},
    {"timestamptz,timestamp with time zone", VALUE_TIMESTAMPTZ},
    {"interval", VALUE_INTERVAL},
};

/* Types of DuckDB that no model has needed, and what to write. */
static const struct {
    const char *names;
    const char *instead;
} UNSUPPORTED[] = {
    {"tinyint,int1,smallint,int2,short,utinyint,usmallint,uint8,uint16,int16", "INTEGER"},
    {"uinteger,uint32,ubigint,uint64,hugeint,int128,uhugeint,uint128,oid", "BIGINT"},
    {"timestamp_s,timestamp_ms,timestamp_ns,time", "TIMESTAMP"},
    {"uuid,blob,bytea,binary,varbinary,bit,bitstring,json,varint,bignum", "VARCHAR"},
};

static bool is_among(struct str name, const char *names)
{
    while (*names != '\0') {
        size_t length = strcspn(names, ",");
        if (str_equal_ignoring_case((struct str){names, length}, name)) {
            return true;
        }
        names += length + (names[length] == ',');
    }
    return false;
}

static int decimal_type(struct value_type *out, unsigned width, unsigned scale, struct error *error)
{
    enum { DUCKDB_WIDTH = 38, DEFAULT_SCALE = 3 };
    if (width == 0) {
        width = CAST_DECIMAL_WIDTH;
        scale = DEFAULT_SCALE;
    }
    if (width > DUCKDB_WIDTH || scale > width) {
        return error_set(error, STATUS_INVALID,
                         "DECIMAL(%u,%u): the width must be 1 to %d, and the scale at most that",
                         width, scale, DUCKDB_WIDTH);
    }
    if (scale > CAST_DECIMAL_WIDTH) {
        return error_set(error, STATUS_INVALID,
                         "DECIMAL(%u,%u): more than %d decimal places are not supported: write "
                         "DOUBLE",
                         width, scale, CAST_DECIMAL_WIDTH);
    }
    /* Wider ones keep their decimal places; numbers of more than 18 digits fail to be cast. */
    width = width > CAST_DECIMAL_WIDTH ? CAST_DECIMAL_WIDTH : width;
    *out = (struct value_type){
        .kind = VALUE_DECIMAL, .width = (uint8_t)width, .scale = (uint8_t)scale};
    return 0;
}

int cast_type_from_name(struct value_type *out, struct str name, unsigned width, unsigned scale,
                        struct error *error)
{
    for (size_t i = 0; i < ARRAY_LENGTH(NAMES); i++) {
        if (is_among(name, NAMES[i].names)) {
            *out = TYPE(NAMES[i].kind);
            return NAMES[i].kind == VALUE_DECIMAL ? decimal_type(out, width, scale, error) : 0;
        }
    }
    for (size_t i = 0; i < ARRAY_LENGTH(UNSUPPORTED); i++) {
        if (is_among(name, UNSUPPORTED[i].names)) {
            return error_set(error, STATUS_INVALID, "the type %.*s is not supported: write %s",
                             STR_ARG(name), UNSUPPORTED[i].instead);
        }
    }
    struct str shown = {name.ptr, name.len > 60 ? 60 : name.len};
    return error_set(error, STATUS_INVALID, "there is no type %.*s", STR_ARG(shown));
}

/* ---- bindings ---- */

static enum cast_outcome copy(struct arena *scratch, const struct cast *cast, struct value value,
                              struct value *out)
{
    (void)scratch;
    (void)cast;
    *out = value;
    return CAST_DONE;
}

static enum cast_outcome convert_date_to_timestamp(struct arena *scratch, const struct cast *cast,
                                                   struct value value, struct value *out)
{
    (void)scratch;
    (void)cast;
    *out = (struct value){0};
    return calendar_date_to_timestamp(value.integer, &out->integer) ? CAST_DONE : CAST_FAILED;
}

static enum cast_outcome convert_timestamp_to_date(struct arena *scratch, const struct cast *cast,
                                                   struct value value, struct value *out)
{
    (void)scratch;
    (void)cast;
    function_return_integer(out, calendar_timestamp_to_date(value.integer));
    return CAST_DONE;
}

/* Item by item. Under TRY_CAST an item that cannot be cast is NULL. */
static enum cast_outcome convert_list(struct arena *scratch, const struct cast *cast,
                                      struct value value, struct value *out)
{
    const struct value_list *from = value.list;
    struct value_list *list = arena_alloc(scratch, sizeof *list);
    struct value *items = arena_alloc_array(scratch, from->count, sizeof *items);
    if (list == NULL || items == NULL) {
        return CAST_EXHAUSTED;
    }
    for (uint32_t i = 0; i < from->count; i++) {
        items[i] = from->items[i];
        if (items[i].is_null) {
            continue;
        }
        enum cast_outcome outcome =
            cast->element->convert(scratch, cast->element, from->items[i], &items[i]);
        if (outcome == CAST_FAILED && cast->mode == CAST_TRY) {
            items[i] = VALUE_NONE;
        } else if (outcome != CAST_DONE) {
            return outcome;
        }
    }
    *list = (struct value_list){.count = from->count, .items = items};
    *out = (struct value){.list = list};
    return CAST_DONE;
}

static cast_convert *find_from_text(enum value_kind to)
{
    switch (to) {
    case VALUE_BOOLEAN: return cast_text_to_boolean;
    case VALUE_INTEGER:
    case VALUE_BIGINT: return cast_text_to_integer;
    case VALUE_DECIMAL: return cast_text_to_decimal;
    case VALUE_FLOAT:
    case VALUE_DOUBLE: return cast_text_to_real;
    case VALUE_DATE: return cast_text_to_date;
    case VALUE_TIMESTAMP:
    case VALUE_TIMESTAMPTZ: return cast_text_to_timestamp;
    case VALUE_INTERVAL: return cast_text_to_interval;
    case VALUE_LIST: return cast_text_to_list;
    default: return NULL;
    }
}

static cast_convert *find_to_number(enum value_kind to)
{
    switch (to) {
    case VALUE_BOOLEAN: return cast_to_boolean;
    case VALUE_INTEGER:
    case VALUE_BIGINT: return cast_to_integer;
    case VALUE_DECIMAL: return cast_to_decimal;
    case VALUE_FLOAT:
    case VALUE_DOUBLE: return cast_to_real;
    default: return NULL;
    }
}

cast_convert *cast_find(struct value_type from, struct value_type to)
{
    if (from.kind == VALUE_TEXT) {
        return find_from_text(to.kind);
    }
    if (to.kind == VALUE_TEXT) {
        return cast_to_text;
    }
    if (from.kind == VALUE_BOOLEAN || is_number(from.kind)) {
        return find_to_number(to.kind);
    }
    if (from.kind == VALUE_LIST && to.kind == VALUE_LIST) {
        return convert_list;
    }
    if (is_date(from.kind) && is_date(to.kind)) {
        return from.kind == VALUE_DATE ? convert_date_to_timestamp
               : to.kind == VALUE_DATE ? convert_timestamp_to_date
                                       : copy;
    }
    return NULL;
}

static void run_cast(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    const struct cast *cast = call->binding->state;
    enum cast_outcome outcome = cast->convert(call->scratch, cast, arguments[0], out);
    if (LIKELY(outcome == CAST_DONE)) {
        return;
    }
    *out = VALUE_NONE;
    *call->failures += outcome == CAST_FAILED && cast->mode != CAST_TRY;
    *call->exhausted |= outcome == CAST_EXHAUSTED;
}

/* NULL becomes a NULL of any type. */
static void run_null(const struct function_call *call, const struct value *arguments,
                     struct value *out)
{
    (void)call;
    (void)arguments;
    *out = VALUE_NONE;
}

static int make_cast(const struct cast **out, struct arena *arena, struct value_type from,
                     struct value_type to, enum cast_mode mode, struct error *error)
{
    struct cast *cast = arena_alloc_zeroed(arena, 1, sizeof *cast);
    if (cast == NULL) {
        return error_out_of_memory(error);
    }
    *cast = (struct cast){.from = from, .to = to, .mode = mode};
    *out = cast;
    if (from.kind == VALUE_NULL || value_type_equal(from, to)) {
        cast->convert = copy;
        return 0;
    }
    cast->convert = cast_find(from, to);
    if (cast->convert == NULL) {
        char left[64];
        char right[64];
        return error_set(error, STATUS_INVALID, "%s cannot be cast to %s",
                         value_type_name(from, left), value_type_name(to, right));
    }
    if (to.kind != VALUE_LIST) {
        return 0;
    }
    struct value_type item = from.kind == VALUE_LIST ? *from.element : TYPE(VALUE_TEXT);
    return make_cast(&cast->element, arena, item, *to.element, mode, error);
}

static bool is_allowed(struct value_type from, struct value_type to, enum cast_mode mode)
{
    if (mode == CAST_IMPLICIT) {
        return cast_implicit_cost(from, to) >= 0;
    }
    if (mode == CAST_COMPARE) {
        return cast_implicit_cost(from, to) >= 0 ||
               ((from.kind == VALUE_TEXT || from.kind == VALUE_BOOLEAN) && to.kind != VALUE_LIST);
    }
    return true;
}

int cast_bind(struct function_binding **out, struct arena *arena, struct value_type from,
              struct value_type to, enum cast_mode mode, struct error *error)
{
    static const struct function CAST = {.name = "cast"};
    *out = NULL;
    if (value_type_equal(from, to)) {
        return 0;
    }
    if (!is_allowed(from, to, mode)) {
        return refuse_mix(from, to, error);
    }
    const struct cast *cast;
    int status = make_cast(&cast, arena, from, to, mode, error);
    if (status != 0) {
        return status;
    }
    struct function_binding *binding = arena_alloc_zeroed(arena, 1, sizeof *binding);
    struct value_type *parameter = arena_alloc(arena, sizeof *parameter);
    if (binding == NULL || parameter == NULL) {
        return error_out_of_memory(error);
    }
    *parameter = from;
    *binding = (struct function_binding){
        .function = &CAST,
        .run = from.kind == VALUE_NULL ? run_null : run_cast,
        .argument_count = 1,
        .parameters = parameter,
        .result = to,
        .state = cast,
        .strict = true,
    };
    *out = binding;
    return 0;
}
