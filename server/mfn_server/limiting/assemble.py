"""The limits of a server from its settings."""

from functools import partial

from mfn_server.config.addresses import IN_MEMORY, store_url
from mfn_server.config.packages import needed
from mfn_server.config.rates import Rate, Rates
from mfn_server.limiting.buckets import Bucket, Buckets
from mfn_server.limiting.costs import Resource
from mfn_server.limiting.failing import Guarded
from mfn_server.limiting.limiter import Limiter, Limits
from mfn_server.limiting.memory import MemoryBuckets
from mfn_server.limiting.outcomes import LimitOutcomes, Uncounted
from mfn_server.limiting.replacing import Replaceable
from mfn_server.limiting.shared import RedisBuckets, require_answer
from mfn_server.limiting.streams import Streams
from mfn_server.rpc.methods import MethodClass
from mfn_server.secrets.judge import Judge
from mfn_server.secrets.watch_list import WatchList

UNITS = {Resource.CELL_STEPS: "cell-steps", Resource.BYTES: "bytes sent", Resource.CLIENTS: "updates to aggregate"}


def limiter(
    settings: Rates, outcomes: LimitOutcomes | None = None, watching: WatchList | None = None
) -> Limiter | None:
    """All limits; None where rates are not limited. watching: has the store exchanged when its URL is another."""
    if not settings.rate_limit_enabled:
        return None
    principals, peers = _stores(settings, watching or WatchList())
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


def _stores(settings: Rates, watching: WatchList) -> tuple[Buckets, Buckets]:
    """Where buckets of principals and of peers are kept; health answers whether or not a Redis does."""
    url = settings.rate_limit_store
    principals = Replaceable(partial(_store, settings), url.get_secret_value())
    watching.secret(url, _Accepted(watching.judge), setting="rate_limit_store", on_reload=principals.use)
    return principals, MemoryBuckets(settings.rate_limit_max_principals)


def _store(settings: Rates, url: str) -> Buckets:
    if url == IN_MEMORY:
        return MemoryBuckets(settings.rate_limit_max_principals)
    return Guarded(RedisBuckets(url), settings.rate_limit_store_failure)


class _Accepted:
    """Judges the URLs of stores: every one but the first, which a start does not wait for, must answer."""

    def __init__(self, judge: Judge) -> None:
        self._judge, self._started = judge, False

    def __call__(self, url: str) -> str:
        """The URL; raises ValueError, which does not repeat it."""
        parts = store_url(url)
        self._judge.refuse_made_up([parts.password] if parts.password else [])
        if self._started and url != IN_MEMORY:
            needed("redis", extra="redis")
            require_answer(url)
        self._started = True
        return url
