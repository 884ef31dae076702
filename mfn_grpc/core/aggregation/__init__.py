"""Robust aggregation: from the updates of many clients, some of them faulty, to one, and a verdict on each client."""

from mfn_grpc.core.aggregation.aggregate import NUMERICS_VERSION, aggregate
from mfn_grpc.core.aggregation.convenience import aggregate_arrays, aggregate_models
from mfn_grpc.core.aggregation.errors import (
    AggregationFailure,
    NotFinite,
    ScreenedBeyondF,
    TooFewUpdates,
    TooManyChoices,
)
from mfn_grpc.core.aggregation.hands import Hands
from mfn_grpc.core.aggregation.optimizer import ServerOptimizer
from mfn_grpc.core.aggregation.policy import AggregationPolicy, ScreenedConvention, Screens, name_of
from mfn_grpc.core.aggregation.preaggregators.adaptive_clipping import AdaptiveClipping
from mfn_grpc.core.aggregation.preaggregators.base import PreAggregator
from mfn_grpc.core.aggregation.preaggregators.bucketing import Bucketing
from mfn_grpc.core.aggregation.preaggregators.nearest_neighbor_mixing import NearestNeighborMixing
from mfn_grpc.core.aggregation.preaggregators.registry import PRE_AGGREGATORS
from mfn_grpc.core.aggregation.preaggregators.static_clipping import StaticClipping
from mfn_grpc.core.aggregation.results import Aggregation, ClientVerdict, VerdictKind, VerdictReason
from mfn_grpc.core.aggregation.rules.base import Rule
from mfn_grpc.core.aggregation.rules.bulyan import BulyanRule, BulyanSelection
from mfn_grpc.core.aggregation.rules.centered_clipping import CenteredClippingRule
from mfn_grpc.core.aggregation.rules.coordinate_median import CoordinateMedianRule
from mfn_grpc.core.aggregation.rules.covariance_filter import CovarianceFilterRule
from mfn_grpc.core.aggregation.rules.geometric_median import GeometricMedianRule
from mfn_grpc.core.aggregation.rules.hierarchical_krum import HierarchicalKrumRule
from mfn_grpc.core.aggregation.rules.krum import KrumRule
from mfn_grpc.core.aggregation.rules.legacy_hierarchical_krum import LegacyHierarchicalKrumRule
from mfn_grpc.core.aggregation.rules.mean import MeanRule
from mfn_grpc.core.aggregation.rules.mean_around_median import MeanAroundMedianRule
from mfn_grpc.core.aggregation.rules.minimum_diameter import MinimumDiameterRule
from mfn_grpc.core.aggregation.rules.multi_krum import MultiKrumRule
from mfn_grpc.core.aggregation.rules.registry import RULES
from mfn_grpc.core.aggregation.rules.scores import KrumNeighbors
from mfn_grpc.core.aggregation.rules.trimmed_mean import FractionRounding, TrimmedMeanRule
from mfn_grpc.core.aggregation.rules.weighted_mean import WeightedMeanRule
from mfn_grpc.core.aggregation.updates import ArraySource, Source, Update
from mfn_grpc.core.aggregation.warming import warm_up

__all__ = [
    "NUMERICS_VERSION",
    "PRE_AGGREGATORS",
    "RULES",
    "AdaptiveClipping",
    "Aggregation",
    "AggregationFailure",
    "AggregationPolicy",
    "ArraySource",
    "Bucketing",
    "BulyanRule",
    "BulyanSelection",
    "CenteredClippingRule",
    "ClientVerdict",
    "CoordinateMedianRule",
    "CovarianceFilterRule",
    "FractionRounding",
    "GeometricMedianRule",
    "Hands",
    "HierarchicalKrumRule",
    "KrumNeighbors",
    "KrumRule",
    "LegacyHierarchicalKrumRule",
    "MeanAroundMedianRule",
    "MeanRule",
    "MinimumDiameterRule",
    "MultiKrumRule",
    "NearestNeighborMixing",
    "NotFinite",
    "PreAggregator",
    "Rule",
    "ScreenedBeyondF",
    "ScreenedConvention",
    "Screens",
    "ServerOptimizer",
    "Source",
    "StaticClipping",
    "TooFewUpdates",
    "TooManyChoices",
    "TrimmedMeanRule",
    "Update",
    "VerdictKind",
    "VerdictReason",
    "WeightedMeanRule",
    "aggregate",
    "aggregate_arrays",
    "aggregate_models",
    "name_of",
    "warm_up",
]
