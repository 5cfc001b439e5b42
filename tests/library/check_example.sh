#!/usr/bin/env bash
# The library's example says what one can work out by hand: log2(0.01 / 0.99) + log2(0.16 / 0.02).
set -u
output=$("$1")
wanted='prior          -6.6294
name nearly     3.0000  (m 0.16, u 0.02)
match weight   -3.6294, probability 0.074766'
if [ "$output" = "$wanted" ]; then
    echo '1 passed, 0 failed'
else
    printf 'FAILED: wanted\n%s\ngot\n%s\n0 passed, 1 failed\n' "$wanted" "$output"
    exit 1
fi
