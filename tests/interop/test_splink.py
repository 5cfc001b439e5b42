"""test_splink.py PROGRAM SAVE-MODEL: links made-up records with the program and with Splink itself,
and compares all pairs, match keys, levels, weights, probabilities and clusters; then gives Splink the
models that we read and wrote.

Other records than in the golden files, which were made once, and as many as one likes.
"""

import csv
import json
import logging
import math
import pathlib
import subprocess
import sys
import tempfile
import unittest

import pandas
from splink import DuckDBAPI, Linker

MODEL = pathlib.Path("examples/model.json")
OTHER_MODELS = sorted(pathlib.Path("tests/data").glob("*/*.json"))
RECORDS = 4000
CLUSTER_PROBABILITY = 0.95
PROGRAM, SAVE_MODEL = sys.argv[1:]

logging.getLogger("splink").setLevel(logging.ERROR)


def read_csv(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def read_json(path):
    return json.loads(pathlib.Path(path).read_text(encoding="utf-8"))


def run_ours(people, folder, model=MODEL):
    """Predictions by pair and cluster by record, as the program says. Ids are row numbers."""
    predictions, crosswalk = folder / "predictions.csv", folder / "crosswalk.csv"
    subprocess.run([PROGRAM, "link", "--quiet", "--model", model, "--detail",
                    "--predictions", predictions, "--crosswalk", crosswalk,
                    "--cluster-probability", str(CLUSTER_PROBABILITY), people], check=True)
    pairs = {(int(row["id_l"]), int(row["id_r"])): row for row in read_csv(predictions)}
    clusters = [int(row["cluster_id"]) for row in read_csv(crosswalk)]
    return pairs, clusters


def run_splink(people, model=MODEL):
    """The same from Splink on DuckDB, with the same columns."""
    settings = read_json(model)
    unique_id = settings.get("unique_id_column_name", "unique_id")
    records = [{name: text or None for name, text in row.items()} for row in read_csv(people)]
    frame = pandas.DataFrame(records, dtype=object)
    frame[unique_id] = range(1, len(frame) + 1)
    settings["retain_matching_columns"] = True
    settings["retain_intermediate_calculation_columns"] = True
    linker = Linker(frame, settings, DuckDBAPI())
    predicted = linker.inference.predict()
    clustered = linker.clustering.cluster_pairwise_predictions_at_threshold(
        predicted, threshold_match_probability=CLUSTER_PROBABILITY)
    rows = predicted.as_pandas_dataframe().to_dict("records")
    pairs = {(row[unique_id + "_l"], row[unique_id + "_r"]): row for row in rows}
    clusters = dict(clustered.as_pandas_dataframe()[[unique_id, "cluster_id"]].to_numpy())
    return pairs, [clusters[i] for i in range(1, len(frame) + 1)]


def is_near(ours, theirs):
    """Equal to a relative 1e-9; an empty text is NULL."""
    if ours == "" or pandas.isna(theirs):
        return ours == "" and bool(pandas.isna(theirs))
    return math.isclose(float(ours), float(theirs), rel_tol=1e-9, abs_tol=1e-12)


def save_model(path, folder):
    """The model at `path`, read and written by us."""
    saved = folder / "saved.json"
    with open(saved, "wb") as out:
        subprocess.run([SAVE_MODEL, path], check=True, stdout=out)
    return saved


def without_names(settings):
    comparisons = [{**comparison, "comparison_description": None}
                   for comparison in settings["comparisons"]]
    return {**settings, "linker_uid": None, "comparisons": comparisons}


class SameAsSplink(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        folder = pathlib.Path(cls.folder.name)
        people = folder / "people.csv"
        subprocess.run([PROGRAM, "synth", "--records", str(RECORDS), "--seed", "20",
                        "-o", people], check=True)
        cls.ours, cls.our_clusters = run_ours(people, folder)
        cls.theirs, cls.their_clusters = run_splink(people)
        cls.from_saved, cls.clusters_from_saved = run_splink(people, save_model(MODEL, folder))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def test_pairs(self):
        self.assertGreater(len(self.theirs), RECORDS // 10)
        self.assertEqual(set(self.ours), set(self.theirs))

    def test_match_keys(self):
        for pair, theirs in self.theirs.items():
            self.assertEqual(self.ours[pair]["match_key"], str(theirs["match_key"]), pair)

    def test_levels(self):
        names = [name for name in next(iter(self.theirs.values())) if name.startswith("gamma_")]
        self.assertTrue(names)
        for pair, theirs in self.theirs.items():
            for name in names:
                self.assertEqual(int(self.ours[pair][name]), theirs[name], (pair, name))

    def check_numbers(self, names):
        self.assertTrue(names)
        for pair, theirs in self.theirs.items():
            for name in names:
                self.assertTrue(is_near(self.ours[pair][name], theirs[name]),
                                (pair, name, self.ours[pair][name], theirs[name]))

    def test_weights_and_probabilities(self):
        self.check_numbers(["match_weight", "match_probability"])

    def test_bayes_factors(self):
        self.check_numbers([n for n in next(iter(self.theirs.values())) if n.startswith("bf_")])

    def test_term_frequencies(self):
        self.check_numbers([n for n in next(iter(self.theirs.values())) if n.startswith("tf_")])

    def test_clusters(self):
        self.assertEqual(self.our_clusters, self.their_clusters)


    def test_saved_model_predicts_the_same(self):
        self.assertEqual(set(self.from_saved), set(self.theirs))
        for pair, before in self.theirs.items():
            self.assertEqual(self.from_saved[pair]["match_weight"], before["match_weight"], pair)
        self.assertEqual(self.clusters_from_saved, self.their_clusters)

    def test_saved_models_are_what_splink_saves(self):
        """Splink loads what we wrote and, saving it, writes the same again: but for the description
        of a comparison and the linker's id, which it makes anew."""
        self.assertTrue(OTHER_MODELS)
        for path in OTHER_MODELS:
            with self.subTest(path):
                ours = read_json(save_model(path, pathlib.Path(self.folder.name)))
                frame = pandas.DataFrame({ours["unique_id_column_name"]: [1]})
                linker = Linker(frame, ours, DuckDBAPI(), validate_settings=False)
                self.assertEqual(without_names(linker.misc.save_model_to_json()),
                                 without_names(ours))


def main():
    suite = unittest.defaultTestLoader.loadTestsFromTestCase(SameAsSplink)
    result = unittest.TextTestRunner(verbosity=2).run(suite)
    failed = len(result.failures) + len(result.errors)
    # A failure in setUpClass counts as one error and runs no test.
    print(f"{max(result.testsRun - failed, 0)} passed, {failed} failed")
    return 0 if result.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main())
