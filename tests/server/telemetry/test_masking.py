"""What of a request stands in a log."""

import pytest
from google.protobuf.descriptor import FieldDescriptor

from mfn_grpc.v1 import federation_pb2, simulation_pb2
from mfn_server.telemetry.masking import MASKED, bodies_of, hide, is_secret, masked, parameters_of
from tests.server.calling import METHODS, NERNST


def test_numbers_and_short_texts_stand_by_their_fields_names() -> None:
    assert parameters_of(NERNST) == {
        "z_valence": 1,
        "concentration_out_molar": 0.005,
        "concentration_in_molar": 0.14,
    }


def test_bytes_stand_by_their_length_and_tokens_not_at_all() -> None:
    grid = simulation_pb2.Grid(shape=[8, 8])
    spec = simulation_pb2.SimulationSpec(steps=2, grid=grid, precision="PRECISION_FLOAT32")
    spec.initial_array.data = b"\0" * 512
    request = simulation_pb2.SimulateRequest(spec=spec, resume_token=b"secret")
    assert parameters_of(request) == {
        "spec": {
            "grid": {"shape": [8, 8]},
            "steps": 2,
            "precision": "PRECISION_FLOAT32",
            "initial_array": {"data": "512 bytes"},
        },
        "resume_token": MASKED,
    }


def test_long_lists_and_texts_are_cut_and_deep_messages_summed_up() -> None:
    request = federation_pb2.UploadModelRequest()
    for number in range(20):
        request.begin.manifest.tensors.add(name="n" * 100, shape=[number + 1])
    (*first, more) = parameters_of(request)["begin"]["manifest"]["tensors"]
    assert (len(first), more) == (8, "12 more")
    assert first[0] == {"name": "n" * 64 + "...", "shape": [1]}
    assert len(bodies_of(request)["begin"]["manifest"]["tensors"]) == 20
    policy = federation_pb2.FederationPolicy()
    policy.aggregation.pre_aggregators.add().bucketing.size = 3
    created = parameters_of(federation_pb2.CreateFederationRequest(policy=policy))
    assert created["policy"]["aggregation"]["pre_aggregators"] == [{"bucketing": "2 bytes"}]


def test_what_a_policy_tells_training_code_under_a_secret_name_is_masked() -> None:
    policy = federation_pb2.FederationPolicy()
    policy.config["lr"].double_value = 0.5
    policy.config["storage_token"].string_value = "abc"
    shown = parameters_of(federation_pb2.CreateFederationRequest(policy=policy))
    assert shown["policy"]["config"] == {"lr": {"double_value": 0.5}, "storage_token": MASKED}


def test_no_field_of_the_contract_that_is_secret_is_told() -> None:
    found = {field.name for method in METHODS.values() for field in _fields(method.input_type, set())}
    assert {name for name in found if is_secret(name)} == {"resume_token", "page_token", "public_key", "signature"}


@pytest.mark.parametrize(
    ("name", "secret"),
    [("api_key", True), ("x-api-key", True), ("grpc.token", True), ("key_id", False), ("monkey", False)],
)
def test_whole_words_make_a_name_secret(name: str, secret: bool) -> None:
    assert is_secret(name) is secret


def test_values_of_every_kind_are_masked_by_name_and_bytes_by_length() -> None:
    given = {"token": "t", "data": b"123", "list": [{"secret": 1}, b"12"], "message": NERNST}
    assert masked(given) == {
        "token": MASKED,
        "data": "3 bytes",
        "list": [{"secret": MASKED}, "2 bytes"],
        "message": parameters_of(NERNST),
    }


def test_a_known_secret_is_found_wherever_it_stands() -> None:
    given = {"a": ["x hush-hush y", {"hush-hush": 1}], "b": 2}
    assert hide(given, ["hush-hush"]) == {"a": [f"x {MASKED} y", {MASKED: 1}], "b": 2}


def _fields(message: object, seen: set[str]) -> list[FieldDescriptor]:
    found: list[FieldDescriptor] = []
    for field in message.fields:  # type: ignore[attr-defined]  # a descriptor
        found.append(field)
        inner = field.message_type
        if inner is not None and not inner.GetOptions().map_entry and inner.full_name not in seen:
            found += _fields(inner, seen | {inner.full_name})
    return found
