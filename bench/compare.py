"""compare.py OURS.csv SPLINKS.csv THRESHOLD: whether both found the same pairs with the same weights.

Every pair is compared, not a sample. Prints one line of JSON; `same` is the verdict. A pair that
only one side has is no difference when its weight is the threshold's to 1e-9: both round there.
"""

import json
import math
import sys

import duckdb

TOLERANCE = 1e-9

LOAD = """
create table {name} as
select id_l, id_r, match_key, match_weight as weight, match_probability as probability
from read_csv(?, header = true, columns = {{
    'id_l': 'bigint', 'id_r': 'bigint', 'match_key': 'varchar',
    'match_weight': 'double', 'match_probability': 'double'}})
"""

COMPARE = """
select
    count(a.id_l),
    count(b.id_l),
    count(*) filter (where a.id_l is null and abs(b.weight - $least) > $tolerance),
    count(*) filter (where b.id_l is null and abs(a.weight - $least) > $tolerance),
    count(*) filter (where a.match_key <> b.match_key),
    max(abs(a.weight - b.weight) / greatest(abs(b.weight), 1)),
    max(abs(a.probability - b.probability) / greatest(b.probability, 1e-300))
from ours a
full outer join splinks b on a.id_l = b.id_l and a.id_r = b.id_r
"""


def main():
    ours, splinks, threshold = sys.argv[1:]
    threshold = float(threshold)
    # Splink compares weights, even when it is given a probability.
    least = math.log2(threshold / (1 - threshold)) if 0 < threshold < 1 else -1e300
    connection = duckdb.connect(":memory:")
    connection.execute(LOAD.format(name="ours"), [ours])
    connection.execute(LOAD.format(name="splinks"), [splinks])
    row = connection.execute(COMPARE, {"least": least, "tolerance": TOLERANCE}).fetchall()[0]
    names = ["ours", "splinks", "only_splink", "only_ours", "other_match_key", "weight_difference",
             "probability_difference"]
    result = dict(zip(names, row))
    for name in ("weight_difference", "probability_difference"):
        result[name] = result[name] or 0.0
    faults = result["only_splink"] + result["only_ours"] + result["other_match_key"]
    result["same"] = (faults == 0 and result["weight_difference"] <= TOLERANCE
                      and result["probability_difference"] <= TOLERANCE)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
