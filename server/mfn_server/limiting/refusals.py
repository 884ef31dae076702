"""How a caller is told of a limit that it has reached."""

import math

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.limiting.buckets import Bucket, Level
from mfn_server.limiting.subjects import SHOWN

STREAM_RETRY_S = 5.0
"""Nobody knows when a stream ends."""


def limited(bucket: Bucket, subject: str, asked: int, level: Level) -> Fault:
    """The refusal of a call that asked for more than the bucket of the subject holds now."""
    rate, retry_s = bucket.rate, _at_least_ms(level.retry_s)
    shown = subject[:SHOWN]
    text = (
        f"{shown} is limited to {rate.count} {bucket.unit} in {rate.period_s} s and {rate.burst} at once; "
        f"this call asks for {asked}, {level.remaining} are left; try again in {retry_s:.3g} s"
    )
    return Fault(reasons.ERROR_REASON_RATE_LIMITED, text, retry_after_s=retry_s, limit=f"{shown}/{bucket.name}")


def too_many_streams(subject: str, most: int) -> Fault:
    """The refusal of one more stream."""
    shown = subject[:SHOWN]
    text = f"{shown} has {most} streams open, the most at a time; close one, or try again in {STREAM_RETRY_S:g} s"
    return Fault(reasons.ERROR_REASON_RATE_LIMITED, text, retry_after_s=STREAM_RETRY_S, limit=f"{shown}/streams")


def _at_least_ms(retry_s: float) -> float:
    """Rounded up, as callers are told whole milliseconds and must not come back too early."""
    return (math.ceil(retry_s * 1000) + 1) / 1000
