"""Typed client for MyceliumFractalNet over gRPC: simulations, features, validation, federated learning.

    from mfn_client import Client

    with Client("localhost:50051") as client:
        for frame in client.simulate("gray_scott", steps=5_000, stride=100):
            print(frame.step, frame.fields["v"].mean())

`AsyncClient` is the same on asyncio; `mfn_client.sklearn` makes the features a transformer of scikit-learn;
`mfn_client.federated` takes part in federated learning. The names below are loaded when they are first used, so that
importing a part of the package does not load the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfn_client._aggregation import AggregateResult
    from mfn_client._aio_client import AsyncClient
    from mfn_client._aio_simulation import AsyncSimulation
    from mfn_client._calls import Ion
    from mfn_client._client import Client
    from mfn_client._exceptions import (
        AlreadyExists,
        DeadlineExceeded,
        FailedPrecondition,
        FieldDiverged,
        FieldViolation,
        InsecureCredentials,
        InternalError,
        InvalidArgument,
        InvalidCredentials,
        MfnError,
        NoServer,
        NotFound,
        NotReproducible,
        Overloaded,
        PermissionDenied,
        ResourceExhausted,
        RpcError,
        SessionSuperseded,
        StreamCorrupted,
        TlsFailed,
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
    from mfn_client._federation_results import (
        AggregateRecord,
        Capabilities,
        EvaluationEvent,
        EvaluationReport,
        Federation,
        FederationEvent,
        ModelRef,
        Participant,
        ParticipantEvent,
        Round,
        Tensor,
        TensorManifest,
        UpdateAck,
        UpdateEvent,
        Verdict,
    )
    from mfn_client._federation_watch import AsyncFederationEvents, FederationEvents
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
    from mfn_client._policies import (
        AggregationPolicy,
        AsyncBuffer,
        EarlyStop,
        EvaluationPolicy,
        FederationPolicy,
        RetentionPolicy,
        ServerOptimizer,
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
    from mfn_client._rules import (
        AdaptiveClipping,
        Bucketing,
        Bulyan,
        CenteredClipping,
        CoordinateMedian,
        CovarianceFilter,
        GeometricMedian,
        HierarchicalKrum,
        Krum,
        LegacyHierarchicalKrum,
        Mean,
        MeanAroundMedian,
        MinimumDiameter,
        MultiKrum,
        NearestNeighborMixing,
        StaticClipping,
        TrimmedMean,
        WeightedMean,
    )
    from mfn_client._simulation import Simulation
    from mfn_client._spec import Boundary
    from mfn_client._spectrum import peak_wavelength
    from mfn_client._tls import Tls
    from mfn_client._uploads import UploadedArray
    from mfn_client._validation import Check, TrainingMetrics, ValidationReport, ValidationStarted, ValidationSummary
    from mfn_client._validation_stream import AsyncValidation, Validation

__all__ = [
    "FEATURE_NAMES",
    "AdaptiveClipping",
    "AggregateRecord",
    "AggregateResult",
    "AggregationPolicy",
    "AlreadyExists",
    "AsyncBuffer",
    "AsyncClient",
    "AsyncFeatureStream",
    "AsyncFederationEvents",
    "AsyncSimulation",
    "AsyncValidation",
    "Boundary",
    "BoxCount",
    "BoxCountOptions",
    "Bucketing",
    "Bulyan",
    "Capabilities",
    "CenteredClipping",
    "Check",
    "Client",
    "CoordinateMedian",
    "CovarianceFilter",
    "DeadlineExceeded",
    "DimensionEstimate",
    "EarlyStop",
    "EarlyWarning",
    "EarlyWarningOptions",
    "EvaluationEvent",
    "EvaluationPolicy",
    "EvaluationReport",
    "ExtractedFeatures",
    "FailedPrecondition",
    "FeatureReport",
    "FeatureStream",
    "Features",
    "Federation",
    "FederationEvent",
    "FederationEvents",
    "FederationPolicy",
    "FieldDiverged",
    "FieldViolation",
    "FractalAnalysis",
    "Frame",
    "GeneralizedDimension",
    "GeometricMedian",
    "HierarchicalKrum",
    "InsecureCredentials",
    "InternalError",
    "InvalidArgument",
    "InvalidCredentials",
    "Ion",
    "Krum",
    "LacunarityPoint",
    "LegacyHierarchicalKrum",
    "Mean",
    "MeanAroundMedian",
    "MfnError",
    "MinimumDiameter",
    "Model",
    "ModelRef",
    "MultiKrum",
    "MyceliumSummary",
    "NearestNeighborMixing",
    "NoServer",
    "NotFound",
    "NotReproducible",
    "NullComparison",
    "NullComparisonOptions",
    "Overloaded",
    "Parameter",
    "Participant",
    "ParticipantEvent",
    "PermissionDenied",
    "ResourceExhausted",
    "RetentionPolicy",
    "Round",
    "RpcError",
    "RunResult",
    "ServerOptimizer",
    "SessionSuperseded",
    "Simulation",
    "Species",
    "SpeciesSummary",
    "StabilityReport",
    "Started",
    "StaticClipping",
    "SteadyState",
    "StepLimit",
    "StreamCorrupted",
    "Summary",
    "Tensor",
    "TensorManifest",
    "Tls",
    "TlsFailed",
    "TrainingMetrics",
    "TrimmedMean",
    "Unauthenticated",
    "Unavailable",
    "UndefinedValue",
    "Unimplemented",
    "UnstableBand",
    "UnstableSpec",
    "UpdateAck",
    "UpdateEvent",
    "UploadedArray",
    "Validation",
    "ValidationReport",
    "ValidationStarted",
    "ValidationSummary",
    "Verdict",
    "WeightedMean",
    "peak_wavelength",
]

_MODULES = {
    "_aggregation": "AggregateResult",
    "_aio_client": "AsyncClient",
    "_aio_simulation": "AsyncSimulation",
    "_calls": "Ion",
    "_client": "Client",
    "_feature_stream": "AsyncFeatureStream FeatureStream",
    "_features": "EarlyWarning EarlyWarningOptions ExtractedFeatures FEATURE_NAMES FeatureReport Features "
    "UndefinedValue",
    "_federation_results": "AggregateRecord Capabilities EvaluationEvent EvaluationReport Federation "
    "FederationEvent ModelRef Participant ParticipantEvent Round Tensor TensorManifest UpdateAck UpdateEvent "
    "Verdict",
    "_federation_watch": "AsyncFederationEvents FederationEvents",
    "_fractals": "BoxCount BoxCountOptions DimensionEstimate FractalAnalysis GeneralizedDimension "
    "LacunarityPoint NullComparison NullComparisonOptions",
    "_policies": "AggregationPolicy AsyncBuffer EarlyStop EvaluationPolicy FederationPolicy RetentionPolicy "
    "ServerOptimizer",
    "_results": "Frame Model MyceliumSummary Parameter RunResult Species SpeciesSummary StabilityReport Started "
    "SteadyState StepLimit Summary UnstableBand",
    "_rules": "AdaptiveClipping Bucketing Bulyan CenteredClipping CoordinateMedian CovarianceFilter "
    "GeometricMedian HierarchicalKrum Krum LegacyHierarchicalKrum Mean MeanAroundMedian MinimumDiameter MultiKrum "
    "NearestNeighborMixing StaticClipping TrimmedMean WeightedMean",
    "_simulation": "Simulation",
    "_spec": "Boundary",
    "_spectrum": "peak_wavelength",
    "_tls": "Tls",
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
