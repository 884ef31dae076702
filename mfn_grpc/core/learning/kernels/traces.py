"""Two spike trains merged in order of time, with one decaying trace each."""

import math

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.compiling import jit


@jit
def trace_change(pre: Array, post: Array, rise: float, fall: float, tau_rise: float, tau_fall: float) -> float:
    """Weight change of sorted trains; spikes of one instant read the traces before any of them raises one."""
    i, j, change = 0, 0, 0.0
    pre_trace, post_trace, time = 0.0, 0.0, -math.inf
    while i < pre.size or j < post.size:
        pre_first = j == post.size or (i < pre.size and pre[i] <= post[j])
        now = pre[i] if pre_first else post[j]
        pre_trace *= math.exp((time - now) / tau_rise)
        post_trace *= math.exp((time - now) / tau_fall)
        time = now
        pre_spikes, post_spikes = 0, 0
        while i < pre.size and pre[i] == now:
            pre_spikes += 1
            i += 1
        while j < post.size and post[j] == now:
            post_spikes += 1
            j += 1
        change += post_spikes * rise * pre_trace - pre_spikes * fall * post_trace
        pre_trace += pre_spikes
        post_trace += post_spikes
    return change
