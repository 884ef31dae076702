"""How many participants a round needs so that its rule can bear the f that its policy allows for."""

from mfn_grpc.core.aggregation import AggregationPolicy

MOST_PARTICIPANTS = 10_000
LEAST_DEFAULT = 2


def suffices(policy: AggregationPolicy, n: int) -> bool:
    """Whether n sound updates are enough for the rule."""
    return policy.needed(policy.f(n), n) == n


def next_sufficient(policy: AggregationPolicy, n: int) -> int | None:
    """The least number from n on that is enough; None when none is."""
    return next((count for count in range(n, MOST_PARTICIPANTS + 1) if suffices(policy, count)), None)


def default_quorum(policy: AggregationPolicy) -> int | None:
    """The least number, at least 2, from which on every number is enough; None when none is enough.

    Where f is a share and the rule bears barely as much, f may rise one participant before the rule can bear it: then a
    number may be enough and the next one not. Where that never ends it is the least number that is enough by itself.
    """
    least = next_sufficient(policy, LEAST_DEFAULT)
    if least is None or isinstance(policy.faulty, int):
        return least
    insufficient = (n for n in range(MOST_PARTICIPANTS, least, -1) if not suffices(policy, n))
    last = next(insufficient, least - 1)
    return least if last == MOST_PARTICIPANTS else last + 1
