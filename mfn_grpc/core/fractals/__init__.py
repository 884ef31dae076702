"""Fractal analysis of sets of cells, and sets whose dimension is known."""

from mfn_grpc.core.fractals.analysis import analyze
from mfn_grpc.core.fractals.chaos import chaos_game, chaos_points, rasterize
from mfn_grpc.core.fractals.dimension import estimate_dimension
from mfn_grpc.core.fractals.generalized import generalized_dimensions
from mfn_grpc.core.fractals.ifs import (
    BARNSLEY_FERN,
    KOCH,
    PRESETS,
    SIERPINSKI_CARPET,
    SIERPINSKI_TRIANGLE,
    VICSEK,
    IteratedFunctionSystem,
    random_contractive,
)
from mfn_grpc.core.fractals.lacunarity import lacunarity
from mfn_grpc.core.fractals.options import (
    BoxBase,
    BoxCountOptions,
    Estimator,
    FractalOptions,
    NullModel,
    NullOptions,
)
from mfn_grpc.core.fractals.results import (
    BoxCount,
    DimensionEstimate,
    FractalAnalysis,
    GeneralizedDimension,
    LacunarityPoint,
    NullComparison,
    Verdict,
)
from mfn_grpc.core.fractals.substitution import (
    CARPET_MOTIF,
    DUST_MOTIF,
    TRIANGLE_MOTIF,
    VICSEK_MOTIF,
    substitution,
)
from mfn_grpc.core.fractals.warming import warm_up

__all__ = [
    "BARNSLEY_FERN",
    "CARPET_MOTIF",
    "DUST_MOTIF",
    "KOCH",
    "PRESETS",
    "SIERPINSKI_CARPET",
    "SIERPINSKI_TRIANGLE",
    "TRIANGLE_MOTIF",
    "VICSEK",
    "VICSEK_MOTIF",
    "BoxBase",
    "BoxCount",
    "BoxCountOptions",
    "DimensionEstimate",
    "Estimator",
    "FractalAnalysis",
    "FractalOptions",
    "GeneralizedDimension",
    "IteratedFunctionSystem",
    "LacunarityPoint",
    "NullComparison",
    "NullModel",
    "NullOptions",
    "Verdict",
    "analyze",
    "chaos_game",
    "chaos_points",
    "estimate_dimension",
    "generalized_dimensions",
    "lacunarity",
    "random_contractive",
    "rasterize",
    "substitution",
    "warm_up",
]
