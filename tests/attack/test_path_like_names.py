"""Names that look like paths: nothing outside the state directory is touched, and nothing in it is named by them."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

from mfn_grpc.v1 import features_pb2, federation_pb2
from mfn_server.embedded import EmbeddedServer
from tests.server.calling import Wire, refusal_of
from tests.server.services.federations import ONE_ID, new_key

NAMES = [
    "../escaped", "..", ".", "/tmp/escaped", "a/../../escaped", "a\0b", "..\\escaped", "%2e%2e%2fescaped",
    "．．／escaped", "\u202egpj.escaped", "con\u2044escaped", "~", "$HOME", "a" * 300, "escaped\n", "", " ", "-rf",
]  # fmt: skip
CREATE, ENROL = federation_pb2.CreateFederationRequest, federation_pb2.EnrolParticipantRequest
REFUSED = {"INVALID_FIELD", "RESOURCE_NOT_FOUND", "ARRAY_NOT_FOUND", "MALFORMED_REQUEST"}


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A directory that holds the state and, beside it, what is none of the server's business."""
    (tmp_path / "state").mkdir()
    (tmp_path / "escaped").write_text("mine", encoding="utf-8")
    return tmp_path


@pytest.fixture
def wire(place: Path) -> Iterator[Wire]:
    with EmbeddedServer(compute_threads=1, state_dir=place / "state") as server:
        caller = Wire(server.target, server.api_key)
        yield caller
        caller.close()


def outside(place: Path) -> dict[str, str]:
    """What lies around the state directory, with its contents."""
    return {path.name: path.read_text(encoding="utf-8") for path in place.iterdir() if path.is_file()}


def reasons(wire: Wire, name: str) -> Iterator[str]:
    """How each method that takes a name of the caller's takes this one."""
    federation = f"federations/{name}"
    for method, request in (
        ("CreateFederation", CREATE(federation_id=name, request_id=ONE_ID)),
        ("EnrolParticipant", ENROL(parent="federations/real", participant_id=name, public_key=new_key())),
        ("EnrolParticipant", ENROL(parent=federation, participant_id="ada", public_key=new_key())),
        ("GetFederation", federation_pb2.GetFederationRequest(name=federation)),
        ("DeleteFederation", federation_pb2.DeleteFederationRequest(name=federation)),
        ("ListRounds", federation_pb2.ListRoundsRequest(parent=federation)),
        ("ExtractFeatures", features_pb2.ExtractFeaturesRequest(array_ref=f"arrays/{name}")),
        ("ExtractFeatures", features_pb2.ExtractFeaturesRequest(array_ref=name)),
    ):
        try:
            wire.answer(method, request)
            yield "taken"
        except grpc.RpcError as error:
            yield refusal_of(error).reason


def test_no_name_leaves_the_state_directory(place: Path, wire: Wire) -> None:
    wire.answer("CreateFederation", CREATE(federation_id="real", request_id=ONE_ID))
    surroundings, beside = outside(place), set(place.parent.iterdir())
    inside = {path.name for path in (place / "state").rglob("*")}
    found = {name: set(reasons(wire, name)) for name in NAMES}
    assert outside(place) == surroundings
    assert set(place.iterdir()) == {place / "state", place / "escaped"}
    assert set(place.parent.iterdir()) == beside
    assert {name: how - REFUSED for name, how in found.items() if name and how - REFUSED} == {}
    new = {path.name for path in (place / "state").rglob("*")} - inside
    assert not [name for name in new if any(bad and bad in name for bad in NAMES if len(bad) > 2)]
