"""All pre-aggregators, by the names of the message PreAggregator."""

from mfn_grpc.core.aggregation.preaggregators.adaptive_clipping import AdaptiveClipping
from mfn_grpc.core.aggregation.preaggregators.base import PreAggregator
from mfn_grpc.core.aggregation.preaggregators.bucketing import Bucketing
from mfn_grpc.core.aggregation.preaggregators.nearest_neighbor_mixing import NearestNeighborMixing
from mfn_grpc.core.aggregation.preaggregators.static_clipping import StaticClipping

PRE_AGGREGATORS: dict[str, type[PreAggregator]] = {
    "nearest_neighbor_mixing": NearestNeighborMixing,
    "bucketing": Bucketing,
    "static_clipping": StaticClipping,
    "adaptive_clipping": AdaptiveClipping,
}
