/* Casts, with what DuckDB 1.5 answers, and the rules of types. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "base/compiler.h"
#include "calls.h"
#include "linkage/function.h"

/* ---- from text ---- */

static const struct call_row NUMBERS_FROM_TEXT[] = {
    {"cast", "VARCHAR:1", "INTEGER:1"},
    {"cast", "VARCHAR:+1", "INTEGER:1"},
    {"cast", "VARCHAR:-1", "INTEGER:-1"},
    {"cast", "VARCHAR:++1", "INTEGER!"},
    {"cast", "VARCHAR: 12 ", "INTEGER:12"},
    {"cast", "VARCHAR:\\t12\\n", "INTEGER:12"},
    {"cast", "VARCHAR:1_000", "INTEGER:1000"},
    {"cast", "VARCHAR:1__0", "INTEGER!"},
    {"cast", "VARCHAR:_1", "INTEGER!"},
    {"cast", "VARCHAR:1_", "INTEGER!"},
    {"cast", "VARCHAR:0x1F", "INTEGER:31"},
    {"cast", "VARCHAR:0X1f", "INTEGER:31"},
    {"cast", "VARCHAR:-0x1F", "INTEGER!"},
    {"cast", "VARCHAR:0b101", "INTEGER:5"},
    {"cast", "VARCHAR:0o17", "INTEGER!"},
    {"cast", "VARCHAR:0x", "INTEGER!"},
    {"cast", "VARCHAR:1.", "INTEGER:1"},
    {"cast", "VARCHAR:.5", "INTEGER:1"},
    {"cast", "VARCHAR:.", "INTEGER!"},
    {"cast", "VARCHAR:1.5", "INTEGER:2"},
    {"cast", "VARCHAR:2.5", "INTEGER:3"},
    {"cast", "VARCHAR:-2.5", "INTEGER:-3"},
    {"cast", "VARCHAR:-1.5", "INTEGER:-2"},
    {"cast", "VARCHAR:0.5", "INTEGER:1"},
    {"cast", "VARCHAR:1e3", "INTEGER:1000"},
    {"cast", "VARCHAR:1E3", "INTEGER:1000"},
    {"cast", "VARCHAR:1e", "INTEGER!"},
    {"cast", "VARCHAR:1e+2", "INTEGER:100"},
    {"cast", "VARCHAR:1e-1", "INTEGER:0"},
    {"cast", "VARCHAR:15e-1", "INTEGER:2"},
    {"cast", "VARCHAR:2.55e1", "INTEGER:26"},
    {"cast", "VARCHAR:1e1.5", "INTEGER!"},
    {"cast", "VARCHAR:1e400", "INTEGER!"},
    {"cast", "VARCHAR:inf", "INTEGER!"},
    {"cast", "VARCHAR:", "INTEGER!"},
    {"cast", "VARCHAR:  ", "INTEGER!"},
    {"cast", "VARCHAR:abc", "INTEGER!"},
    {"cast", "VARCHAR:1a", "INTEGER!"},
    {"cast", "VARCHAR:1 2", "INTEGER!"},
    {"cast", "VARCHAR:2147483647", "INTEGER:2147483647"},
    {"cast", "VARCHAR:2147483648", "INTEGER!"},
    {"cast", "VARCHAR:2147483647.4", "INTEGER:2147483647"},
    {"cast", "VARCHAR:2147483647.5", "INTEGER!"},
    {"cast", "VARCHAR:-2147483648.4", "INTEGER:-2147483648"},
    {"cast", "VARCHAR:-2147483648.5", "INTEGER!"},
    {"cast", "VARCHAR:0.49999999999999999999", "INTEGER:0"},
    {"cast", "VARCHAR:1.0_0", "INTEGER:1"},
    {"cast", "VARCHAR:1e0_2", "INTEGER:100"},
    {"cast", "VARCHAR:12345678901234567890e-10", "INTEGER!"},
    {"cast", "VARCHAR:\\N", "INTEGER:\\N"},
    {"cast", "VARCHAR:9223372036854775807", "BIGINT:9223372036854775807"},
    {"cast", "VARCHAR:9223372036854775808", "BIGINT!"},
    {"cast", "VARCHAR:-9223372036854775808", "BIGINT:-9223372036854775808"},
    {"cast", "VARCHAR:-9223372036854775809", "BIGINT!"},
    {"cast", "VARCHAR:9223372036854775807.4", "BIGINT:9223372036854775807"},
    {"cast", "VARCHAR:1e18", "BIGINT:1000000000000000000"},
    {"cast", "VARCHAR:1e19", "BIGINT!"},
    {"cast", "VARCHAR:1", "DECIMAL(4,2):1.00"},
    {"cast", "VARCHAR:99.994", "DECIMAL(4,2):99.99"},
    {"cast", "VARCHAR:99.995", "DECIMAL(4,2)!"},
    {"cast", "VARCHAR:-99.995", "DECIMAL(4,2)!"},
    {"cast", "VARCHAR:100", "DECIMAL(4,2)!"},
    {"cast", "VARCHAR:.5", "DECIMAL(4,2):0.50"},
    {"cast", "VARCHAR:1e1", "DECIMAL(4,2):10.00"},
    {"cast", "VARCHAR:15e-1", "DECIMAL(4,2):1.50"},
    {"cast", "VARCHAR:12.345e1", "DECIMAL(4,2)!"},
    {"cast", "VARCHAR:", "DECIMAL(4,2)!"},
    {"cast", "VARCHAR:x", "DECIMAL(4,2)!"},
    {"cast", "VARCHAR:1.005", "DECIMAL(4,2):1.01"},
    {"cast", "VARCHAR:-0.004", "DECIMAL(4,2):0.00"},
    {"cast", "VARCHAR:123456789012345.678", "DECIMAL(18,3):123456789012345.678"},
    {"cast", "VARCHAR:1234567890123456", "DECIMAL(18,3)!"},
    {"cast", "VARCHAR:0.0005", "DECIMAL(18,3):0.001"},
    {"cast", "VARCHAR:.5", "DECIMAL(3,3):.500"},
    {"cast", "VARCHAR:1", "DECIMAL(3,3)!"},
    {"cast", "VARCHAR:1", "DOUBLE:1.0"},
    {"cast", "VARCHAR:1.5", "DOUBLE:1.5"},
    {"cast", "VARCHAR:.5", "DOUBLE:0.5"},
    {"cast", "VARCHAR:1.", "DOUBLE:1.0"},
    {"cast", "VARCHAR:1e3", "DOUBLE:1000.0"},
    {"cast", "VARCHAR:1e400", "DOUBLE:inf"},
    {"cast", "VARCHAR:1e-400", "DOUBLE:0.0"},
    {"cast", "VARCHAR:inf", "DOUBLE:inf"},
    {"cast", "VARCHAR:-Infinity", "DOUBLE:-inf"},
    {"cast", "VARCHAR:nan", "DOUBLE:nan"},
    {"cast", "VARCHAR:NaN", "DOUBLE:nan"},
    {"cast", "VARCHAR:0x1F", "DOUBLE!"},
    {"cast", "VARCHAR:1_0.5", "DOUBLE:10.5"},
    {"cast", "VARCHAR:1e", "DOUBLE!"},
    {"cast", "VARCHAR:", "DOUBLE!"},
    {"cast", "VARCHAR:abc", "DOUBLE!"},
    {"cast", "VARCHAR:1.5x", "DOUBLE!"},
    {"cast", "VARCHAR:+1", "DOUBLE:1.0"},
    {"cast", "VARCHAR:- 1", "DOUBLE!"},
    {"cast", "VARCHAR: 1 ", "DOUBLE:1.0"},
    {"cast", "VARCHAR:0.1", "DOUBLE:0.1"},
    {"cast", "VARCHAR:123456789012345678901234567890", "DOUBLE:1.2345678901234568e+29"},
    {"cast", "VARCHAR:4.9e-324", "DOUBLE:5e-324"},
    {"cast", "VARCHAR:0.1", "FLOAT:0.1"},
    {"cast", "VARCHAR:16777217", "FLOAT:16777216.0"},
    {"cast", "VARCHAR:1e39", "FLOAT:inf"},
    {"cast", "VARCHAR:1e300", "FLOAT:inf"},
    {"cast", "VARCHAR:x", "FLOAT!"},
    {"cast", "VARCHAR:true", "BOOLEAN:true"},
    {"cast", "VARCHAR:T", "BOOLEAN:true"},
    {"cast", "VARCHAR:1", "BOOLEAN:true"},
    {"cast", "VARCHAR:yes", "BOOLEAN:true"},
    {"cast", "VARCHAR:y", "BOOLEAN:true"},
    {"cast", "VARCHAR:false", "BOOLEAN:false"},
    {"cast", "VARCHAR:F", "BOOLEAN:false"},
    {"cast", "VARCHAR:0", "BOOLEAN:false"},
    {"cast", "VARCHAR:no", "BOOLEAN:false"},
    {"cast", "VARCHAR:N", "BOOLEAN:false"},
    {"cast", "VARCHAR:on", "BOOLEAN!"},
    {"cast", "VARCHAR:off", "BOOLEAN!"},
    {"cast", "VARCHAR: true", "BOOLEAN!"},
    {"cast", "VARCHAR:tr", "BOOLEAN!"},
    {"cast", "VARCHAR:2", "BOOLEAN!"},
    {"cast", "VARCHAR:", "BOOLEAN!"},
};

static const struct call_row DATES_FROM_TEXT[] = {
    {"cast", "VARCHAR:2020-01-05", "DATE:2020-01-05"},
    {"cast", "VARCHAR:2020-1-5", "DATE:2020-01-05"},
    {"cast", "VARCHAR: 2020-01-05 ", "DATE:2020-01-05"},
    {"cast", "VARCHAR:2020-01-05 10:00", "DATE:2020-01-05"},
    {"cast", "VARCHAR:2020-01-05x", "DATE:2020-01-05"},
    {"cast", "VARCHAR:2020-01-055", "DATE!"},
    {"cast", "VARCHAR:20200105", "DATE!"},
    {"cast", "VARCHAR:05/01/2020", "DATE!"},
    {"cast", "VARCHAR:2020/01/05", "DATE:2020-01-05"},
    {"cast", "VARCHAR:2020\\\\01\\\\05", "DATE:2020-01-05"},
    {"cast", "VARCHAR:2020 01 05", "DATE:2020-01-05"},
    {"cast", "VARCHAR:2020-01/05", "DATE!"},
    {"cast", "VARCHAR:2020-02-29", "DATE:2020-02-29"},
    {"cast", "VARCHAR:2020-02-30", "DATE!"},
    {"cast", "VARCHAR:1900-02-29", "DATE!"},
    {"cast", "VARCHAR:2020-13-01", "DATE!"},
    {"cast", "VARCHAR:2020-00-01", "DATE!"},
    {"cast", "VARCHAR:2020-01-00", "DATE!"},
    {"cast", "VARCHAR:0000-01-01", "DATE:0001-01-01 (BC)"},
    {"cast", "VARCHAR:-0001-01-01", "DATE:0002-01-01 (BC)"},
    {"cast", "VARCHAR:0001-01-01 (BC)", "DATE:0001-01-01 (BC)"},
    {"cast", "VARCHAR:0000-01-01 (BC)", "DATE!"},
    {"cast", "VARCHAR:12020-01-01", "DATE:12020-01-01"},
    {"cast", "VARCHAR:5881580-07-10", "DATE:5881580-07-10"},
    {"cast", "VARCHAR:5881580-07-11", "DATE!"},
    {"cast", "VARCHAR:5877642-06-25 (BC)", "DATE:5877642-06-25 (BC)"},
    {"cast", "VARCHAR:5877642-06-24 (BC)", "DATE!"},
    {"cast", "VARCHAR:epoch", "DATE:1970-01-01"},
    {"cast", "VARCHAR:Infinity", "DATE:infinity"},
    {"cast", "VARCHAR:-infinity", "DATE:-infinity"},
    {"cast", "VARCHAR:inf", "DATE:infinity"},
    {"cast", "VARCHAR:infin", "DATE!"},
    {"cast", "VARCHAR:", "DATE!"},
    {"cast", "VARCHAR:2020", "DATE!"},
    {"cast", "VARCHAR:2020-01", "DATE!"},
    {"cast", "VARCHAR:2020-01-05", "TIMESTAMP:2020-01-05 00:00:00"},
    {"cast", "VARCHAR:2020-01-05 10:20:30", "TIMESTAMP:2020-01-05 10:20:30"},
    {"cast", "VARCHAR:2020-01-05T10:20:30.123456789", "TIMESTAMP:2020-01-05 10:20:30.123456"},
    {"cast", "VARCHAR:2020-01-05 1:2:3", "TIMESTAMP:2020-01-05 01:02:03"},
    {"cast", "VARCHAR:2020-01-05 10:20", "TIMESTAMP:2020-01-05 10:20:00"},
    {"cast", "VARCHAR:2020-01-05 10:", "TIMESTAMP:2020-01-05 10:00:00"},
    {"cast", "VARCHAR:2020-01-05 10", "TIMESTAMP!"},
    {"cast", "VARCHAR:2020-01-05 24:00:00", "TIMESTAMP:2020-01-06 00:00:00"},
    {"cast", "VARCHAR:2020-01-05 24:00:01", "TIMESTAMP!"},
    {"cast", "VARCHAR:2020-01-05 10:60:00", "TIMESTAMP!"},
    {"cast", "VARCHAR:2020-01-05 10:00:60", "TIMESTAMP!"},
    {"cast", "VARCHAR:2020-01-05 10:00:00Z", "TIMESTAMP:2020-01-05 10:00:00"},
    {"cast", "VARCHAR:2020-01-05 10:00:00+02", "TIMESTAMP:2020-01-05 10:00:00"},
    {"cast", "VARCHAR:2020-01-05 10:00:00 UTC", "TIMESTAMP:2020-01-05 10:00:00"},
    {"cast", "VARCHAR:2020-01-05 10:00:00 CET", "TIMESTAMP!"},
    {"cast", "VARCHAR:2020-01-05 10:00:00Z+01", "TIMESTAMP!"},
    {"cast", "VARCHAR:2020-01-05 10:00:00 ", "TIMESTAMP:2020-01-05 10:00:00"},
    {"cast", "VARCHAR:2020-01-05Z", "TIMESTAMP!"},
    {"cast", "VARCHAR:294247-01-10 04:00:54.775806", "TIMESTAMP:294247-01-10 04:00:54.775806"},
    {"cast", "VARCHAR:294247-01-10 04:00:54.775807", "TIMESTAMP!"},
    {"cast", "VARCHAR:290309-12-22 (BC) 00:00:00", "TIMESTAMP:290309-12-22 (BC) 00:00:00"},
    {"cast", "VARCHAR:290309-12-21 (BC) 00:00:00", "TIMESTAMP!"},
    {"cast", "VARCHAR:infinity", "TIMESTAMP:infinity"},
    {"cast", "VARCHAR:x", "TIMESTAMP!"},
    {"cast", "VARCHAR:2020-01-05 10:00:00", "TIMESTAMP WITH TIME ZONE:2020-01-05 10:00:00+00"},
    {"cast", "VARCHAR:2020-01-05 10:00:00+02", "TIMESTAMP WITH TIME ZONE:2020-01-05 08:00:00+00"},
    {"cast", "VARCHAR:2020-01-05 10:00:00-0530", "TIMESTAMP WITH TIME ZONE:2020-01-05 15:30:00+00"},
    {"cast", "VARCHAR:2020-01-05 10:00:00+05:30",
     "TIMESTAMP WITH TIME ZONE:2020-01-05 04:30:00+00"},
    {"cast", "VARCHAR:2020-01-05 10:00:00+02:30:15",
     "TIMESTAMP WITH TIME ZONE:2020-01-05 07:29:45+00"},
    {"cast", "VARCHAR:2020-01-05 10:00:00+2", "TIMESTAMP WITH TIME ZONE!"},
    {"cast", "VARCHAR:2020-01-05 10:00:00 utc", "TIMESTAMP WITH TIME ZONE:2020-01-05 10:00:00+00"},
    {"cast", "VARCHAR:2020-01-05", "TIMESTAMP WITH TIME ZONE:2020-01-05 00:00:00+00"},
    {"cast", "VARCHAR:1 day", "INTERVAL:1 day"},
    {"cast", "VARCHAR:1 year 2 months 3 days 4 hours 5 minutes 6.5 seconds",
     "INTERVAL:1 year 2 months 3 days 04:05:06.5"},
    {"cast", "VARCHAR:1.5 years", "INTERVAL:1 year 6 months"},
    {"cast", "VARCHAR:1.5 months", "INTERVAL:1 month 15 days"},
    {"cast", "VARCHAR:1.81 months", "INTERVAL:1 month 24 days"},
    {"cast", "VARCHAR:1.5 weeks", "INTERVAL:10 days 12:00:00"},
    {"cast", "VARCHAR:1.5 days", "INTERVAL:1 day 12:00:00"},
    {"cast", "VARCHAR:0.55 quarter", "INTERVAL:1 month 19 days"},
    {"cast", "VARCHAR:-1 day", "INTERVAL:-1 day"},
    {"cast", "VARCHAR:1 day ago", "INTERVAL:-1 day"},
    {"cast", "VARCHAR:10:20:30.5", "INTERVAL:10:20:30.5"},
    {"cast", "VARCHAR:-10:20", "INTERVAL:-10:20:00"},
    {"cast", "VARCHAR:1 day 10:20", "INTERVAL:1 day 10:20:00"},
    {"cast", "VARCHAR:5", "INTERVAL:00:00:05"},
    {"cast", "VARCHAR:1.5", "INTERVAL:00:00:01.5"},
    {"cast", "VARCHAR:0.5 us", "INTERVAL:00:00:00.000001"},
    {"cast", "VARCHAR:2 decades", "INTERVAL:20 years"},
    {"cast", "VARCHAR:1 CENTURY", "INTERVAL:100 years"},
    {"cast", "VARCHAR:1 foo", "INTERVAL!"},
    {"cast", "VARCHAR:1 dow", "INTERVAL!"},
    {"cast", "VARCHAR:P1D", "INTERVAL!"},
    {"cast", "VARCHAR:", "INTERVAL!"},
    {"cast", "VARCHAR:day", "INTERVAL!"},
    {"cast", "VARCHAR:1 day 2", "INTERVAL!"},
    {"cast", "VARCHAR:@ 1 hour", "INTERVAL:01:00:00"},
    {"cast", "VARCHAR:100000000000 days", "INTERVAL!"},
    {"cast", "VARCHAR:2 y 3 mon 1 w 1 d 1 h 1 m 1 s 1 ms",
     "INTERVAL:2 years 3 months 8 days 01:01:01.001"},
    {"cast", "VARCHAR:1 1 day", "INTERVAL!"},
};

/* ---- between numbers ---- */

static const struct call_row NUMBERS[] = {
    {"cast", "DOUBLE:2.5", "INTEGER:2"},
    {"cast", "DOUBLE:3.5", "INTEGER:4"},
    {"cast", "DOUBLE:-2.5", "INTEGER:-2"},
    {"cast", "DOUBLE:0.5", "INTEGER:0"},
    {"cast", "DOUBLE:2147483647.4", "INTEGER:2147483647"},
    {"cast", "DOUBLE:-2147483648.4", "INTEGER!"},
    {"cast", "DOUBLE:nan", "INTEGER!"},
    {"cast", "DOUBLE:inf", "INTEGER!"},
    {"cast", "DOUBLE:1e10", "INTEGER!"},
    {"cast", "DOUBLE:2147483647.5", "INTEGER!"},
    {"cast", "DOUBLE:9223372036854775807", "BIGINT!"},
    {"cast", "DOUBLE:-9223372036854775808", "BIGINT:-9223372036854775808"},
    {"cast", "DOUBLE:0.5", "BIGINT:0"},
    {"cast", "FLOAT:1.5", "INTEGER:2"},
    {"cast", "FLOAT:2.5", "INTEGER:2"},
    {"cast", "DECIMAL(3,1):2.5", "INTEGER:3"},
    {"cast", "DECIMAL(3,1):-2.5", "INTEGER:-3"},
    {"cast", "DECIMAL(3,1):2.4", "INTEGER:2"},
    {"cast", "BIGINT:2147483647", "INTEGER:2147483647"},
    {"cast", "BIGINT:2147483648", "INTEGER!"},
    {"cast", "INTEGER:-5", "BIGINT:-5"},
    {"cast", "BOOLEAN:true", "INTEGER:1"},
    {"cast", "BOOLEAN:false", "DOUBLE:0.0"},
    {"cast", "DOUBLE:1.005", "DECIMAL(4,2):1.00"},
    {"cast", "DOUBLE:1.015", "DECIMAL(4,2):1.01"},
    {"cast", "DOUBLE:0.125", "DECIMAL(4,2):0.13"},
    {"cast", "DOUBLE:-0.125", "DECIMAL(4,2):-0.13"},
    {"cast", "DOUBLE:99.995", "DECIMAL(4,2)!"},
    {"cast", "DOUBLE:nan", "DECIMAL(4,2)!"},
    {"cast", "DOUBLE:inf", "DECIMAL(4,2)!"},
    {"cast", "FLOAT:-307767.45", "DECIMAL(9,3):-307767.424"},
    {"cast", "INTEGER:99", "DECIMAL(4,2):99.00"},
    {"cast", "INTEGER:100", "DECIMAL(4,2)!"},
    {"cast", "DECIMAL(3,2):1.25", "DECIMAL(2,1):1.3"},
    {"cast", "DECIMAL(3,2):-1.25", "DECIMAL(2,1):-1.3"},
    {"cast", "DECIMAL(3,2):9.99", "DECIMAL(2,1)!"},
    {"cast", "DECIMAL(3,2):1.25", "DECIMAL(18,10):1.2500000000"},
    {"cast", "DECIMAL(18,0):99999999999999999", "DECIMAL(18,2)!"},
    {"cast", "DECIMAL(18,17):0.12345678901234567", "DOUBLE:0.12345678901234568"},
    {"cast", "DECIMAL(2,1):0.1", "FLOAT:0.1"},
    {"cast", "BIGINT:9007199254740993", "DOUBLE:9007199254740992.0"},
    {"cast", "INTEGER:16777217", "FLOAT:16777216.0"},
    {"cast", "DOUBLE:0.1", "FLOAT:0.1"},
    {"cast", "DOUBLE:1e300", "FLOAT!"},
    {"cast", "DOUBLE:inf", "FLOAT:inf"},
    {"cast", "FLOAT:0.1", "DOUBLE:0.10000000149011612"},
    {"cast", "DOUBLE:0", "BOOLEAN:false"},
    {"cast", "DOUBLE:0.1", "BOOLEAN:true"},
    {"cast", "DOUBLE:nan", "BOOLEAN:true"},
    {"cast", "INTEGER:0", "BOOLEAN:false"},
    {"cast", "INTEGER:2", "BOOLEAN:true"},
    {"cast", "DECIMAL(2,1):0.1", "BOOLEAN:true"},
};

/* ---- to text, dates, lists ---- */

static const struct call_row TO_TEXT[] = {
    {"cast", "DOUBLE:100", "VARCHAR:100.0"},
    {"cast", "DOUBLE:0.1", "VARCHAR:0.1"},
    {"cast", "DOUBLE:1e15", "VARCHAR:1000000000000000.0"},
    {"cast", "DOUBLE:1e16", "VARCHAR:1e+16"},
    {"cast", "DOUBLE:1e-5", "VARCHAR:1e-05"},
    {"cast", "DOUBLE:0.0001", "VARCHAR:0.0001"},
    {"cast", "DOUBLE:1e100", "VARCHAR:1e+100"},
    {"cast", "DOUBLE:nan", "VARCHAR:nan"},
    {"cast", "DOUBLE:-inf", "VARCHAR:-inf"},
    {"cast", "DOUBLE:-0.0", "VARCHAR:-0.0"},
    {"cast", "DOUBLE:123456789.123", "VARCHAR:123456789.123"},
    {"cast", "FLOAT:0.1", "VARCHAR:0.1"},
    {"cast", "FLOAT:1.5", "VARCHAR:1.5"},
    {"cast", "FLOAT:16777216", "VARCHAR:16777216.0"},
    {"cast", "FLOAT:3.4028235e38", "VARCHAR:3.4028235e+38"},
    {"cast", "FLOAT:1e-45", "VARCHAR:1e-45"},
    {"cast", "DECIMAL(3,2):1.5", "VARCHAR:1.50"},
    {"cast", "DECIMAL(3,2):-0.05", "VARCHAR:-0.05"},
    {"cast", "DECIMAL(3,2):0", "VARCHAR:0.00"},
    {"cast", "DECIMAL(3,3):0.5", "VARCHAR:.500"},
    {"cast", "DECIMAL(3,3):-0.25", "VARCHAR:-.250"},
    {"cast", "DECIMAL(2,0):5", "VARCHAR:5"},
    {"cast", "INTEGER:-2147483648", "VARCHAR:-2147483648"},
    {"cast", "BIGINT:-9223372036854775808", "VARCHAR:-9223372036854775808"},
    {"cast", "BOOLEAN:true", "VARCHAR:true"},
    {"cast", "BOOLEAN:false", "VARCHAR:false"},
    {"cast", "DATE:2020-01-05", "VARCHAR:2020-01-05"},
    {"cast", "DATE:0001-01-01 (BC)", "VARCHAR:0001-01-01 (BC)"},
    {"cast", "DATE:12020-01-01", "VARCHAR:12020-01-01"},
    {"cast", "DATE:infinity", "VARCHAR:infinity"},
    {"cast", "TIMESTAMP:2020-01-05 10:00:00.120", "VARCHAR:2020-01-05 10:00:00.12"},
    {"cast", "TIMESTAMP:1969-12-31 23:59:59.999999", "VARCHAR:1969-12-31 23:59:59.999999"},
    {"cast", "TIMESTAMP:-infinity", "VARCHAR:-infinity"},
    {"cast", "TIMESTAMP WITH TIME ZONE:2020-01-05 10:00:00+02", "VARCHAR:2020-01-05 08:00:00+00"},
    {"cast", "INTERVAL:1 month", "VARCHAR:1 month"},
    {"cast", "INTERVAL:-14 months", "VARCHAR:-1 year -2 months"},
    {"cast", "INTERVAL:1 day -2 hours", "VARCHAR:1 day -02:00:00"},
    {"cast", "INTERVAL:0 days", "VARCHAR:00:00:00"},
    {"cast", "INTERVAL:100 hours", "VARCHAR:100:00:00"},
    {"cast", "VARCHAR[]:[a, b c, 'd,e', '', NULL, 'NULL', ' x', 'q\\\\'r']",
     "VARCHAR:[a, b c, 'd,e', '', NULL, 'NULL', ' x', 'q\\\\'r']"},
    {"cast", "VARCHAR[]:[]", "VARCHAR:[]"},
    {"cast", "INTEGER[]:[1, NULL]", "VARCHAR:[1, NULL]"},
    {"cast", "VARCHAR[][]:[[a], NULL, []]", "VARCHAR:[[a], NULL, []]"},
    {"cast", "TIMESTAMP[]:[2020-01-05 10:00:00]", "VARCHAR:['2020-01-05 10:00:00']"},
};

static const struct call_row MOMENTS[] = {
    {"cast", "DATE:2020-01-05", "TIMESTAMP:2020-01-05 00:00:00"},
    {"cast", "DATE:infinity", "TIMESTAMP:infinity"},
    {"cast", "DATE:294247-01-11", "TIMESTAMP!"},
    {"cast", "TIMESTAMP:2020-01-05 23:59:59", "DATE:2020-01-05"},
    {"cast", "TIMESTAMP:1969-12-31 12:00:00", "DATE:1969-12-31"},
    {"cast", "TIMESTAMP:-infinity", "DATE:-infinity"},
    {"cast", "DATE:2020-01-05", "TIMESTAMP WITH TIME ZONE:2020-01-05 00:00:00+00"},
    {"cast", "TIMESTAMP WITH TIME ZONE:2020-01-05 00:00:00+02", "DATE:2020-01-04"},
    {"cast", "TIMESTAMP WITH TIME ZONE:2020-01-05 00:00:00+02", "TIMESTAMP:2020-01-04 22:00:00"},
};

static const struct call_row LISTS[] = {
    {"cast", "VARCHAR:[]", "VARCHAR[]:[]"},
    {"cast", "VARCHAR:[a]", "VARCHAR[]:[a]"},
    {"cast", "VARCHAR: [ a , b ] ", "VARCHAR[]:[a, b]"},
    {"cast", "VARCHAR:[\"a, b\", c]", "VARCHAR[]:['a, b', c]"},
    {"cast", "VARCHAR:['x', y]", "VARCHAR[]:[x, y]"},
    {"cast", "VARCHAR:[NULL, null]", "VARCHAR[]:[NULL, NULL]"},
    {"cast", "VARCHAR:[\"NULL\"]", "VARCHAR[]:['NULL']"},
    {"cast", "VARCHAR:[a,]", "VARCHAR[]:[a, '']"},
    {"cast", "VARCHAR:[,]", "VARCHAR[]:['', '']"},
    {"cast", "VARCHAR:[a b]", "VARCHAR[]:[a b]"},
    {"cast", "VARCHAR:[\"a\\\\\"b\"]", "VARCHAR[]:['a\"b']"},
    {"cast", "VARCHAR:[a\"b\"c]", "VARCHAR[]:[abc]"},
    {"cast", "VARCHAR:[(a,b)]", "VARCHAR[]:['(a,b)']"},
    {"cast", "VARCHAR:[[a]]", "VARCHAR[]:['[a]']"},
    {"cast", "VARCHAR:[a", "VARCHAR[]!"},
    {"cast", "VARCHAR:a,b", "VARCHAR[]!"},
    {"cast", "VARCHAR:", "VARCHAR[]!"},
    {"cast", "VARCHAR:[\"a]", "VARCHAR[]!"},
    {"cast", "VARCHAR:[a]x", "VARCHAR[]!"},
    {"cast", "VARCHAR:[(a]", "VARCHAR[]!"},
    {"cast", "VARCHAR:[a)]", "VARCHAR[]:['a)']"},
    {"cast", "VARCHAR:[1, 2]", "INTEGER[]:[1, 2]"},
    {"cast", "VARCHAR:[]", "INTEGER[]:[]"},
    {"cast", "VARCHAR:[[a, b], [c], NULL]", "VARCHAR[][]:[[a, b], [c], NULL]"},
    {"cast", "INTEGER[]:[1, NULL]", "VARCHAR[]:[1, NULL]"},
    {"cast", "VARCHAR[]:[1, 2]", "INTEGER[]:[1, 2]"},
    {"cast", "VARCHAR[]:[1, x]", "INTEGER[]!"},
    {"cast", "DOUBLE[]:[1.5, NULL]", "INTEGER[]:[2, NULL]"},
    {"try_cast", "VARCHAR:[1, x]", "INTEGER[]:[1, NULL]"},
    {"try_cast", "VARCHAR[]:[1, x]", "INTEGER[]:[1, NULL]"},
    {"try_cast", "VARCHAR:x", "INTEGER:\\N"},
    {"try_cast", "VARCHAR:2020-02-30", "DATE:\\N"},
    {"try_cast", "VARCHAR:5", "INTEGER:5"},
};

static void test_numbers_from_text(void **state)
{
    (void)state;
    calls_check(NUMBERS_FROM_TEXT, ARRAY_LENGTH(NUMBERS_FROM_TEXT));
}

static void test_dates_from_text(void **state)
{
    (void)state;
    calls_check(DATES_FROM_TEXT, ARRAY_LENGTH(DATES_FROM_TEXT));
}

static void test_numbers(void **state)
{
    (void)state;
    calls_check(NUMBERS, ARRAY_LENGTH(NUMBERS));
}

static void test_to_text(void **state)
{
    (void)state;
    calls_check(TO_TEXT, ARRAY_LENGTH(TO_TEXT));
}

static void test_moments(void **state)
{
    (void)state;
    calls_check(MOMENTS, ARRAY_LENGTH(MOMENTS));
}

static void test_lists(void **state)
{
    (void)state;
    calls_check(LISTS, ARRAY_LENGTH(LISTS));
}

static struct value_type type(enum value_kind kind)
{
    return (struct value_type){.kind = kind};
}

static struct value_type decimal(uint8_t width, uint8_t scale)
{
    return (struct value_type){.kind = VALUE_DECIMAL, .width = width, .scale = scale};
}

static void check_common(struct value_type a, struct value_type b, bool equality,
                         const char *expected)
{
    struct value_type common;
    struct error error;
    char name[64];
    for (int turn = 0; turn < 2; turn++) {
        int status =
            cast_common_type(&common, turn == 0 ? a : b, turn == 0 ? b : a, equality, &error);
        if (expected == NULL) {
            assert_int_equal(status, STATUS_INVALID);
            assert_non_null(strstr(error.message, "an explicit cast is required"));
        } else {
            assert_int_equal(status, 0);
            assert_string_equal(value_type_name(common, name), expected);
        }
    }
}

static void test_common_types(void **state)
{
    (void)state;
    static const struct value_type text = {.kind = VALUE_TEXT};
    static const struct value_type integer = {.kind = VALUE_INTEGER};
    static const struct value_type bigint = {.kind = VALUE_BIGINT};
    struct value_type texts = {.kind = VALUE_LIST, .element = &text};
    struct value_type integers = {.kind = VALUE_LIST, .element = &integer};
    struct value_type bigints = {.kind = VALUE_LIST, .element = &bigint};
    check_common(type(VALUE_NULL), type(VALUE_NULL), false, "NULL");
    check_common(type(VALUE_NULL), type(VALUE_TEXT), false, "VARCHAR");
    check_common(type(VALUE_INTEGER), type(VALUE_BIGINT), false, "BIGINT");
    check_common(type(VALUE_INTEGER), decimal(4, 2), false, "DECIMAL(12,2)");
    check_common(type(VALUE_BIGINT), decimal(4, 2), false, "DECIMAL(18,2)");
    check_common(decimal(4, 2), decimal(18, 3), false, "DECIMAL(18,3)");
    check_common(decimal(4, 2), type(VALUE_FLOAT), false, "FLOAT");
    check_common(type(VALUE_FLOAT), type(VALUE_DOUBLE), false, "DOUBLE");
    check_common(type(VALUE_BIGINT), type(VALUE_FLOAT), false, "FLOAT");
    check_common(type(VALUE_DATE), type(VALUE_TIMESTAMP), false, "TIMESTAMP");
    check_common(type(VALUE_DATE), type(VALUE_TIMESTAMPTZ), false, "TIMESTAMP WITH TIME ZONE");
    check_common(type(VALUE_BOOLEAN), type(VALUE_INTEGER), false, "INTEGER");
    check_common(type(VALUE_BOOLEAN), type(VALUE_DOUBLE), false, NULL);
    check_common(type(VALUE_BOOLEAN), type(VALUE_DOUBLE), true, "DOUBLE");
    check_common(type(VALUE_TEXT), type(VALUE_INTEGER), false, NULL);
    check_common(type(VALUE_TEXT), type(VALUE_INTEGER), true, "INTEGER");
    check_common(type(VALUE_TEXT), type(VALUE_DATE), true, "DATE");
    check_common(type(VALUE_TEXT), type(VALUE_BOOLEAN), true, "BOOLEAN");
    check_common(type(VALUE_TEXT), texts, true, NULL);
    check_common(type(VALUE_DATE), type(VALUE_INTEGER), true, NULL);
    check_common(integers, bigints, false, "BIGINT[]");
    check_common(texts, texts, false, "VARCHAR[]");
    check_common(integers, texts, false, NULL);
}

static void check_name(const char *name, unsigned width, unsigned scale, const char *expected)
{
    struct value_type named;
    struct error error;
    char shown[64];
    int status = cast_type_from_name(&named, str_from(name), width, scale, &error);
    if (strncmp(expected, "refused: ", 9) == 0) {
        assert_int_equal(status, STATUS_INVALID);
        assert_non_null(strstr(error.message, expected + 9));
    } else {
        assert_int_equal(status, 0);
        assert_string_equal(value_type_name(named, shown), expected);
    }
}

static void test_type_names(void **state)
{
    (void)state;
    check_name("int", 0, 0, "INTEGER");
    check_name("INT4", 0, 0, "INTEGER");
    check_name("Long", 0, 0, "BIGINT");
    check_name("real", 0, 0, "FLOAT");
    check_name("double precision", 0, 0, "DOUBLE");
    check_name("text", 0, 0, "VARCHAR");
    check_name("varchar", 10, 0, "VARCHAR");
    check_name("bool", 0, 0, "BOOLEAN");
    check_name("datetime", 0, 0, "TIMESTAMP");
    check_name("timestamp with time zone", 0, 0, "TIMESTAMP WITH TIME ZONE");
    check_name("decimal", 0, 0, "DECIMAL(18,3)");
    check_name("numeric", 5, 0, "DECIMAL(5,0)");
    check_name("decimal", 38, 10, "DECIMAL(18,10)");
    check_name("decimal", 39, 0, "refused: width must be 1 to 38");
    check_name("decimal", 4, 5, "refused: the scale at most that");
    check_name("decimal", 38, 20, "refused: more than 18 decimal places");
    check_name("smallint", 0, 0, "refused: write INTEGER");
    check_name("hugeint", 0, 0, "refused: write BIGINT");
    check_name("uuid", 0, 0, "refused: write VARCHAR");
    check_name("nonsense", 0, 0, "refused: there is no type nonsense");
}

static int bind(struct value_type from, struct value_type to, enum cast_mode mode)
{
    struct function_binding *binding;
    struct error error;
    struct arena arena = ARENA(1 << 16);
    int status = cast_bind(&binding, &arena, from, to, mode, &error);
    if (status == 0 && value_type_equal(from, to)) {
        assert_null(binding);
    }
    arena_free(&arena);
    return status;
}

static void test_modes(void **state)
{
    (void)state;
    assert_int_equal(bind(type(VALUE_INTEGER), type(VALUE_DOUBLE), CAST_IMPLICIT), 0);
    assert_int_equal(bind(type(VALUE_NULL), type(VALUE_DATE), CAST_IMPLICIT), 0);
    assert_int_equal(bind(type(VALUE_DATE), type(VALUE_TIMESTAMP), CAST_IMPLICIT), 0);
    assert_int_equal(bind(type(VALUE_TEXT), type(VALUE_TEXT), CAST_IMPLICIT), 0);
    assert_int_equal(bind(type(VALUE_TEXT), type(VALUE_INTEGER), CAST_IMPLICIT), STATUS_INVALID);
    assert_int_equal(bind(type(VALUE_DOUBLE), type(VALUE_INTEGER), CAST_IMPLICIT), STATUS_INVALID);
    assert_int_equal(bind(type(VALUE_BIGINT), type(VALUE_INTEGER), CAST_IMPLICIT), STATUS_INVALID);
    assert_int_equal(bind(type(VALUE_TIMESTAMP), type(VALUE_DATE), CAST_IMPLICIT), STATUS_INVALID);
    assert_int_equal(bind(type(VALUE_TEXT), type(VALUE_INTEGER), CAST_COMPARE), 0);
    assert_int_equal(bind(type(VALUE_DOUBLE), type(VALUE_INTEGER), CAST_COMPARE), STATUS_INVALID);
    assert_int_equal(bind(type(VALUE_DOUBLE), type(VALUE_INTEGER), CAST_EXPLICIT), 0);
    assert_int_equal(bind(type(VALUE_INTEGER), type(VALUE_DATE), CAST_EXPLICIT), STATUS_INVALID);
    assert_int_equal(bind(type(VALUE_BOOLEAN), type(VALUE_DATE), CAST_TRY), STATUS_INVALID);
    assert_int_equal(bind(type(VALUE_DATE), type(VALUE_DOUBLE), CAST_EXPLICIT), STATUS_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_numbers_from_text),
        cmocka_unit_test(test_dates_from_text),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_to_text),
        cmocka_unit_test(test_moments),
        cmocka_unit_test(test_lists),
        cmocka_unit_test(test_common_types),
        cmocka_unit_test(test_type_names),
        cmocka_unit_test(test_modes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
