"""From updates to a rule that is ready: the geometry where anybody needs it, and the pre-aggregators in their order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from mfn_grpc.core.aggregation.blocks import Reader
from mfn_grpc.core.aggregation.geometry import UNMEASURED
from mfn_grpc.core.aggregation.hands import ALONE, Hands
from mfn_grpc.core.aggregation.measuring import measure, remeasure
from mfn_grpc.core.aggregation.policy import AggregationPolicy
from mfn_grpc.core.aggregation.preaggregators.base import LinearMap, Looks, Mixing
from mfn_grpc.core.aggregation.rules.base import Prepared, Seen
from mfn_grpc.core.aggregation.screening import Screened
from mfn_grpc.core.aggregation.updates import Source
from mfn_grpc.core.pieces import Pieces


@dataclass(frozen=True)
class Ready:
    """The maps of all pre-aggregators, in order, and the rule prepared for what they make."""

    links: tuple[LinearMap, ...]
    rule: Prepared


@dataclass(frozen=True)
class Columns:
    """The updates that passed the screens, `size` elements each, and the centre where the rule starts from one."""

    screened: Screened
    size: int
    centre: Source | None

    def reader(self, links: Sequence[LinearMap] = ()) -> Reader:
        """Reads them as rows, the centre last; through `links`, which leave the centre alone."""
        sources = [update.source for update in self.screened.passed]
        if self.centre is None:
            return Reader(sources, self.screened.dtype, links)
        return Reader(sources, np.dtype(np.float64), links, [self.centre])


def prepare(
    columns: Columns, policy: AggregationPolicy, f: int, round_number: int, hands: Hands = ALONE
) -> Pieces[Ready]:
    """Measure what is needed and find all maps."""
    screened, links = columns.screened, list[LinearMap]()
    weights = np.array([update.weight for update in screened.passed])
    centred = columns.centre is not None
    seen = Seen(len(weights), f, round_number, weights, screened.norms, centred=centred, hands=hands)
    if needs_geometry(policy):
        geometry = yield from measure(columns.reader(), columns.size, screened.norms, hands)
        seen = replace(seen, geometry=geometry)
    for k, step in enumerate(policy.pre_aggregators):
        links.append((yield from step.prepare(seen)))
        seen = _behind(links[-1], seen, measured=_looked_at(policy, k + 1))
        yield
        if _distances_follow(policy, k + 1):
            yield from remeasure(seen.geometry, columns.reader(links), columns.size)
    return Ready(tuple(links), (yield from policy.rule.prepare(seen)))


def needs_geometry(policy: AggregationPolicy) -> bool:
    """Whether distances are needed, or norms behind a mixing, which follow from them."""
    mixed = False
    for step in policy.pre_aggregators:
        if step.looks is Looks.DISTANCES or (mixed and step.looks is Looks.NORMS):
            return True
        mixed |= step.mixes
    return policy.rule.geometric


def _distances_follow(policy: AggregationPolicy, after: int) -> bool:
    return policy.rule.geometric or any(step.looks is Looks.DISTANCES for step in policy.pre_aggregators[after:])


def _looked_at(policy: AggregationPolicy, after: int) -> bool:
    """Whether anything that follows looks at norms or distances."""
    looking = [step for step in policy.pre_aggregators[after:] if step.looks is not Looks.NOTHING]
    return policy.rule.geometric or bool(looking)


def _behind(link: LinearMap, seen: Seen, *, measured: bool) -> Seen:
    """What is seen behind a map; its geometry if it is `measured`."""
    geometry = seen.geometry.mapped(link.matrix, link.rest) if measured and seen.geometry.n else UNMEASURED
    norms = geometry.norms if isinstance(link, Mixing) else seen.norms * link.factors
    return replace(seen, n=len(link.rest), weights=link.weights(seen.weights), norms=norms, geometry=geometry)
