"""A fresh process that has warmed up compiles nothing more, whatever it then aggregates."""

import os
import subprocess
import sys

PROGRAM = """
import numpy as np
from numba.core.dispatcher import Dispatcher
from mfn_grpc.core.aggregation import *
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.aggregation.kernels import combining, middle, nearest, neighbours, products, sorting

def compiled():
    modules = combining, middle, nearest, neighbours, products, sorting
    parts = [part for module in modules for part in vars(module).values()]
    kernels = [part for part in parts if isinstance(part, Dispatcher)]
    return {kernel.__name__: [str(s) for s in kernel.signatures] for kernel in kernels}

def sources(x):
    readonly = x.copy()
    readonly.flags.writeable = False
    packed = np.frombuffer(b"." + x.tobytes(), x.dtype, offset=1).reshape(x.shape)
    return x, readonly, x[:, ::-1][:, ::-1].copy().T.copy().T, packed

warm_up()
before = compiled()
assert {name for name in before if before[name]} >= {"combine", "middle_means", "means_near_median"}
steps = (), (NearestNeighborMixing(),), (Bucketing(), AdaptiveClipping()), (StaticClipping(1.0),)
for dtype in (np.float32, np.float64):
    rows = np.random.default_rng(0).normal(size=(12, 700)).astype(dtype)
    rows[3] = rows[4] = rows[5]
    for x in sources(rows):
        for rule in RULES.values():
            for step in steps:
                updates = [Update(str(k), ArraySource(row)) for k, row in enumerate(x)]
                policy = AggregationPolicy(1, rule(), step, ignore_precondition=True)
                center = ArraySource(rows[0])
                finish(aggregate(updates, 700, policy, center=center, write=lambda start, block: None))
after = compiled()
print({name: [s for s in after[name] if s not in before[name]] for name in after if after[name] != before[name]})
"""


def test_nothing_is_compiled_after_the_warm_up() -> None:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=110, check=False
    )
    assert (done.stdout.strip(), done.returncode) == ("{}", 0), done.stderr
