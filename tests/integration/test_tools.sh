#!/usr/bin/env bash
# The project's own checks must be able to fail: each is shown one breach of every kind.
set -u
tools=$PWD/tools
passed=0
failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir -p "$dir/tree/src/base" "$dir/tree/src/linkage" "$dir/tree/src/cmd" "$dir/bin"
git -C "$dir/tree" init -q
printf 'int x;\n' >"$dir/tree/src/base/good.c"

# clang-format is not needed for `make test`; here it finds everything well.
printf '#!/bin/sh\n' >"$dir/bin/clang-format-14"
chmod +x "$dir/bin/clang-format-14"
PATH=$dir/bin:$PATH

# check NAME WANTED-STATUS WANTED-TEXT COMMAND...: runs it and compares status and output (a part).
check() {
    local name=$1 wanted=$2 text=$3 output status
    shift 3
    output=$("$@" 2>&1)
    status=$?
    if [ "$status" -eq "$wanted" ] && [[ $output == *"$text"* ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s: exit %s (wanted %s), output:\n%s\n' "$name" "$status" "$wanted" "$output"
    fi
}

# breach CHECKER FILE TEXT MESSAGE: the checker must complain of the file with this content, and
# only as long as it is there.
breach() {
    local checker=$1 file=$dir/tree/$2
    printf '%b' "$3" >"$file"
    check "$checker: $4" 1 "$4" "$tools/$checker" "$dir/tree"
    rm "$file"
    check "$checker: clean without '$4'" 0 '' "$tools/$checker" "$dir/tree"
}

breach lint src/base/a.c 'int x;' 'no newline at the end'
breach lint src/base/a.c 'int x; \n' 'white space at the end'
breach lint src/base/a.c '\tint x;\n' 'a tab'
breach lint src/base/a.c '/* TO''DO */\n' 'a promise'
breach lint src/base/a.c '/* /ro''ot/x */\n' "somebody's machine"
breach lint src/base/a.c 'x = strcpy(a, b);\n' 'strcpy is banned'
breach lint src/base/a.c 'x = malloc (3);\n' 'malloc is banned'
breach lint src/base/a.c "$(printf 'x\\n%.0s' {1..701})" 'more than 700'
breach lint src/base/a.c '\xff\n' 'not UTF-8'
printf 'the strcpy(3) of /* old */ "free(x)"; y->free(x); /* malloc(3) */\n' >"$dir/tree/notes.md"
printf '/* strcpy(a, b) */ char *x = "free(y)"; y->free(x);\n' >"$dir/tree/src/base/b.c"
check 'lint: comments, texts and members' 0 '' "$tools/lint" "$dir/tree"

breach check-layers src/base/a.c '#include "linkage/b.h"\n' 'arrows point down only'
breach check-layers src/linkage/a.c '#include "cmd/b.h"\n' 'arrows point down only'
breach check-layers src/linkage/a.c '#include "store/b.h"\n' 'arrows point down only'
breach check-layers src/linkage/a.c '#include <libpq-fe.h>\n' 'may not use'
breach check-layers src/cmd/a.c '#include "b.h"\n' 'from src/ on'
mkdir "$dir/tree/src/attic"
breach check-layers src/attic/a.c 'int x;\n' 'has no place'
rm -rf "$dir/tree/src/attic"
check 'check-layers: nothing to check' 1 'no source files' "$tools/check-layers" "$dir"

log=$dir/log.json
json() {
    printf '{"name": "%s", "result": "%s", "stdout": "%s", "stderr": "%s"}\n' "$@"
}
{
    json a OK '' '[  PASSED  ] 3 test(s).\n'
    json b OK '4 passed, 0 failed\n' ''
    json c OK 'says nothing' ''
    json d SKIP '' ''
} >"$log"
check 'count-tests: adds up' 0 '8 passed, 0 failed' "$tools/count-tests" "$log"
json e FAIL '' '[  PASSED  ] 1 test(s).\n[  FAILED  ] 2 test(s), listed below:\n' >>"$log"
check 'count-tests: failures' 1 '9 passed, 2 failed' "$tools/count-tests" "$log"
json f ERROR '' '[  PASSED  ] 5 test(s).\n' >>"$log"
check 'count-tests: a crash is a failure' 1 '14 passed, 3 failed' "$tools/count-tests" "$log"
: >"$log"
check 'count-tests: no test is no success' 1 '0 passed, 0 failed' "$tools/count-tests" "$log"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
