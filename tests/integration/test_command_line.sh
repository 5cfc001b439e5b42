#!/usr/bin/env bash
# The program's front door: help, version, usage errors, exit statuses. $1 is the program.
set -u
program=$1
passed=0
failed=0

# check NAME WANTED-STATUS WANTED-TEXT COMMAND...: runs it and compares status and output (a part).
check() {
    local name=$1 wanted=$2 text=$3 output status
    shift 3
    output=$("$@" 2>&1 </dev/null)
    status=$?
    if [ "$status" -eq "$wanted" ] && [[ $output == *"$text"* ]]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s: exit %s (wanted %s), output:\n%s\n' "$name" "$status" "$wanted" "$output"
    fi
}

check 'version' 0 "tuva-empi $(cat VERSION)" "$program" --version
check 'help' 0 'Usage: tuva-empi COMMAND' "$program" --help
check 'help as a command' 0 'Usage: tuva-empi COMMAND' "$program" help
check 'no command' 2 'a command is missing' "$program"
check 'empty command' 2 'a command is missing' "$program" ''
check 'unknown command' 2 'unknown command zebra' "$program" zebra
check 'unknown option' 2 'unknown option --zebra' "$program" --zebra
check 'help of an unknown command' 2 'unknown command zebra' "$program" help zebra
check 'a full disk' 3 'cannot write to standard output' bash -c '"$1" --help >/dev/full' - "$program"
check 'a closed output' 1 'cannot write to standard output' bash -c '"$1" --help >&-' - "$program"

# Whoever starts us may have closed standard error: what is opened next must not get its messages.
closed_standard_error() {
    local program_id
    exec 3<> <(:) # a standard input that stays open and has nothing
    "$program" link --model examples/model.json - <&3 2>&- &
    program_id=$!
    # Until the program itself has begun, it is the shell's, and then the loader's.
    for _ in $(seq 600); do
        [ "$(readlink "/proc/$program_id/fd/2")" = /dev/null ] && break
        sleep 0.05
    done
    readlink "/proc/$program_id/fd/2"
    kill "$program_id"
    exec 3<&-
}
check 'a closed standard error' 0 /dev/null closed_standard_error
check 'a closed standard input' 0 "tuva-empi $(cat VERSION)" bash -c '"$1" --version <&-' - "$program"
check 'a name that would steer the terminal' 1 'a [31m b.csv: cannot open' \
    "$program" link --model examples/model.json $'a\e[31m\nb.csv'

for command in link synth; do
    check "$command by help" 0 "Usage: tuva-empi $command" "$program" help "$command"
    check "$command --help" 0 "Usage: tuva-empi $command" "$program" "$command" --help
    check "$command, unknown option" 2 "see: tuva-empi $command --help" \
        "$program" "$command" --no-such-option-at-all
done
check 'a near miss' 2 'did you mean link?' "$program" lnik
check 'an option nearly right' 2 'did you mean --model?' "$program" link --modle x.json
check 'a required option' 2 '--model MODEL.json is missing' "$program" link people.csv
check 'no file' 2 'is missing' "$program" link --model x.json
check 'a bad size' 2 'is not a size' "$program" link --model x.json --memory-limit 2Gigs a.csv
check 'given twice' 2 'is given twice' "$program" link --model x.json --model y.json a.csv

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
