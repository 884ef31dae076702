"""Taking part, from joining to the end, when nothing goes wrong."""

import math
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_client import InsecureCredentials, ModelRef
from mfn_client.federated import (
    Acknowledgement,
    participate,
    participate_async,
    read_acknowledgements,
    save_key,
)
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from tests.client.federated.fake_server import FakeServer
from tests.client.federated.taking_part import ALICE, KEYS, acknowledged, federation, model, one_more, take_part


def test_a_model_is_trained_round_after_round_to_the_end() -> None:
    with federation(rounds=3) as (target, fake):
        result = take_part(target)
        final = fake.federation.arrays()
    for name, values in model().items():
        np.testing.assert_allclose(final[name], values + 6, rtol=1e-6)  # 1 + 2 + 3, rounded to float32
    assert (result.reason, result.federation_uid, result.rounds) == ("max_rounds", "uid-1", (1, 2, 3))
    last = fake.federation.model
    assert result.model == ModelRef(last.federation_uid, 3, last.sha256)
    assert result.best_model is not None
    assert result.best_model.version == 0


def test_what_is_acknowledged_is_what_the_server_counted_and_is_told_before_the_end() -> None:
    told: list[Acknowledgement] = []
    with federation(rounds=3) as (target, fake):
        result = take_part(target, record=told.append)
        claims = [pb.UpdateClaim.FromString(claim) for _, _, claim in fake.federation.claims]
    assert acknowledged(result) == [(claim.round, claim.payload_sha256) for claim in claims]
    assert tuple(told) == result.acknowledgements


def test_acknowledgements_may_go_to_a_file(tmp_path: Path) -> None:
    with federation(rounds=2) as (target, _):
        result = take_part(target, record=tmp_path / "acks")
    assert tuple(read_acknowledgements(tmp_path / "acks")) == result.acknowledgements


def test_training_code_gets_the_config_and_what_its_task_is_about() -> None:
    seen: list[Any] = []

    def fit(arrays: dict[str, Any], config: Any) -> Any:
        seen.append((dict(config), config.round, config.model.version, config.seconds_left))
        return one_more(arrays, config)

    values = {
        "rate": pb.ConfigValue(double_value=0.5),
        "batch": pb.ConfigValue(int_value=32),
        "note": pb.ConfigValue(string_value="x"),
        "fast": pb.ConfigValue(bool_value=True),
    }
    with federation(rounds=2, config=values) as (target, _):
        take_part(target, fit)
    config = {"batch": 32, "fast": True, "note": "x", "rate": 0.5}
    assert seen == [(config, 1, 0, None), (config, 2, 1, None)]


def test_training_code_runs_on_the_calling_thread_and_on_asyncio_beside_it() -> None:
    threads: list[threading.Thread] = []

    def fit(arrays: dict[str, Any], config: Any) -> Any:
        threads.append(threading.current_thread())
        return one_more(arrays, config)

    with federation() as (target, _):
        take_part(target, fit)
    assert threads == [threading.main_thread()]


async def test_the_asynchronous_face_does_the_same() -> None:
    threads: list[threading.Thread] = []

    def fit(arrays: dict[str, Any], config: Any) -> Any:
        threads.append(threading.current_thread())
        return one_more(arrays, config)

    with federation(rounds=2) as (target, _):
        result = await participate_async(target, "federations/digits", fit, name=ALICE, key=KEYS["alice"])
    assert result.rounds == (1, 2)
    assert len(set(threads)) == 1
    assert threads[0] is not threading.main_thread()


async def test_participants_wait_for_each_other() -> None:
    with federation(rounds=2, names="alice bob") as (target, fake):
        results: dict[str, Any] = {}

        def one(name: str) -> None:
            results[name] = take_part(target, name=name)

        others = [threading.Thread(target=one, args=(name,)) for name in ("alice", "bob")]
        for each in others:
            each.start()
        for each in others:
            each.join()
    assert {name: result.rounds for name, result in results.items()} == {"alice": (1, 2), "bob": (1, 2)}
    assert len(fake.federation.updates) == 4


def test_joining_says_what_the_participant_can_do() -> None:
    with federation() as (target, fake):
        take_part(target)
    (join,) = fake.joins
    assert join.participant == ALICE
    assert not join.capabilities.can_evaluate
    assert ElementType.ELEMENT_TYPE_INT8 in join.capabilities.element_types
    assert join.capabilities.client.startswith("mfn-client")


def test_published_models_are_evaluated_where_evaluation_is_offered() -> None:
    def evaluate(arrays: dict[str, Any], config: Any) -> Any:
        return 11, {"loss": float(arrays["b"][0]), "round": config.round}

    with federation(rounds=2) as (target, fake):
        fake.federation.evaluates = True
        take_part(target, evaluate=evaluate)
        report = fake.federation.reports[ALICE]
    assert fake.joins[0].capabilities.can_evaluate
    assert (report.round, report.model, report.num_examples) == (2, fake.federation.model, 11)
    assert dict(report.metrics) == {"loss": 4.0, "round": 2.0}


@pytest.mark.parametrize("kind", [pb.UPDATE_KIND_DELTA, pb.UPDATE_KIND_WEIGHTS])
def test_differences_and_weights_come_to_the_same(kind: pb.UpdateKind) -> None:
    with federation(update_kind=kind) as (target, fake):
        take_part(target)
        np.testing.assert_array_equal(fake.federation.arrays()["b"], model()["b"] + 1)


def test_updates_travel_in_the_type_that_the_policy_wants() -> None:
    with federation(update_element_type=ElementType.ELEMENT_TYPE_INT8) as (target, fake):
        take_part(target)
        (upload,) = fake.federation.uploads.values()
        np.testing.assert_allclose(fake.federation.arrays()["b"], model()["b"] + 1, rtol=1e-12)  # 127 steps make it
    assert {tensor.element_type for tensor in upload.manifest.tensors} == {ElementType.ELEMENT_TYPE_INT8}


def test_a_model_above_the_memory_allowed_is_mapped_from_files(tmp_path: Path) -> None:
    kinds: list[type] = []

    def fit(arrays: dict[str, Any], config: Any) -> Any:
        base = arrays["w"]
        while isinstance(base.base, np.ndarray):
            base = base.base
        kinds.append(type(base))
        arrays["w"] += 1
        return arrays, 1, {}

    with federation(200_000, rounds=2) as (target, fake):
        take_part(target, fit, memory_bytes=1000, cache=tmp_path)
        np.testing.assert_allclose(fake.federation.arrays()["w"], model(200_000)["w"] + 2, rtol=1e-6)
    assert kinds == [np.memmap, np.memmap]


def test_the_key_may_be_a_file(tmp_path: Path) -> None:
    save_key(KEYS["alice"], tmp_path / "alice.pem")
    with federation() as (target, _):
        assert participate(target, "digits", one_more, name="alice", key=tmp_path / "alice.pem").rounds == (1,)


async def test_taking_part_works_where_an_event_loop_runs() -> None:
    with federation() as (target, _):
        assert take_part(target).rounds == (1,)


def beating(fake: FakeServer, seen: threading.Event) -> None:
    """Sets the event when the second heartbeat has come."""
    fake.wrong.hooks.append(lambda _, __: seen.set() if fake.federation.heartbeats >= 2 else None)


def test_heartbeats_go_on_while_training_computes() -> None:
    seen = threading.Event()

    def fit(arrays: dict[str, Any], config: Any) -> Any:
        assert seen.wait(60)
        return one_more(arrays, config)

    with federation(heartbeat_seconds=0.05) as (target, fake):
        beating(fake, seen)
        take_part(target, fit)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"on_error": "ignore"}, "on_error is 'ignore', must be one of raise, decline"),
        ({"retry_for": math.nan}, "retry_for"),
        ({"memory_bytes": -1}, "memory_bytes"),
        ({"name": "federations/other/participants/alice"}, "no participant of federations/digits"),
        ({"key": b"short"}, "5 bytes"),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(wrong: dict[str, Any], words: str) -> None:
    with federation() as (target, fake):
        with pytest.raises(ValueError, match=words):
            participate(target, "digits", one_more, **{"name": "alice", "key": KEYS["alice"], **wrong})
        assert fake.joins == []


def test_an_api_key_does_not_leave_the_machine_in_plain_text() -> None:
    with pytest.raises(InsecureCredentials):
        take_part("example.org:50051", api_key="secret")  # pragma: allowlist secret
