"""Whether a rate limit held: arithmetic on counts and times, which the speed of the machine does not change."""

import math
from collections.abc import Iterator, Mapping

from benchmarks.load.figures import Outcome, RpcFigures
from benchmarks.load.profiles import GREEDY, MODEST, RATE_LIMITED
from mfn_server.config.rates import Rate

METHOD = "ComputeNernst"
LIMIT = Rate(count=20, period_s=1, burst=20)
"""Of each principal's calls: so little that the greedy ones reach it on any machine, and twice what the modest one
asks at most."""
ROUNDING = 1
"""The call at the very end of the time."""


def most_admitted(rate: Rate, seconds: float) -> int:
    """Calls that a bucket which was full at the beginning can have let through in a time."""
    return rate.burst + math.floor(seconds * rate.count / rate.period_s) + ROUNDING


def overrun(outcome: Outcome, handled: Mapping[str, int], seconds: float) -> list[str]:
    """What does not fit the limit, as sentences.

    Args:
        outcome: What the users saw; its span contains every call, so that more than its bound was never admitted.
        handled: Calls that the server says it ended, by status code.
        seconds: From before the users' first call to after the server was asked.
    """
    seen = {name: figures_of(outcome, name) for name in (*GREEDY, MODEST)}
    return [*_beyond(seen, outcome.span_seconds), *_starved(seen[MODEST]), *_server(seen, handled, seconds)]


def figures_of(outcome: Outcome, principal: str) -> RpcFigures | None:
    """What a principal's calls came to, if there were any."""
    name = f"{METHOD} of {principal}"
    return next((each for each in outcome.whole.rpcs if each.rpc == name), None)


def admissions(outcome: Outcome) -> list[str]:
    """A sentence for each principal: admitted, and the bound."""
    bound = most_admitted(LIMIT, outcome.span_seconds)
    found = {name: figures_of(outcome, name) for name in (*GREEDY, MODEST)}
    return [
        f"{name}: {each.ok:,} admitted, at most {bound:,} allowed in {outcome.span_seconds:.1f} s at {LIMIT}"
        for name, each in found.items()
        if each
    ]


def _beyond(seen: Mapping[str, RpcFigures | None], seconds: float) -> Iterator[str]:
    bound = most_admitted(LIMIT, seconds)
    for name, figures in seen.items():
        if figures is None or not figures.ok:
            yield f"{name} had no call admitted"
        elif figures.ok > bound:
            yield f"{name} had {figures.ok} calls admitted, at most {bound} were allowed in {seconds:.1f} s"
    if not any(figures and RATE_LIMITED in figures.errors for figures in seen.values()):
        yield "nobody was refused: the limit was not reached"


def _starved(modest: RpcFigures | None) -> Iterator[str]:
    """One user who pauses a tenth of a second after each answer stays below the limit, however slow the machine is."""
    if modest is not None and modest.errors:
        yield f"{MODEST} was refused although it stayed below its limit: {dict(modest.errors)}"


def _server(seen: Mapping[str, RpcFigures | None], handled: Mapping[str, int], seconds: float) -> Iterator[str]:
    ok, bound = handled.get("OK", 0), sum(most_admitted(LIMIT, seconds) for _ in seen)
    if ok > bound:
        yield f"the server admitted {ok} calls, at most {bound} were allowed in {seconds:.1f} s"
    answered = sum(figures.ok for figures in seen.values() if figures)
    if answered > ok:
        yield f"callers had {answered} calls answered, the server counts {ok}"
    refused = sum(figures.errors.get(RATE_LIMITED, 0) for figures in seen.values() if figures)
    if refused > handled.get("RESOURCE_EXHAUSTED", 0):
        yield f"callers were refused {refused} times, the server counts {handled.get('RESOURCE_EXHAUSTED', 0)}"
