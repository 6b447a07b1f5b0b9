"""Validation losses of plain PyTorch networks on concrete, with the row numbers of their splits: one JSON object on standard output.

    python3 reference.py PEERS_FOLDER SPLITS SEEDS

PEERS_FOLDER holds benchdata.py and trainer.py (the measuring sticks that lie beside the checkout). Each split's
row numbers come along, so that the service can be given the very same rows.
"""
import json
import sys
from pathlib import Path

sys.path.insert(0, sys.argv[1])
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import benchdata  # noqa: E402
import trainer  # noqa: E402
from split_rows import split_rows  # noqa: E402

splits, seeds = int(sys.argv[2]), int(sys.argv[3])
out = []
for split in range(splits):
    data, rows = split_rows(benchdata, "concrete", split)
    cells = []
    for layers, nodes in ((1, 100), (2, 128)):
        fits = [trainer.fit_one(data, layers, nodes, seed, max_epochs=100, patience=5) for seed in range(seeds)]
        cells.append({"hiddenLayers": layers, "nodesPerLayer": nodes, "losses": [fit["val"] for fit in fits], "epochs": [fit["epochs"] for fit in fits]})
    out.append({"rows": rows, "cells": cells})
print(json.dumps(out))
