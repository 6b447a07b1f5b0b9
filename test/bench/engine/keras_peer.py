"""Another peer of bench:engine: Keras on TensorFlow on one thread, with compile and fit as a user would write them. Speaks as pytorch.py does.

CPU time is the whole process's; an epoch is one pass of fit with its validation. The first epoch of a network (tracing) is not counted.
"""
import json, os, sys, time

os.environ.update(TF_CPP_MIN_LOG_LEVEL="3", TF_NUM_INTRAOP_THREADS="1", TF_NUM_INTEROP_THREADS="1", CUDA_VISIBLE_DEVICES="")
import keras
import numpy as np
import tensorflow as tf


def setup(c):
    keras.utils.set_random_seed(1)
    hidden = [keras.layers.Dense(c["nodes"], activation="relu") for _ in range(c["layers"])]
    last = keras.layers.Dense(c["outputs"], activation=None if c["outputs"] == 1 else "softmax")
    model = keras.Sequential([keras.Input((c["features"],)), *hidden, last])
    optimizer = keras.optimizers.Adam(1e-3) if c["optimizer"] == "adam" else keras.optimizers.SGD(1e-3, momentum=0.9)
    model.compile(optimizer=optimizer, loss="mse" if c["outputs"] == 1 else "sparse_categorical_crossentropy")
    target = (lambda n: np.random.randn(n, 1)) if c["outputs"] == 1 else (lambda n: np.random.randint(0, c["outputs"], n))
    make = lambda n: (np.random.randn(n, c["features"]).astype("float32"), target(n))
    (x, y), held = make(c["rows"]), make(c["rows"] // 4)
    fit = lambda: model.fit(x, y, batch_size=c["batch"], epochs=1, validation_data=held, verbose=0)
    fit()
    return fit


epoch = None
for line in sys.stdin:
    request = json.loads(line)
    if "describe" in request:
        answer = dict(torch=f"Keras {keras.__version__} on TensorFlow {tf.__version__}", blas="oneDNN", config="")
    elif "case" in request:
        epoch, answer = setup(request["case"]), {}
    else:
        answer = []
        for _ in range(request["epochs"]):
            start = time.process_time()
            epoch()
            answer.append(time.process_time() - start)
    print(json.dumps(answer), flush=True)
