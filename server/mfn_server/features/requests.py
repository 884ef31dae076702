"""Requests of the feature service understood: the array and what is wanted of it, with every fault of either.

These functions read files and numbers: they run on a worker thread.
"""

from mfn_grpc.arrays import AnyArray
from mfn_grpc.core.features import Thresholds
from mfn_grpc.core.features.checks import dtype_violations, shape_violations
from mfn_grpc.core.fractals import FractalOptions
from mfn_grpc.core.fractals.analysis import field_violations, option_violations
from mfn_grpc.core.limits import Faults
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.features.fractals import decode_fractal_options
from mfn_server.features.inputs import load_input
from mfn_server.features.options import decode_thresholds
from mfn_server.grids import MOST_CELLS, grid_violations
from mfn_server.uploads import FIELD_TYPES, STORED_TYPES, ArrayStore


def decode_extraction(
    request: pb.ExtractFeaturesRequest, arrays: ArrayStore, principal: str, most_cells: int = MOST_CELLS
) -> tuple[AnyArray, Thresholds]:
    """A field or a history, and thresholds; whether it is finite is seen when it is measured."""
    faults = Faults()
    array = load_input(request, arrays, principal, FIELD_TYPES, faults)
    if array is not None:
        for violation in (
            *dtype_violations(array, "array"),
            *(
                [*shape_violations(array.shape, "array.shape", history=True)]
                or grid_violations(array.shape, "array.shape", most_cells)
            ),
        ):
            faults.add(violation)
    with faults.under("options"):
        thresholds = decode_thresholds(request.options, faults)
    return _sound(array, faults), thresholds


def decode_analysis(
    request: pb.AnalyzeFractalRequest, arrays: ArrayStore, principal: str, most_cells: int = MOST_CELLS
) -> tuple[AnyArray, FractalOptions]:
    """A field and what is wanted of it; whether it is finite is seen when it is analysed."""
    faults = Faults()
    field = load_input(request, arrays, principal, STORED_TYPES, faults)
    options = decode_fractal_options(request, faults)
    too_large = [] if field is None else grid_violations(field.shape, "array.shape", most_cells)
    of_field = [] if field is None else field_violations(field, options)
    for violation in (*too_large, *of_field, *option_violations(options)):
        faults.add(violation)
    return _sound(field, faults), options


def _sound(array: AnyArray | None, faults: Faults) -> AnyArray:
    """The array of a request with which nothing is wrong."""
    faults.refuse()
    if array is None:
        raise TypeError("an array that is missing is a fault of its request")
    return array
