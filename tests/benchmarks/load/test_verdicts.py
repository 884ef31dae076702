from benchmarks.load.profiles import MIX, PROFILES
from benchmarks.load.verdicts import complaints
from tests.benchmarks.load.recorded import outcome, rpc, stage

ALL = [rpc(share.rpc, 5) for share in MIX]
STEADY, SPIKE, STRESS = (PROFILES[name] for name in ("steady", "spike", "stress"))


def test_a_run_in_which_every_kind_of_user_succeeded_is_as_it_should_be() -> None:
    assert complaints(STEADY, outcome(stage(*ALL)), external=False) == []


def test_a_kind_of_user_that_never_succeeded_is_named() -> None:
    assert complaints(STEADY, outcome(stage(*ALL[1:])), external=False) == [f"no call of {MIX[0].rpc} succeeded"]


def test_an_overload_is_tolerated_in_a_spike_and_not_after_it() -> None:
    calm, overloaded = stage(*ALL), stage(*ALL, rpc("Simulate", 1, {"OVERLOADED": 3}))
    assert complaints(SPIKE, outcome(calm, overloaded, calm), external=False) == []
    (fault,) = complaints(SPIKE, outcome(calm, overloaded, overloaded), external=False)
    assert fault == "after: Simulate (unary) failed 3 times with OVERLOADED"


def test_any_other_failure_is_a_fault_in_every_stage() -> None:
    wrong = stage(*ALL, rpc("Simulate", 1, {"INTERNAL": 1}))
    assert len(complaints(STRESS, outcome(wrong), external=False)) == 1


def test_rate_limits_may_be_reached_on_somebody_elses_server_alone() -> None:
    limited = outcome(stage(*ALL, rpc("Simulate", 1, {"RATE_LIMITED": 1})))
    assert complaints(STEADY, limited, external=True) == []
    assert len(complaints(STEADY, limited, external=False)) == 1


def test_breaking_with_the_fewest_users_is_a_fault_and_with_more_is_not() -> None:
    first, second = stage(*ALL), stage(*ALL)
    assert complaints(STRESS, outcome(first, second, broken="slow"), external=False) == []
    assert len(complaints(STRESS, outcome(first, broken="slow"), external=False)) == 1


def test_a_fault_of_the_users_own_code_is_told() -> None:
    assert "KeyError" in complaints(STEADY, outcome(stage(*ALL), faults={"KeyError": 2}), external=False)[0]
