"""The index: import and matching job of many records, and of a few on top of them."""

import contextlib
import csv
import subprocess

import measure
import pages

MORE = 1000  # records of the second import
# The phase that the job is in, ten times a second, as the job tells it.
WATCH = ("select extract(epoch from clock_timestamp()), phase from empi.job "
         "where status = 'running' and phase is not null \\watch 0.1\n")


def split(source, folder, records):
    """The first records, and the last few, as two files."""
    first, second = folder / "first.csv", folder / "second.csv"
    with open(source, "rb") as rows, open(first, "wb") as a, open(second, "wb") as b:
        for number, line in enumerate(rows):
            if number <= records:
                a.write(line)
            if number == 0 or number > records:
                b.write(line)
    return first, second


@contextlib.contextmanager
def watching_phases(program, environment):
    """Gives a list that holds (phase, seconds) at the end."""
    phases = []
    watcher = subprocess.Popen([program, "psql", "--", "-X", "-q", "--csv", "-t"], env=environment,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.DEVNULL, text=True)
    watcher.stdin.write(WATCH)
    watcher.stdin.flush()
    try:
        yield phases
    finally:
        watcher.terminate()
        begun = {}
        last = 0.0
        for row in csv.reader(watcher.stdout):
            if len(row) == 2:
                last = float(row[0])
                begun.setdefault(row[1], last)
        watcher.wait()
        ends = [*list(begun.values())[1:], last]
        phases.extend((phase, end - begin) for (phase, begin), end in zip(begun.items(), ends))


def load(options, environment, model, records):
    """Imports a file and runs its job; what was measured of the two."""
    imported = measure.run([options.program, "import", records, "--config", model,
                            "--potential", 0.5, "--auto", 0.95],
                           env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    with watching_phases(options.program, environment) as phases:
        matched = measure.run([options.program, "matching-job", "--quiet",
                               "--threads", options.threads], env=environment)
    return imported, matched, phases


def show(name, imported, matched, phases):
    print(f"  {name:<24} {imported.seconds + matched.seconds:9.2f} s  import "
          f"{imported.seconds:.2f} s, job {matched.seconds:.2f} s; our own process "
          f"{matched.processor:.2f} s of processor, "
          f"{measure.size(max(imported.peak, matched.peak))}")
    for phase, seconds in phases:
        print(f"    {phase:<22} {seconds:9.2f} s")


def run(options, model, source, folder, records):
    """Measures both, with `source` of MORE records more than `records`."""
    first, second = split(source, folder, records)
    with pages.index_in(folder, options.program) as environment:
        figures = {}
        for name, path in ((f"{records:,} into nothing", first),
                           (f"{MORE:,} on top of them", second)):
            imported, matched, phases = load(options, environment, model, path)
            show(name, imported, matched, phases)
            figures[name] = {"import": vars(imported), "job": vars(matched), "phases": phases}
        (persons, results), = pages.query(
            options.program, environment,
            "select count(*), (select count(*) from empi.prediction_result) from empi.person "
            "where deleted is null")
    print(f"  {int(persons):,} persons, {int(results):,} results")
    return {**figures, "persons": int(persons), "results": int(results)}
