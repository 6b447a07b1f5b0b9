"""The peer of bench:engine: plain PyTorch on one thread, as a user would write it. Reads one JSON request a line, answers one a line.

{"case": {...}, "fused": bool} sets a network up; {"epochs": k} trains k epochs (each with its validation) and answers the CPU
seconds of each; {"describe": true} names the build. CPU time is the whole process's.
"""
import json, os, sys, time
import torch

torch.set_num_threads(1)


def setup(c, fused):
    torch.manual_seed(1)
    layers, width = [], c["features"]
    for _ in range(c["layers"]):
        layers += [torch.nn.Linear(width, c["nodes"]), torch.nn.ReLU()]
        width = c["nodes"]
    model = torch.nn.Sequential(*layers, torch.nn.Linear(width, c["outputs"]))
    args = dict(fused=True) if fused else {}
    if c["optimizer"] == "adam":
        opt = torch.optim.Adam(model.parameters(), lr=1e-3, **args)
    else:
        opt = torch.optim.SGD(model.parameters(), lr=1e-3, momentum=0.9, **args)
    make = lambda rows: (torch.randn(rows, c["features"]), torch.randn(rows) if c["outputs"] == 1 else torch.randint(0, c["outputs"], (rows,)))
    (x, y), (xv, yv) = make(c["rows"]), make(c["rows"] // 4)
    f = torch.nn.functional
    loss = (lambda o, t: f.mse_loss(o.squeeze(1), t)) if c["outputs"] == 1 else f.cross_entropy
    n, batch = c["rows"], c["batch"]

    def epoch():
        p = torch.randperm(n)
        total = 0.0
        for s in range(0, n, batch):
            i = p[s : s + batch]
            opt.zero_grad(set_to_none=True)
            e = loss(model(x[i]), y[i])
            e.backward()
            opt.step()
            total += e.detach()
        with torch.no_grad():
            return float(total), float(loss(model(xv), yv))

    return epoch


epoch = None
for line in sys.stdin:
    request = json.loads(line)
    if "describe" in request:
        text = torch.__config__.show()
        torch.randn(64, 64) @ torch.randn(64, 64)
        # the BLAS that is really loaded: Debian's build takes whichever libblas the system has
        loaded = open("/proc/self/maps").read() if os.path.exists("/proc/self/maps") else ""
        blas = "MKL" if "BLAS_INFO=mkl" in text else "OpenBLAS" if "openblas" in loaded else "the build's own"
        answer = dict(torch=torch.__version__, blas=blas, config=text)
    elif "case" in request:
        epoch = setup(request["case"], request.get("fused", False))
        answer = {}
    else:
        answer = []
        for _ in range(request["epochs"]):
            start = time.process_time()
            epoch()
            answer.append(time.process_time() - start)
    print(json.dumps(answer), flush=True)
