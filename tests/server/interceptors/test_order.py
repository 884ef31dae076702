"""The order of the interceptors, with its reason."""

from collections.abc import Iterator

import grpc
import pytest

from mfn_grpc.v1 import simulation_pb2
from mfn_server.app import interceptors
from mfn_server.config import load_settings
from mfn_server.embedded import EmbeddedServer
from mfn_server.interceptors.api_key import ApiKeyInterceptor
from mfn_server.interceptors.request_id import RequestIdInterceptor
from tests.server.calling import NERNST, Wire

KEY = "k" * 32
REFLECTION = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"


@pytest.fixture(scope="module")
def target() -> Iterator[str]:
    with EmbeddedServer(api_key=KEY) as server:
        yield server.target


@pytest.fixture
def stranger(target: str) -> Iterator[Wire]:
    """Whoever has no key."""
    wire = Wire(target)
    yield wire
    wire.close()


def test_the_request_id_comes_first_and_the_key_before_all_services() -> None:
    chain = interceptors(load_settings(env="dev", api_key=KEY))
    assert [type(each) for each in chain] == [RequestIdInterceptor, ApiKeyInterceptor]


def test_without_a_key_nobody_is_asked_for_one() -> None:
    assert [type(each) for each in interceptors(load_settings(env="dev"))] == [RequestIdInterceptor]


def test_a_refusal_by_the_key_carries_the_callers_request_id_because_the_id_is_known_by_then(stranger: Wire) -> None:
    refusal = stranger.refusal("ComputeNernst", NERNST, metadata=[("x-request-id", "id-1")])
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")
    assert refusal.request_id == "id-1"
    assert refusal.trailers["x-request-id"] == "id-1"


@pytest.mark.parametrize(
    "name", ["ComputeNernst", "Simulate", "UploadArray", "ListModels", "ExtractFeatures", "Federate", REFLECTION]
)
def test_nothing_can_be_asked_without_the_key_not_even_what_there_is(stranger: Wire, name: str) -> None:
    refusal = stranger.refusal(name, b"")
    assert (refusal.code, refusal.reason) == (grpc.StatusCode.UNAUTHENTICATED, "CREDENTIALS_MISSING")


def test_a_stranger_does_not_learn_which_methods_exist(stranger: Wire) -> None:
    refusal = stranger.refusal("/mfn.v1.NoSuchService/NoSuchMethod", b"")
    assert refusal.code in {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.UNIMPLEMENTED}


@pytest.mark.parametrize("key", ["K" * 32, KEY[:-1], KEY + "k", "", " " + KEY, "k" * 5000])
def test_a_wrong_key_is_refused(target: str, key: str) -> None:
    wire = Wire(target)
    refusal = wire.refusal("ComputeNernst", NERNST, metadata=[("x-api-key", key)])
    wire.close()
    assert refusal.code is grpc.StatusCode.UNAUTHENTICATED
    assert refusal.reason == "CREDENTIALS_INVALID"


def test_with_the_key_calls_are_answered(target: str) -> None:
    wire = Wire(target, KEY)
    assert wire.answer("ComputeNernst", NERNST).potential_mv == pytest.approx(-89.06, abs=0.005)
    wire.close()


def test_health_needs_no_key_because_probes_have_none(stranger: Wire) -> None:
    (answer,) = stranger.open("/grpc.health.v1.Health/Check", [b"\x0a\x08liveness"])
    assert answer == b"\x08\x01"  # SERVING


def test_two_holders_of_different_keys_are_different_principals() -> None:
    ours, theirs = ApiKeyInterceptor("a" * 32), ApiKeyInterceptor("b" * 32)
    assert ours._principal != theirs._principal
    assert "a" * 8 not in ours._principal


def test_a_resume_token_of_one_key_is_foreign_to_another(target: str) -> None:
    spec = simulation_pb2.SimulationSpec(
        steps=2, gray_scott=simulation_pb2.GrayScottModel(), grid=simulation_pb2.Grid(shape=[8, 8])
    )
    owner = Wire(target, KEY)
    answers = list(owner.stream("Simulate", simulation_pb2.SimulateRequest(spec=spec, frame_stride=1)))
    token = answers[1].frame.resume_token
    owner.close()
    assert token
    with EmbeddedServer(api_key="o" * 32) as server:
        other = Wire(server.target, "o" * 32)
        refusal = other.refusal("Simulate", simulation_pb2.SimulateRequest(spec=spec, resume_token=token))
        other.close()
    assert refusal.reason == "RESUME_TOKEN_INVALID"  # sealed with the other process's own token key
