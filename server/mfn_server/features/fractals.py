"""AnalyzeFractal: what is asked as the core's options, and what was found as a message."""

from dataclasses import asdict, fields
from typing import Any

from mfn_grpc.core.fractals import (
    BoxBase,
    BoxCountOptions,
    DimensionEstimate,
    Estimator,
    FractalAnalysis,
    FractalOptions,
    NullComparison,
    NullModel,
    NullOptions,
)
from mfn_grpc.core.fractals.options import MOST_LACUNARITY_EDGES, MOST_ORDERS
from mfn_grpc.core.limits import Faults
from mfn_grpc.v1 import features_pb2 as pb
from mfn_server.decoding import bounded, choice, choices, stated

_BOX_SCALARS = "crop_to_bounding_box", "min_box_edge_cells", "max_box_edge_cells", "confidence_level"


def decode_fractal_options(request: pb.AnalyzeFractalRequest, faults: Faults) -> FractalOptions:
    """What is asked; whatever no field could make right is added to `faults`."""
    defaults = FractalOptions()
    numbers = request.estimators
    estimators = choices(pb.FractalEstimator, Estimator, "estimators", numbers, defaults.estimators, faults)
    edges = bounded(request.lacunarity_box_edges_cells, MOST_LACUNARITY_EDGES, "lacunarity_box_edges_cells", faults)
    orders = bounded(request.generalized_orders, MOST_ORDERS, "generalized_orders", faults)
    return FractalOptions(
        threshold=request.threshold if request.HasField("threshold") else None,
        estimators=estimators,
        box_count=_box_count(request.box_count, faults),
        null_comparison=_null_options(request.null_comparison, faults) if request.HasField("null_comparison") else None,
        lacunarity_box_edges_cells=tuple(edges),
        generalized_orders=tuple(orders),
    )


def encode_analysis(analysis: FractalAnalysis) -> pb.AnalyzeFractalResponse:
    """What was found."""
    return pb.AnalyzeFractalResponse(
        dimensions=[_estimate(each) for each in analysis.dimensions],
        lacunarity=[pb.LacunarityPoint(**asdict(each)) for each in analysis.lacunarity],
        generalized_dimensions=[pb.GeneralizedDimension(**asdict(each)) for each in analysis.generalized_dimensions],
        set_cells=analysis.set_cells,
        total_cells=analysis.total_cells,
    )


def _box_count(message: pb.BoxCountOptions, faults: Faults) -> BoxCountOptions:
    with faults.under("box_count"):
        return BoxCountOptions(
            base=choice(pb.BoxBase, BoxBase, "base", message.base, BoxCountOptions().base, faults),
            minimize_over_offsets=message.minimize_over_offsets,
            **stated(message, *_BOX_SCALARS),
        )


def _null_options(message: pb.NullComparisonOptions, faults: Faults) -> NullOptions:
    with faults.under("null_comparison"):
        model = choice(pb.NullModel, NullModel, "null_model", message.null_model, NullOptions().null_model, faults)
        return NullOptions(null_model=model, seed=message.seed, **stated(message, "samples"))


def _estimate(estimate: DimensionEstimate) -> pb.DimensionEstimate:
    plain: dict[str, Any] = {field.name: getattr(estimate, field.name) for field in fields(estimate)}
    return pb.DimensionEstimate(
        **plain
        | {
            "estimator": f"FRACTAL_ESTIMATOR_{estimate.estimator.name}",
            "verdict": f"FRACTAL_VERDICT_{estimate.verdict.name}",
            "counts": [pb.BoxCount(**asdict(count)) for count in estimate.counts],
            "null_comparison": _comparison(estimate.null_comparison),
        }
    )


def _comparison(comparison: NullComparison | None) -> pb.NullComparison | None:
    if comparison is None:
        return None
    return pb.NullComparison(**asdict(comparison) | {"null_model": f"NULL_MODEL_{comparison.null_model.name}"})
