"""splink_side.py MODEL RECORDS.csv OUT.csv THRESHOLD THREADS SPILL: the same work by Splink 4 on
DuckDB, timed step by step. Prints one line of JSON.

As fast as Splink goes: nothing is retained that is not asked for, the records are loaded by DuckDB
itself into memory, the order of rows may be lost. Row numbers are the ids, as they are for
`tuva-empi link`.
"""

import time

STARTED = time.perf_counter()

import json  # noqa: E402
import logging  # noqa: E402
import pathlib  # noqa: E402
import sys  # noqa: E402

import duckdb  # noqa: E402
import splink  # noqa: E402
from splink import DuckDBAPI, Linker  # noqa: E402

IMPORTED = time.perf_counter()


def read_model(path):
    settings = json.loads(pathlib.Path(path).read_text(encoding="utf-8"))
    settings["retain_matching_columns"] = False
    settings["retain_intermediate_calculation_columns"] = False
    settings["additional_columns_to_retain"] = []
    return settings


def load(path, unique_id, threads, spill):
    connection = duckdb.connect(":memory:")
    connection.execute(f"set threads = {int(threads)}")
    connection.execute(f"set temp_directory = '{spill}'")
    connection.execute(
        f'create table records as select row_number() over () as "{unique_id}", * '
        "from read_csv(?, all_varchar = true, header = true)", [path])
    connection.execute("set preserve_insertion_order = false")
    return connection


def main():
    model, records, out, threshold, threads, spill = sys.argv[1:]
    # Splink reports its progress as it goes.
    logging.disable(logging.WARNING)
    times = {"import": IMPORTED - STARTED}

    def lap(name, since):
        times[name] = time.perf_counter() - since
        return time.perf_counter()

    at = time.perf_counter()
    settings = read_model(model)
    unique_id = settings.get("unique_id_column_name", "unique_id")
    connection = load(records, unique_id, threads, spill)
    at = lap("load", at)
    linker = Linker("records", settings, DuckDBAPI(connection))
    predicted = linker.inference.predict(threshold_match_probability=float(threshold) or None)
    at = lap("predict", at)
    connection.execute(
        f'copy (select "{unique_id}_l" as id_l, "{unique_id}_r" as id_r, match_key, match_weight, '
        f"match_probability from {predicted.physical_name}) to '{out}' (header, format csv)")
    lap("write", at)
    print(json.dumps({"seconds": times, "splink": splink.__version__,
                      "duckdb": duckdb.__version__}))


if __name__ == "__main__":
    main()
