from mfn_grpc.core.learning import stdp_trace, warm_up
from mfn_grpc.core.learning.kernels.traces import trace_change


def test_after_warming_up_no_train_waits_for_the_compiler() -> None:
    warm_up()
    compiled = list(trace_change.signatures)  # type: ignore[attr-defined] # a numba dispatcher
    assert compiled
    stdp_trace([1, 2], [0.5])
    stdp_trace([], [])
    assert list(trace_change.signatures) == compiled  # type: ignore[attr-defined] # a numba dispatcher
