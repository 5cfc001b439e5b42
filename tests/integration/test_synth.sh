#!/usr/bin/env bash
# tuva-empi synth from outside: the same bytes, whole files or none, usage errors. $1 is the program.
set -u
program=$1
passed=0
failed=0
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# check NAME COMMAND...: passes when the command succeeds.
check() {
    local name=$1
    shift
    if "$@"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n' "$name"
    fi
}

# refuse NAME WANTED-STATUS WANTED-TEXT OPTION...: synth must refuse that way, and leave no file.
refuse() {
    local name=$1 wanted=$2 text=$3 output status
    shift 3
    rm -f "$folder"/refused*
    output=$("$program" synth "$@" 2>&1)
    status=$?
    check "$name: exit $status, $output" [ "$status" -eq "$wanted" ]
    check "$name: $output" grep -qF -- "$text" <<<"$output"
    check "$name: a file is left" [ -z "$(ls "$folder" | grep refused)" ]
}

make() {
    "$program" synth --quiet --records 20000 --seed 7 "$@"
}

make --output "$folder/one.csv" --threads 1
make -o "$folder/many.csv" --threads 7
make -o - >"$folder/standard.csv"
make -o "$folder/packed.csv.gz"
check 'any number of threads' cmp -s "$folder/one.csv" "$folder/many.csv"
check 'standard output' cmp -s "$folder/one.csv" "$folder/standard.csv"
check 'compressed' cmp -s "$folder/one.csv" <(gzip -dc "$folder/packed.csv.gz")
check 'compressed is smaller' [ "$(wc -c <"$folder/packed.csv.gz")" -lt 1000000 ]
check 'rows' [ "$(wc -l <"$folder/one.csv")" -eq 20001 ]
check 'people' [ "$(tail -n +2 "$folder/one.csv" | cut -d, -f2 | cut -d- -f1 | sort -u | wc -l)" -eq 13334 ]
check 'every record once' [ "$(tail -n +2 "$folder/one.csv" | cut -d, -f2 | sort -u | wc -l)" -eq 20000 ]
check 'quiet' [ -z "$(make -o "$folder/one.csv" 2>&1)" ]

# differ OPTION...: another file comes out.
differ() {
    "$program" synth --quiet --records 20000 -o "$folder/other.csv" "$@"
    check "$*: a file" test -s "$folder/other.csv"
    check "$*: a difference" bash -c '! cmp -s "$1" "$2"' - "$folder/one.csv" "$folder/other.csv"
    rm -f "$folder/other.csv"
}

differ --seed 8
differ --seed 7 --duplicates 0
differ --seed 7 --errors low
differ --seed 7 --households

out=$folder/refused.csv
refuse 'no records' 2 '--records N is missing' --seed 1 -o "$out"
refuse 'no seed' 2 '--seed S is missing' --records 10 -o "$out"
refuse 'no output' 2 '--output OUT.csv is missing' --records 10 --seed 1
refuse 'no record at all' 2 'outside' --records 0 --seed 1 -o "$out"
refuse 'too many duplicates' 2 'outside' --records 10 --seed 1 --duplicates 10.1 -o "$out"
refuse 'duplicates below nothing' 2 'outside' --records 10 --seed 1 --duplicates -1 -o "$out"
refuse 'unknown errors' 2 'none of low|medium|high' --records 10 --seed 1 --errors huge -o "$out"
refuse 'an argument' 2 'unexpected argument' --records 10 --seed 1 -o "$out" more.csv
refuse 'no such folder' 1 'nowhere' --records 10 --seed 1 -o "$folder/nowhere/refused.csv"
refuse 'a full disk' 3 '/dev/full' --records 100000 --seed 1 -o /dev/full

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
