"""Which aggregations idle threads help with: those whose rules gain by it."""

from mfn_grpc.core.aggregation import AggregationPolicy, Hands, TrimmedMeanRule
from mfn_grpc.core.aggregation.hands import ALONE
from mfn_grpc.core.aggregation.stages import needs_geometry
from mfn_server.slices import Helped


def help_for(policy: AggregationPolicy, threads: int) -> Helped | None:
    """Helpers among so many threads; None where one thread is as good.

    Distances and trimmed means are worth it. What reading and screening leave of a median or a mean is not.
    """
    pays = needs_geometry(policy) or isinstance(policy.rule, TrimmedMeanRule)
    return Helped() if pays and threads > 1 else None


def hands_of(helped: Helped | None, threads: int) -> Hands:
    """Who works on the blocks of an aggregation that is helped like this, by at most so many threads."""
    return ALONE if helped is None else Hands(threads, helped.share)
