"""The 18 features of a field and its history: from an array, from a stream of fields, or beside a simulation."""

from mfn_grpc.core.features.extract import extract_features
from mfn_grpc.core.features.history import History
from mfn_grpc.core.features.measure import measure
from mfn_grpc.core.features.results import FEATURE_NAMES, Features, Measured, Undefined
from mfn_grpc.core.features.stream import FeatureStream
from mfn_grpc.core.features.thresholds import Thresholds
from mfn_grpc.core.features.warming import warm_up

__all__ = [
    "FEATURE_NAMES",
    "FeatureStream",
    "Features",
    "History",
    "Measured",
    "Thresholds",
    "Undefined",
    "extract_features",
    "measure",
    "warm_up",
]
