"""What a rule or a pre-aggregator sees of updates, as the passes over them find it."""

from typing import Any

import numpy as np

from mfn_grpc.core.aggregation.blocks import Reader
from mfn_grpc.core.aggregation.geometry import Geometry
from mfn_grpc.core.aggregation.measuring import measure
from mfn_grpc.core.aggregation.rules.base import Seen
from mfn_grpc.core.aggregation.updates import ArraySource
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.pieces import finish


def reader_of(x: Array) -> Reader:
    return Reader([ArraySource(row) for row in x], x.dtype)


def norms_of(x: Array) -> Array:
    return np.array([float(np.linalg.norm(row.astype(np.longdouble))) for row in x])


def geometry_of(x: Array) -> Geometry:
    return finish(measure(reader_of(x), x.shape[1], norms_of(x)))


def seen_of(x: Any, f: int, round_number: int = 0) -> Seen:
    rows = np.asarray(x, np.float64)
    return Seen(len(rows), f, round_number, np.ones(len(rows)), norms_of(rows), geometry_of(rows))
