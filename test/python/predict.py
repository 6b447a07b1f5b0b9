"""Predicts with a delivered model in Python's onnxruntime, alone: `python predict.py model.onnx columns.json` prints its outputs as JSON.

columns.json: {"column": [cells, null for a gap], ...}. Needs `pip install onnxruntime`; the tests look for python3, or RIGHTSIZE_PYTHON.
"""
import json
import sys

import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
with open(sys.argv[2], encoding="utf-8") as file:
    columns = json.load(file)


def column(tensor):
    cells = columns[tensor.name]
    if tensor.type == "tensor(double)":
        return np.array([[np.nan if cell is None else cell] for cell in cells], dtype=np.float64)
    return np.array([["" if cell is None else cell] for cell in cells], dtype=object)


outputs = session.run(None, {tensor.name: column(tensor) for tensor in session.get_inputs()})
json.dump({output.name: values.tolist() for output, values in zip(session.get_outputs(), outputs)}, sys.stdout)
