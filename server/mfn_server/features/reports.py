"""Features and early warnings as messages."""

from dataclasses import asdict

from mfn_grpc.core.dynamics.early_warning import EarlyWarning
from mfn_grpc.core.features import Features, Measured, Undefined
from mfn_grpc.v1 import features_pb2 as pb
from mfn_grpc.v1 import types_pb2


def encode_features(features: Features) -> types_pb2.Features:
    """The 18 features."""
    return types_pb2.Features(**asdict(features))


def encode_undefined(undefined: Undefined) -> types_pb2.UndefinedValue:
    """Why one of them is NaN."""
    return types_pb2.UndefinedValue(name=undefined.name, reason=undefined.reason)


def encode_measured(measured: Measured) -> pb.ExtractFeaturesResponse:
    """Features and the reasons of those that are NaN."""
    return pb.ExtractFeaturesResponse(
        features=encode_features(measured.features),
        undefined=[encode_undefined(each) for each in measured.undefined],
    )


def encode_warning(warning: EarlyWarning) -> pb.EarlyWarning:
    """One indicator of one feature."""
    return pb.EarlyWarning(
        feature=warning.feature,
        indicator=f"EARLY_WARNING_INDICATOR_{warning.indicator.name}",
        value=warning.value,
        kendall_tau=warning.kendall_tau,
        p_value=warning.p_value,
        undefined_reason=warning.undefined_reason,
    )
