"""train.py PROGRAM: makes examples/model.json and bench/models/*.json.

m and u probabilities are Splink's own estimates on synthetic records whose truth is known: u from
random pairs, m from the pairs that are of one person. Six significant digits are kept. Called by
`bench/run PROGRAM train`; needs Splink 4.
"""

import json
import logging
import math
import pathlib
import subprocess
import sys
import tempfile

import duckdb
import splink.comparison_library as cl
from splink import DuckDBAPI, Linker, SettingsCreator

ROOT = pathlib.Path(__file__).resolve().parent.parent
RECORDS = 200_000
SEED = 2024
RANDOM_PAIRS = 20_000_000
# Of the level that random pairs or true pairs never fell into: less than one in the sample.
NEVER = 1e-8

# Splink reports its progress as it goes.
logging.disable(logging.WARNING)


def level(condition, label, **options):
    return {"sql_condition": condition, "label_for_charts": label, **options}


def missing(*columns):
    either = " OR ".join(f'"{column}_l" IS NULL OR "{column}_r" IS NULL' for column in columns)
    return level(either, f"{' or '.join(columns)} is missing", is_null_level=True)


def custom(name, *levels):
    return {"output_column_name": name, "comparison_levels": [*levels, level("ELSE", "all other")]}


def exact(column, **options):
    return level(f'"{column}_l" = "{column}_r"', f"same {column}", **options)


def frequency(column, weight=1.0):
    return {"tf_adjustment_column": column, "tf_adjustment_weight": weight}


FIRST_NAME = cl.NameComparison("first_name", jaro_winkler_thresholds=[0.92, 0.88, 0.7])
LAST_NAME = cl.NameComparison("last_name", jaro_winkler_thresholds=[0.92, 0.88, 0.7])
BIRTH_DATE = cl.DateOfBirthComparison(
    "birth_date", input_is_string=True, datetime_metrics=["month", "year"],
    datetime_thresholds=[1, 1])
SSN = custom(
    "ssn", missing("social_security_number"),
    exact("social_security_number", **frequency("social_security_number")),
    level("damerau_levenshtein(social_security_number_l, social_security_number_r) <= 1",
          "one slip in the number"))
PLACE = custom(
    "place",
    level("(city_l IS NULL OR city_r IS NULL) AND (zip_code_l IS NULL OR zip_code_r IS NULL)",
          "city and zip_code are missing", is_null_level=True),
    exact("zip_code"),
    exact("city", **frequency("city")),
    level("substr(zip_code_l, 1, 3) = substr(zip_code_r, 1, 3)", "same area"),
    exact("state"))
# One comparison for all that members of a family share: a home, a telephone and a ZIP code that
# agree are one piece of evidence, and counted thrice they would make one person of a couple.
CONTACT = custom(
    "contact",
    level(" AND ".join(f"({column}_l IS NULL OR {column}_r IS NULL)"
                       for column in ("address", "phone", "zip_code", "city")),
          "nothing to compare", is_null_level=True),
    level("address_l = address_r OR phone_l = phone_r", "same address or phone"),
    level("zip_code_l = zip_code_r AND jaro_winkler_similarity(address_l, address_r) >= 0.92",
          "almost the same address"),
    exact("zip_code"),
    exact("city", **frequency("city")))
SEX = custom("sex", missing("sex"), exact("sex"))


def same(*expressions):
    """A blocking rule: each expression is the same on both sides; {} stands for l or r."""
    sides = [e if "{}" in e else "{}." + e for e in expressions]
    return " AND ".join(f"{e.format('l')} = {e.format('r')}" for e in sides)


SELECTIVE = [
    same("social_security_number", "substr({}.birth_date, 1, 4)"),
    same("last_name", "birth_date"),
    same("first_name", "birth_date"),
    same("first_name", "last_name", "substr({}.zip_code, 1, 3)"),
    same("phone", "substr({}.first_name, 1, 2)"),
    same("substr({}.first_name, 1, 3)", "substr({}.last_name, 1, 3)",
         "substr({}.birth_date, 1, 4)"),
]
# 190.9 million pairs of `synth --records 1000000 --seed 1`.
MILLION = [
    same("last_name", "substr({}.first_name, 1, 1)"),
    same("first_name", "state"),
    same("last_name", "state"),
    same("first_name", "substr({}.birth_date, 1, 4)"),
    same("birth_date"),
    same("social_security_number"),
    same("phone"),
]
# Where each model goes, its comparisons and rules, and for how many records its prior is meant:
# a person has half an extra record.
ALL = [FIRST_NAME, LAST_NAME, BIRTH_DATE, SSN, PLACE, CONTACT, SEX]
SIX = ["first_name", "last_name", "birth_date", "ssn", "contact", "sex"]
FIVE = ["first_name", "last_name", "birth_date", "ssn", "place"]
MODELS = {
    "examples/model.json": (SIX, SELECTIVE[:5] + [same("address", "last_name")], 100_000),
    "bench/models/million.json": (FIVE, MILLION, 1_000_000),
    "bench/models/selective.json": (FIVE, SELECTIVE, 10_000_000),
    "bench/models/equal_keys.json": (FIVE, [same("state")], 50_000),
    "bench/models/no_equality.json": (
        FIVE, ["levenshtein(l.last_name, r.last_name) <= 2 AND l.sex <> r.sex"], 5_000),
}


def load(program, folder):
    """The training records; `person` is the truth."""
    path = pathlib.Path(folder) / "training.csv"
    subprocess.run([program, "synth", "--quiet", "--records", str(RECORDS), "--seed", str(SEED),
                    "-o", path], check=True)
    connection = duckdb.connect()
    connection.execute(
        "create table training as select row_number() over () as unique_id, *, "
        "split_part(source_person_id, '-', 1) as person "
        "from read_csv(?, all_varchar = true, header = true)", [str(path)])
    return connection


def rounded(number):
    return float(f"{max(number, NEVER):.6g}") if math.isfinite(number) else NEVER


def train(connection):
    """A model of all comparisons as Splink saves it, with every m and u set."""
    settings = SettingsCreator(
        link_type="dedupe_only", comparisons=ALL, retain_matching_columns=False,
        retain_intermediate_calculation_columns=False, linker_uid="tuvaempi")
    linker = Linker("training", settings, DuckDBAPI(connection))
    linker.training.estimate_u_using_random_sampling(max_pairs=RANDOM_PAIRS, seed=1)
    linker.training.estimate_m_from_label_column("person")
    model = linker.misc.save_model_to_json()
    for comparison in model["comparisons"]:
        for one in comparison["comparison_levels"]:
            if not one.get("is_null_level"):
                one["m_probability"] = rounded(one.get("m_probability", 0.0))
                one["u_probability"] = rounded(one.get("u_probability", 0.0))
    return model


def part_of(model, comparisons, rules, prior):
    """The model with some of its comparisons, and rules of its own."""
    chosen = [c for c in model["comparisons"] if c["output_column_name"] in comparisons]
    return {**model, "comparisons": chosen, "probability_two_random_records_match": rounded(prior),
            "blocking_rules_to_generate_predictions": [
                {"blocking_rule": rule, "sql_dialect": "duckdb"} for rule in rules]}


def main():
    program = sys.argv[1]
    with tempfile.TemporaryDirectory() as folder:
        connection = load(program, folder)
    true_pairs = connection.execute(
        "select sum(n * (n - 1) / 2) from (select count(*) as n from training group by person)"
    ).fetchall()[0][0]
    trained = train(connection)
    for name, (comparisons, rules, records) in MODELS.items():
        # True pairs grow with the records, all pairs with their square.
        prior = true_pairs / RECORDS / ((records - 1) / 2)
        model = part_of(trained, comparisons, rules, prior)
        (ROOT / name).write_text(json.dumps(model, indent=4) + "\n", encoding="utf-8")
        print(name)


if __name__ == "__main__":
    main()
