"""Pages of a large index: searches for persons and potential matches, and single ones."""

import contextlib
import csv
import io
import json
import os
import pathlib
import random
import signal
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LARGE_INDEX = ROOT / "tests" / "integration" / "large-index.sql"
RUNS = 200  # of each kind of page, each with values of its own
SLOW_RUNS = 50  # of those that look for a single letter
SEED = 1

# Two comparisons, as the results of large-index.sql have.
MODEL = {
    "link_type": "dedupe_only",
    "probability_two_random_records_match": 0.01,
    "blocking_rules_to_generate_predictions": ["l.last_name = r.last_name"],
    "comparisons": [
        {"output_column_name": name, "comparison_levels": [
            {"sql_condition": f"{name}_l IS NULL OR {name}_r IS NULL", "is_null_level": True},
            {"sql_condition": f"{name}_l = {name}_r", "m_probability": 0.9,
             "u_probability": 0.01},
            {"sql_condition": "ELSE", "m_probability": 0.1, "u_probability": 0.99}]}
        for name in ("last_name", "birth_date")],
}


@contextlib.contextmanager
def index_in(folder, program):
    """The environment of an index of its own, whose server runs until the end."""
    folder.chmod(0o755)  # the server is another user where we are root
    environment = {**os.environ, "TUVA_EMPI_DATA_DIR": str(folder / "data"),
                   "TUVA_EMPI_CONFIG_FILE": ""}
    subprocess.run([program, "migrate"], env=environment, check=True, stdout=subprocess.DEVNULL)
    holder = subprocess.Popen([program, "psql", "--", "-q"], env=environment,
                              stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    try:
        yield environment
    finally:
        holder.stdin.close()
        if holder.wait() not in (0, -signal.SIGPIPE):
            sys.exit("bench: the server of the index did not end well")


def query(program, environment, sql):
    done = subprocess.run([program, "psql", "--", "-X", "-q", "--csv", "-t", "-c", sql],
                          env=environment, check=True, capture_output=True, text=True)
    return list(csv.reader(io.StringIO(done.stdout)))


def fill(program, environment, persons):
    subprocess.run([program, "psql", "--", "-X", "-q", "-v", f"persons={persons}",
                    "-v", f"model={json.dumps(MODEL)}", "-f", LARGE_INDEX],
                   env=environment, check=True)


def part(draw, text, length):
    at = draw.randrange(max(1, len(text) - length + 1))
    return text[at:at + length]


def requests(program, environment, persons):
    """By kind of page: as many requests as there are runs, in page-times' form. The values are those
    of records drawn from the index, so common names are searched for more often than rare ones."""
    draw = random.Random(SEED)
    records = query(program, environment, f"""
        select p.uuid, r.first_name, r.last_name, r.birth_date, r.source_person_id, r.data_source
        from empi.person_record r join empi.person p on p.id = r.person_id
        where r.id in (select hashint8extended(i, {SEED}) & 1048575 from generate_series(1, {4 * RUNS}) i)
            and r.id <= {persons}
        order by r.id
        limit {RUNS}""")
    groups = persons // 2

    def of_records(kind, *words):
        return [f"{kind}\t" + "\t".join(word(*record) for word in words) for record in records]

    kinds = {}
    for kind, total in (("persons", persons), ("potential-matches", groups)):
        kinds[f"{kind}, first page"] = [kind] * RUNS
        kinds[f"{kind}, any page"] = [f"{kind}\tpage={draw.randrange(total // 50) + 1}"
                                      for _ in range(RUNS)]
        kinds[f"{kind}, last name"] = of_records(
            kind, lambda u, f, l, b, s, d: f"last_name={l}")
        kinds[f"{kind}, first and last name"] = of_records(
            kind, lambda u, f, l, b, s, d: f"first_name={f}", lambda u, f, l, b, s, d: f"last_name={l}")
        kinds[f"{kind}, 4 letters of a name"] = of_records(
            kind, lambda u, f, l, b, s, d: f"last_name={part(draw, l, 4)}")
        kinds[f"{kind}, 2 letters of a name"] = of_records(
            kind, lambda u, f, l, b, s, d: f"last_name={part(draw, l, 2)}")
        kinds[f"{kind}, 1 letter of a name"] = of_records(
            kind, lambda u, f, l, b, s, d: f"last_name={part(draw, l, 1)}")[:SLOW_RUNS]
        kinds[f"{kind}, birth date"] = of_records(
            kind, lambda u, f, l, b, s, d: f"birth_date={b}")
        kinds[f"{kind}, birth year and source"] = of_records(
            kind, lambda u, f, l, b, s, d: f"birth_date={b[:4]}-", lambda u, f, l, b, s, d: f"data_source={d}")
        kinds[f"{kind}, source's id"] = of_records(
            kind, lambda u, f, l, b, s, d: f"source_person_id={s}")
        kinds[f"{kind}, 6 digits of the id"] = of_records(
            kind, lambda u, f, l, b, s, d: f"person_id=p_{u[:6]}")
    kinds["one person"] = of_records("person", lambda u, f, l, b, s, d: f"id=p_{u}")
    kinds["one potential match"] = [f"potential-match\tid=pm_{draw.randrange(groups) + 1}"
                                    for _ in range(RUNS)]
    return kinds


def measure(program, environment, lines):
    """Milliseconds of each request."""
    driver = program.parent.parent / "tests" / "page-times"
    done = subprocess.run([driver], env=environment, check=True, input="\n".join(lines),
                          capture_output=True, text=True)
    return [float(line.split("\t")[0]) / 1000 for line in done.stdout.splitlines()]


def run(program, persons, folder):
    """Prints a table of p50 and p99, and gives all times."""
    with index_in(folder, program) as environment:
        fill(program, environment, persons)
        kinds = requests(program, environment, persons)
        # Once for the caches: what is measured is a server that has been at work.
        measure(program, environment, [line for lines in kinds.values() for line in lines[:10]])
        times = {name: measure(program, environment, lines) for name, lines in kinds.items()}
    print(f"  {persons:,} persons, {persons // 2:,} potential matches")
    for name, each in times.items():
        ordered = sorted(each)
        print(f"  {name:<44} p50 {statistics.median(ordered):9.2f} ms   "
              f"p99 {ordered[int(0.99 * (len(ordered) - 1))]:9.2f} ms   "
              f"of {len(ordered)}")
    return {"persons": persons, "milliseconds": times}
