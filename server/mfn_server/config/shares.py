"""What one of several worker processes may take of what the settings allow the whole server."""

import os
from typing import Any

from mfn_server.config.addresses import IN_MEMORY
from mfn_server.config.rates import Rate
from mfn_server.config.settings import Settings

DIVIDED = ("max_running", "max_queued", "max_streams", "max_state_bytes", "max_streams_per_principal")
"""Bounds of the whole server that each process keeps in its own memory."""
LEAST_BYTES = 2**20
LEAST_BUCKETS = 16
COUNTED_HERE = "rate_limit_health"
"""The rate that is never counted in a shared store."""


def share_of(settings: Settings) -> Settings:
    """The settings of one worker: whole-server bounds divided by `workers`, so that all of them together keep them.

    Rates are divided where each process counts for itself, and stay whole where a Redis counts for all.
    """
    count = settings.workers
    if count == 1:
        return settings
    spool = max(LEAST_BYTES, settings.aggregate_spool_bytes // count)
    shares: dict[str, Any] = {
        **{name: getattr(settings, name) // count for name in DIVIDED},
        "compute_threads": settings.compute_threads or max(1, (os.cpu_count() or 1) // count),
        "aggregate_spool_bytes": spool,
        "aggregate_stream_bytes": min(settings.aggregate_stream_bytes, spool),
        "rate_limit_max_principals": max(LEAST_BUCKETS, settings.rate_limit_max_principals // count),
    }
    return settings.model_copy(update=shares | _rates(settings, count))


def _rates(settings: Settings, count: int) -> dict[str, Rate]:
    alone = settings.rate_limit_store.get_secret_value() == IN_MEMORY
    found = {name: getattr(settings, name) for name in type(settings).model_fields if alone or name == COUNTED_HERE}
    return {name: _divided(rate, count) for name, rate in found.items() if isinstance(rate, Rate)}


def _divided(rate: Rate, count: int) -> Rate:
    return Rate(max(1, rate.count // count), rate.period_s, max(1, rate.burst // count))
