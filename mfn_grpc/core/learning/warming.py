"""Compiling ahead of time, so that no caller waits for it."""

from mfn_grpc.core.learning.stdp import stdp_trace


def warm_up() -> None:
    """Compile (or load from numba's cache) the kernel of this package.

    A training cycle runs those of simulations, features and exponents as well; their packages compile them.
    """
    stdp_trace([0.0], [1.0])
