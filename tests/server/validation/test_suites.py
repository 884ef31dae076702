"""What a suite is admitted with covers what its checks hold."""

import tracemalloc

import pytest

from mfn_grpc.core.pieces import finish
from mfn_grpc.core.validation import CheckSpec, Suite, checks_of, run_check
from mfn_server.validation.suites import CHECK_BYTES, LARGE_CHECK_BYTES, WITH_LARGE_CHECKS


def peak(spec: CheckSpec) -> int:
    """Bytes that a check holds at most."""
    tracemalloc.start()
    try:
        finish(run_check(spec, 0))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suite", [Suite.QUICK, Suite.FRACTAL])
def test_no_check_holds_more_than_its_suite_is_admitted_with(suite: Suite) -> None:
    most = LARGE_CHECK_BYTES if suite in WITH_LARGE_CHECKS else CHECK_BYTES
    assert [spec.name for spec in checks_of(suite) if peak(spec) > most] == []
