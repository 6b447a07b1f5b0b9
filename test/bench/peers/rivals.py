"""What a user would pick instead: searches over the same space, restarts, and scikit-learn's usual models, on one split of one table.

    python3 rivals.py PEERS_FOLDER rows TABLE SPLIT MAX_ROWS    -> the split's row numbers, one JSON object
    python3 rivals.py PEERS_FOLDER run JOB                      -> one JSON object a line and method, as soon as it is done

JOB: {"table", "split", "maxRows", "patience", "maxEpochs", "cpuSeconds", "fits", "methods": [...]}. PEERS_FOLDER holds benchdata.py and
trainer.py (the measuring sticks beside the checkout): networks are trained by trainer.fit_one as it is. Times are this process's CPU
seconds; it must be started with one thread.

A search goes on until its CPU seconds AND its number of fits are used up (at most twice the seconds). A fit that was begun before the
seconds ran out still counts: the doubt is the rival's gain.
"""
import json
import math
import sys
import time
import warnings
from pathlib import Path

import numpy as np

warnings.filterwarnings("ignore")
sys.path.insert(0, sys.argv[1])
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import benchdata  # noqa: E402
from split_rows import split_rows  # noqa: E402

AVERAGED = 5


def loss_of(task, predictions, truth):
    """Mean squared error on the standardised target, or log loss; `predictions` are [rows] or [rows, classes]."""
    if task == "regression":
        return float(np.mean((predictions - truth) ** 2))
    return float(-np.mean(np.log(np.clip(predictions[np.arange(len(truth)), truth], 1e-7, 1))))


class Networks:
    """Trains networks with the measuring stick's own trainer and keeps what each predicts."""

    def __init__(self, data, patience, max_epochs):
        import torch
        import trainer

        self.torch, self.trainer, self.data, self.limits = torch, trainer, data, dict(patience=patience, max_epochs=max_epochs)
        make, self.last = trainer.net, None

        def remembered(*shape):
            self.last = make(*shape)
            return self.last

        trainer.net = remembered

    def fit(self, layers, nodes, seed, report=None):
        try:
            result = self.trainer.fit_one(self.data, layers, nodes, seed, report=report, **self.limits)
        except TypeError:  # no epoch had a finite loss, so there are no best weights to restore
            return dict(layers=layers, nodes=nodes, val=None, test=None, epochs=None)
        fit = {name: result[name] for name in ("layers", "nodes", "val", "test", "epochs")}
        fit["predictions"] = (self.predict(self.data.xva), self.predict(self.data.xte))
        return fit

    def predict(self, rows):
        with self.torch.no_grad():
            out = self.last(self.torch.from_numpy(rows))
            out = out.squeeze(1) if self.data.task == "regression" else self.torch.softmax(out, 1)
        return out.numpy().astype(np.float64)


class Trace:
    """The fits of one method with their CPU seconds, and what they come to at a budget."""

    def __init__(self, data):
        self.data, self.fits, self.start = data, [], time.process_time()

    def seconds(self):
        return time.process_time() - self.start

    def add(self, begun, fit):
        self.fits.append(dict(fit, begun=begun, ended=self.seconds()))

    def at(self, within):
        """Single best, plain mean of the best five, and the first few of those five whose mean is best on validation."""
        counted = [fit for place, fit in enumerate(self.fits) if within(place, fit)]
        best = sorted((fit for fit in counted if fit["val"] is not None), key=lambda fit: fit["val"])[:AVERAGED]
        if not best:
            return None
        means = []
        for count in range(1, len(best) + 1):
            val, test = (np.mean([fit["predictions"][part] for fit in best[:count]], 0) for part in (0, 1))
            means.append(dict(val=loss_of(self.data.task, val, self.data.yva), test=loss_of(self.data.task, test, self.data.yte), count=count))
        single = {name: best[0][name] for name in ("layers", "nodes", "val", "test") if name in best[0]}
        chosen = min(means, key=lambda mean: mean["val"])
        return dict(single=single, mean=means[-1], chosen=chosen, fits=len(counted), cpuSeconds=counted[-1]["ended"])

    def lines(self):
        return [{name: value for name, value in fit.items() if name != "predictions"} for fit in self.fits]


def searched(data, job, next_fit):
    """Runs next_fit(number) until seconds and fits are used up."""
    trace = Trace(data)
    while True:
        seconds, count = trace.seconds(), len(trace.fits)
        found = any(fit["val"] is not None for fit in trace.fits)
        if found and ((seconds >= job["cpuSeconds"] and count >= job["fits"]) or seconds >= 2 * job["cpuSeconds"]):
            break
        trace.add(seconds, next_fit(count))
    return dict(
        cpu=trace.at(lambda place, fit: place == 0 or fit["begun"] < job["cpuSeconds"]),
        fits=trace.at(lambda place, _: place < job["fits"]),
        trace=trace.lines(),
    )


def optuna_search(data, job, networks, method):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    seed = job["split"]
    samplers, pruners = optuna.samplers, optuna.pruners
    sampler = samplers.RandomSampler(seed=seed) if method == "random" else samplers.TPESampler(seed=seed)
    pruner = {
        "tpe_median": pruners.MedianPruner(n_startup_trials=5, n_warmup_steps=5),
        "tpe_hyperband": pruners.HyperbandPruner(min_resource=5, max_resource=job["maxEpochs"], reduction_factor=3),
    }.get(method)
    study = optuna.create_study(study_name=f"{method}-{seed}", direction="minimize", sampler=sampler, pruner=pruner or pruners.NopPruner())

    def next_fit(number):
        trial = study.ask()
        layers, nodes = trial.suggest_int("layers", 1, 5), trial.suggest_int("nodes", 16, 512, log=True)

        def report(epoch, loss):
            trial.report(loss, epoch)
            if trial.should_prune():
                raise optuna.TrialPruned()

        try:
            fit = networks.fit(layers, nodes, seed * 1000 + number, report if pruner else None)
        except optuna.TrialPruned as pruned:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            return dict(layers=layers, nodes=nodes, val=None, test=None, epochs=pruned.epochs, pruned=True)
        if fit["val"] is None:
            study.tell(trial, state=optuna.trial.TrialState.FAIL)
        else:
            study.tell(trial, fit["val"])
        return fit

    return searched(data, job, next_fit)


def scikit_models(data, job, method):
    """One method of scikit-learn: all its fits, whatever the budget."""
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestClassifier, RandomForestRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    regression, seed = data.task == "regression", job["split"]
    mlp = MLPRegressor if regression else MLPClassifier
    grid = dict(early_stopping=True, n_iter_no_change=job["patience"], max_iter=job["maxEpochs"], batch_size=data.bs, random_state=seed)
    sizes = [(nodes,) * layers for layers in (1, 2, 3) for nodes in (32, 100, 256)]
    models = {
        "sklearn_mlp_grid": lambda: [(mlp(size, **grid), len(size), size[0]) for size in sizes],
        "sklearn_mlp_default": lambda: [(mlp(random_state=seed), 1, 100)],
        "gradient_boosting": lambda: [((HistGradientBoostingRegressor if regression else HistGradientBoostingClassifier)(random_state=seed), None, None)],
        "random_forest": lambda: [((RandomForestRegressor if regression else RandomForestClassifier)(random_state=seed), None, None)],
        "linear": lambda: [((Ridge() if regression else LogisticRegression(max_iter=1000)), None, None)],
    }[method]()

    def predictions(model, rows):
        if regression:
            return model.predict(rows).astype(np.float64)
        shares = np.zeros((len(rows), data.no))
        shares[:, model.classes_.astype(int)] = model.predict_proba(rows)
        return shares

    trace = Trace(data)
    for model, layers, nodes in models:
        begun = trace.seconds()
        model.fit(data.xtr, data.ytr)
        val, test = predictions(model, data.xva), predictions(model, data.xte)
        losses = loss_of(data.task, val, data.yva), loss_of(data.task, test, data.yte)
        trace.add(begun, dict(layers=layers, nodes=nodes, val=losses[0], test=losses[1], predictions=(val, test)))
    every = trace.at(lambda *_: True)
    return dict(cpu=every, fits=every, trace=trace.lines())


def run(job):
    data, _ = split_rows(benchdata, job["table"], job["split"], job["maxRows"])
    networks = Networks(data, job["patience"], job["maxEpochs"])
    for method in job["methods"]:
        name, _, size = method.partition("_")
        if name in ("restarts", "fixed"):
            layers, nodes = (int(count) for count in size.split("x"))
            wanted = dict(job, cpuSeconds=0, fits=1) if name == "fixed" else job
            result = searched(data, wanted, lambda number: networks.fit(layers, nodes, job["split"] * 1000 + number))
        elif method in ("random", "tpe", "tpe_median", "tpe_hyperband"):
            result = optuna_search(data, job, networks, method)
        else:
            result = scikit_models(data, job, method)
        print(json.dumps(dict(table=job["table"], split=job["split"], method=method, **result)), flush=True)


if sys.argv[2] == "rows":
    print(json.dumps(split_rows(benchdata, sys.argv[3], int(sys.argv[4]), int(sys.argv[5]))[1]))
else:
    run(json.loads(sys.argv[3]))
