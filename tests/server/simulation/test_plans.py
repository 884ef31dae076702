"""What the contract knows but this server does not offer is refused last, and all of it at once."""

from pathlib import Path

import pytest

from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.simulation.plans import Planner
from mfn_server.simulation.tokens import Tokens
from mfn_server.simulation.uploads import ArrayStore
from tests.server.specs import spec


@pytest.fixture
def planner(tmp_path: Path) -> Planner:
    return Planner(ArrayStore(tmp_path, quota_bytes=2**20, ttl_s=60), Tokens(b"k" * 32))


def test_every_option_that_is_not_offered_is_named(planner: Planner) -> None:
    with pytest.raises(Fault) as caught:
        planner.streamed(pb.SimulateRequest(spec=spec(stepper=pb.STEPPER_RK4, dt=0.1), with_features=True), "alice")
    assert caught.value.reason == reasons.ERROR_REASON_NOT_IMPLEMENTED
    assert "RK4" in caught.value.message
    assert "with_features" in caught.value.message


def test_what_is_wrong_goes_before_what_is_not_offered(planner: Planner) -> None:
    with pytest.raises(InvalidInput) as caught:
        planner.unary(pb.RunSimulationRequest(spec=spec(steps=0), with_features=True), "alice")
    assert [violation.field for violation in caught.value.violations] == ["spec.steps"]


def test_features_options_without_features_are_a_fault(planner: Planner) -> None:
    request = pb.SimulateRequest(spec=spec(steps=0))
    request.feature_options.species = "u"
    with pytest.raises(InvalidInput) as caught:
        planner.streamed(request, "alice")
    assert {violation.field for violation in caught.value.violations} == {"spec.steps", "feature_options"}
