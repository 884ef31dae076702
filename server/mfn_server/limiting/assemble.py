"""The limits of a server from its settings."""

from mfn_server.config.addresses import IN_MEMORY
from mfn_server.config.rates import Rate, Rates
from mfn_server.limiting.buckets import Bucket, Buckets
from mfn_server.limiting.costs import Resource
from mfn_server.limiting.failing import Guarded
from mfn_server.limiting.limiter import Limiter, Limits
from mfn_server.limiting.memory import MemoryBuckets
from mfn_server.limiting.outcomes import LimitOutcomes, Uncounted
from mfn_server.limiting.shared import RedisBuckets
from mfn_server.limiting.streams import Streams
from mfn_server.rpc.methods import MethodClass

UNITS = {Resource.CELL_STEPS: "cell-steps", Resource.BYTES: "bytes sent", Resource.CLIENTS: "updates to aggregate"}


def limiter(settings: Rates, outcomes: LimitOutcomes | None = None) -> Limiter | None:
    """All limits; None where rates are not limited."""
    if not settings.rate_limit_enabled:
        return None
    principals, peers = _stores(settings)
    streams = Streams(settings.max_streams_per_principal)
    return Limiter(limits_of(settings), principals, peers, streams, Uncounted() if outcomes is None else outcomes)


def limits_of(settings: Rates) -> Limits:
    """The kinds of buckets that the settings describe."""
    return Limits(
        classes={name: Bucket(name, f"{name} calls", _rate(settings, name)) for name in MethodClass},
        resources={name: Bucket(name, UNITS[name], _rate(settings, name)) for name in Resource},
        everybody=Bucket("global", "calls of all callers together", settings.rate_limit_global),
    )


def _rate(settings: Rates, name: str) -> Rate:
    rate: Rate = getattr(settings, f"rate_limit_{name}")
    return rate


def _stores(settings: Rates) -> tuple[Buckets, Buckets]:
    """Where buckets of principals and of peers are kept; health answers whether or not a Redis does."""
    url, most = settings.rate_limit_store.get_secret_value(), settings.rate_limit_max_principals
    peers = MemoryBuckets(most)
    if url == IN_MEMORY:
        return MemoryBuckets(most), peers
    return Guarded(RedisBuckets(url), settings.rate_limit_store_failure), peers
