"""Compiles every kernel of this folder, so that none is compiled while a caller waits."""

import numpy as np

from mfn_grpc.core.fractals.analysis import analyze
from mfn_grpc.core.fractals.chaos import chaos_game, rasterize
from mfn_grpc.core.fractals.ifs import SIERPINSKI_TRIANGLE
from mfn_grpc.core.fractals.lacunarity import lacunarity
from mfn_grpc.core.fractals.options import BoxCountOptions, Estimator, FractalOptions
from mfn_grpc.core.pieces import finish


def warm_up() -> None:
    """Run every kernel once, on every type of its arguments."""
    both = tuple(Estimator)
    for minimize in (False, True):
        boxes = BoxCountOptions(minimize_over_offsets=minimize)
        wanted = FractalOptions(None, both, boxes, None, (1,), (0.0,))
        finish(analyze(np.eye(8, dtype=np.bool_), wanted))
    finish(analyze(np.eye(8), FractalOptions(0.5, generalized_orders=(0.0,))))
    finish(lacunarity(np.eye(8), (1,)))
    rasterize(chaos_game(SIERPINSKI_TRIANGLE, 1, 0), (8, 8), (0.0, 0.0), (1.0, 1.0))
