"""The row numbers of a split as the measuring sticks' benchdata makes it, so that the service can be given the very same rows.

benchdata is the module that lies beside the checkout; the numbers are checked against its arrays.
"""
import numpy as np


def split_rows(benchdata, name, split, max_rows=20000):
    """-> (data, {"training": [...], "validation": [...], "test": [...]}), rows counted from 0."""
    data = benchdata.load(name, split, max_rows)
    _, _, target, _ = benchdata.raw(name)
    order = np.random.RandomState(10_000 + split).permutation(len(target))[:max_rows]
    test_count = int(round(0.2 * len(order)))
    rest = order[test_count:]
    training_count = int(round(0.7 * len(rest)))
    rows = {"training": rest[:training_count], "validation": rest[training_count:], "test": order[:test_count]}
    for part, ours in (("training", data.ytr), ("validation", data.yva), ("test", data.yte)):
        expected = (target[rows[part]] - data.ymu) / data.ysd
        assert np.allclose(expected, ours, atol=1e-5), "the split's rows differ from benchdata's"
    return data, {part: [int(row) for row in numbers] for part, numbers in rows.items()}
