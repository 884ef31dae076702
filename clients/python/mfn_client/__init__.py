"""Typed client for MyceliumFractalNet over gRPC: membrane potentials, simulations, features, fractals, validation.

    from mfn_client import Client

    with Client("localhost:50051") as client:
        for frame in client.simulate("gray_scott", steps=5_000, stride=100):
            print(frame.step, frame.fields["v"].mean())

`AsyncClient` is the same on asyncio; `mfn_client.sklearn` makes the features a transformer of scikit-learn. The names
below are loaded when they are first used, so that importing a part of the package does not load the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfn_client._aio_client import AsyncClient
    from mfn_client._aio_simulation import AsyncSimulation
    from mfn_client._calls import Ion
    from mfn_client._client import Client
    from mfn_client._exceptions import (
        DeadlineExceeded,
        FailedPrecondition,
        FieldDiverged,
        FieldViolation,
        InsecureCredentials,
        InternalError,
        InvalidArgument,
        MfnError,
        NoServer,
        NotFound,
        NotReproducible,
        Overloaded,
        PermissionDenied,
        ResourceExhausted,
        RpcError,
        StreamCorrupted,
        Unauthenticated,
        Unavailable,
        Unimplemented,
        UnstableSpec,
    )
    from mfn_client._feature_stream import AsyncFeatureStream, FeatureStream
    from mfn_client._features import (
        FEATURE_NAMES,
        EarlyWarning,
        EarlyWarningOptions,
        ExtractedFeatures,
        FeatureReport,
        Features,
        UndefinedValue,
    )
    from mfn_client._fractals import (
        BoxCount,
        BoxCountOptions,
        DimensionEstimate,
        FractalAnalysis,
        GeneralizedDimension,
        LacunarityPoint,
        NullComparison,
        NullComparisonOptions,
    )
    from mfn_client._results import (
        Frame,
        Model,
        MyceliumSummary,
        Parameter,
        RunResult,
        Species,
        SpeciesSummary,
        StabilityReport,
        Started,
        SteadyState,
        StepLimit,
        Summary,
        UnstableBand,
    )
    from mfn_client._simulation import Simulation
    from mfn_client._spec import Boundary
    from mfn_client._spectrum import peak_wavelength
    from mfn_client._uploads import UploadedArray
    from mfn_client._validation import Check, TrainingMetrics, ValidationReport, ValidationStarted, ValidationSummary
    from mfn_client._validation_stream import AsyncValidation, Validation

__all__ = [
    "FEATURE_NAMES",
    "AsyncClient",
    "AsyncFeatureStream",
    "AsyncSimulation",
    "AsyncValidation",
    "Boundary",
    "BoxCount",
    "BoxCountOptions",
    "Check",
    "Client",
    "DeadlineExceeded",
    "DimensionEstimate",
    "EarlyWarning",
    "EarlyWarningOptions",
    "ExtractedFeatures",
    "FailedPrecondition",
    "FeatureReport",
    "FeatureStream",
    "Features",
    "FieldDiverged",
    "FieldViolation",
    "FractalAnalysis",
    "Frame",
    "GeneralizedDimension",
    "InsecureCredentials",
    "InternalError",
    "InvalidArgument",
    "Ion",
    "LacunarityPoint",
    "MfnError",
    "Model",
    "MyceliumSummary",
    "NoServer",
    "NotFound",
    "NotReproducible",
    "NullComparison",
    "NullComparisonOptions",
    "Overloaded",
    "Parameter",
    "PermissionDenied",
    "ResourceExhausted",
    "RpcError",
    "RunResult",
    "Simulation",
    "Species",
    "SpeciesSummary",
    "StabilityReport",
    "Started",
    "SteadyState",
    "StepLimit",
    "StreamCorrupted",
    "Summary",
    "TrainingMetrics",
    "Unauthenticated",
    "Unavailable",
    "UndefinedValue",
    "Unimplemented",
    "UnstableBand",
    "UnstableSpec",
    "UploadedArray",
    "Validation",
    "ValidationReport",
    "ValidationStarted",
    "ValidationSummary",
    "peak_wavelength",
]

_MODULES = {
    "_aio_client": "AsyncClient",
    "_aio_simulation": "AsyncSimulation",
    "_calls": "Ion",
    "_client": "Client",
    "_feature_stream": "AsyncFeatureStream FeatureStream",
    "_features": "EarlyWarning EarlyWarningOptions ExtractedFeatures FEATURE_NAMES FeatureReport Features "
    "UndefinedValue",
    "_fractals": "BoxCount BoxCountOptions DimensionEstimate FractalAnalysis GeneralizedDimension LacunarityPoint "
    "NullComparison NullComparisonOptions",
    "_results": "Frame Model MyceliumSummary Parameter RunResult Species SpeciesSummary StabilityReport Started "
    "SteadyState StepLimit Summary UnstableBand",
    "_simulation": "Simulation",
    "_spec": "Boundary",
    "_spectrum": "peak_wavelength",
    "_uploads": "UploadedArray",
    "_validation": "Check TrainingMetrics ValidationReport ValidationStarted ValidationSummary",
    "_validation_stream": "AsyncValidation Validation",
}
_HOMES = {name: module for module, names in _MODULES.items() for name in names.split()}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES.get(name, '_exceptions')}"), name)


def __dir__() -> list[str]:
    return __all__
