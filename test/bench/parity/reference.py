"""Validation losses of plain PyTorch networks on concrete, with the row numbers of their splits: one JSON object on standard output.

    python3 reference.py PEERS_FOLDER SPLITS SEEDS

PEERS_FOLDER holds benchdata.py and trainer.py (the measuring sticks that lie beside the checkout). The split's row numbers are computed as
benchdata computes them, and checked against its arrays, so that the service can be given the very same rows.
"""
import json
import sys

import numpy as np

sys.path.insert(0, sys.argv[1])
import benchdata  # noqa: E402
import trainer  # noqa: E402

splits, seeds = int(sys.argv[2]), int(sys.argv[3])
out = []
for split in range(splits):
    data = benchdata.load("concrete", split)
    features, _, target, _ = benchdata.raw("concrete")
    order = np.random.RandomState(10_000 + split).permutation(len(target))
    test_count = int(round(0.2 * len(order)))
    rest = order[test_count:]
    training_count = int(round(0.7 * len(rest)))
    rows = {"training": rest[:training_count], "validation": rest[training_count:], "test": order[:test_count]}
    expected = (target[rows["training"]] - data.ymu) / data.ysd
    assert np.allclose(expected, data.ytr, atol=1e-5), "the split's rows differ from benchdata's"
    cells = []
    for layers, nodes in ((1, 100), (2, 128)):
        fits = [trainer.fit_one(data, layers, nodes, seed, max_epochs=100, patience=5) for seed in range(seeds)]
        cells.append({"hiddenLayers": layers, "nodesPerLayer": nodes, "losses": [fit["val"] for fit in fits], "epochs": [fit["epochs"] for fit in fits]})
    out.append({"rows": {name: [int(row) for row in numbers] for name, numbers in rows.items()}, "cells": cells})
print(json.dumps(out))
