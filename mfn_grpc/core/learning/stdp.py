"""Spike-timing-dependent plasticity: how the order of two neurons' spikes changes the weight between them.

A pair with dt = t_post - t_pre changes the weight by A+ exp(-dt / tau+) when dt > 0 and by -A- exp(dt / tau-) when
dt < 0 (Bi & Poo, J. Neurosci. 18:10464, 1998; Song, Miller & Abbott, Nat. Neurosci. 3:919, 2000). A pair at the same
instant has no order and changes nothing. Every pre spike is paired with every post spike.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.learning.checks import check_values, numbers
from mfn_grpc.core.learning.kernels.traces import trace_change
from mfn_grpc.core.limits import Limit, Violation, parameter, refuse, violations_of

# Within these bounds float64 tells spikes 0.2 microseconds apart from each other.
SPIKE_TIME_MS = Limit(-1e9, 1e9, "ms", "time of a spike")
TIME_DIFFERENCE_MS = Limit(-2e9, 2e9, "ms", "time from the pre to the post spike")

_PAIRS_AT_ONCE = 1 << 20
_MOST_AXES = 16


@dataclass(frozen=True)
class StdpParameters:
    """The window of the rule: amplitudes are fractions of the weight's unit, time constants are in ms."""

    amplitude_plus: float = parameter(0.01, 0.001, 0.1, "1", "largest rise, of a pre spike just before a post spike")
    amplitude_minus: float = parameter(0.012, 0.001, 0.1, "1", "largest fall, of a post spike just before a pre spike")
    tau_plus_ms: float = parameter(20.0, 5, 100, "ms", "time constant of the rise")
    tau_minus_ms: float = parameter(20.0, 5, 100, "ms", "time constant of the fall")


DEFAULTS = StdpParameters()


def weight_change(dt_ms: ArrayLike, parameters: StdpParameters = DEFAULTS) -> Array:
    """Weight change of single pairs `dt_ms` = t_post - t_pre apart, float64 of the shape of `dt_ms` (any).

    Between -amplitude_minus and amplitude_plus; 0 at dt = 0. Raises InvalidInput naming every fault.
    """
    faults = violations_of(parameters)
    dt = numbers("dt_ms", dt_ms, 0, _MOST_AXES, faults)
    if dt is not None:
        check_values("dt_ms", dt, TIME_DIFFERENCE_MS, faults)
    refuse(faults)
    return _window(np.asarray(dt), parameters)


def stdp_pairwise(pre_ms: ArrayLike, post_ms: ArrayLike, parameters: StdpParameters = DEFAULTS) -> float:
    """Weight change summed over all pairs of two spike trains [pre], [post]; times in ms, not falling.

    The cost grows with pre x post; `stdp_trace` is the same sum for long trains. 0 when either train is empty.
    Raises InvalidInput naming every fault.
    """
    pre, post = _checked_trains(pre_ms, post_ms, parameters)
    return float(sum(_window(post - earlier[:, None], parameters).sum() for earlier in _blocks(pre, len(post))))


def stdp_trace(pre_ms: ArrayLike, post_ms: ArrayLike, parameters: StdpParameters = DEFAULTS) -> float:
    """The sum of `stdp_pairwise` by two decaying traces, at a cost that grows with pre + post.

    Each neuron leaves a trace that every spike raises by 1 and that decays with its time constant; a spike of the other
    neuron reads it (Morrison, Diesmann & Gerstner, Biol. Cybern. 98:459, 2008, section 4.1). The two forms differ by
    rounding alone. Raises InvalidInput naming every fault.
    """
    pre, post = _checked_trains(pre_ms, post_ms, parameters)
    p = parameters
    change: float = trace_change(pre, post, p.amplitude_plus, p.amplitude_minus, p.tau_plus_ms, p.tau_minus_ms)
    return change


def _window(dt: Array, parameters: StdpParameters) -> Array:
    distance = np.abs(dt)
    rise = parameters.amplitude_plus * np.exp(-distance / parameters.tau_plus_ms)
    fall = parameters.amplitude_minus * np.exp(-distance / parameters.tau_minus_ms)
    return np.where(dt > 0, rise, np.where(dt < 0, -fall, 0.0))


def _blocks(pre: Array, pairs_each: int) -> Iterator[Array]:
    """The spikes of `pre` in blocks whose pairs fit in bounded memory."""
    count = max(1, _PAIRS_AT_ONCE // max(1, pairs_each))
    return (pre[first : first + count] for first in range(0, len(pre), count))


def _checked_trains(pre_ms: ArrayLike, post_ms: ArrayLike, parameters: StdpParameters) -> tuple[Array, Array]:
    faults = violations_of(parameters)
    pre, post = _train("pre_ms", pre_ms, faults), _train("post_ms", post_ms, faults)
    refuse(faults)
    return pre, post


def _train(name: str, times: ArrayLike, faults: list[Violation]) -> Array:
    """A spike train, float64 [spikes]; notes what is wrong with it."""
    train = numbers(name, times, 1, 1, faults)
    if train is None:
        return np.empty(0)
    check_values(name, train, SPIKE_TIME_MS, faults)
    falls = np.flatnonzero(train[1:] < train[:-1]) + 1
    if falls.size:
        later, earlier = train[falls[0]], train[falls[0] - 1]
        text = f"is {later} after {earlier}, must not fall: sort the spikes"
        faults.append(Violation(f"{name}[{falls[0]}]", str(later), text))
    return train
