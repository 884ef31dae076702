"""All rules, by the names of the message AggregationPolicy."""

from mfn_grpc.core.aggregation.rules.base import Rule
from mfn_grpc.core.aggregation.rules.bulyan import BulyanRule
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
from mfn_grpc.core.aggregation.rules.trimmed_mean import TrimmedMeanRule
from mfn_grpc.core.aggregation.rules.weighted_mean import WeightedMeanRule

RULES: dict[str, type[Rule]] = {
    "mean": MeanRule,
    "weighted_mean": WeightedMeanRule,
    "coordinate_median": CoordinateMedianRule,
    "trimmed_mean": TrimmedMeanRule,
    "krum": KrumRule,
    "multi_krum": MultiKrumRule,
    "bulyan": BulyanRule,
    "geometric_median": GeometricMedianRule,
    "centered_clipping": CenteredClippingRule,
    "mean_around_median": MeanAroundMedianRule,
    "minimum_diameter": MinimumDiameterRule,
    "covariance_filter": CovarianceFilterRule,
    "hierarchical_krum": HierarchicalKrumRule,
    "legacy_hierarchical_krum": LegacyHierarchicalKrumRule,
}
