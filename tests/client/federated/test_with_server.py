"""Taking part against the real server, inside this process."""

import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import SGDClassifier

from mfn_client import AggregationPolicy, Client, EvaluationPolicy, FederationPolicy, PermissionDenied
from mfn_client.federated import Participation, generate_key, participate, public_key
from mfn_client.federated.sklearn import Estimator
from mfn_server.embedded import EmbeddedServer

NAMES = ("alice", "bob", "carol")
KEYS = {name: generate_key() for name in NAMES}
MEAN = AggregationPolicy(rule="mean", f=0)
MODEL: dict[str, Any] = {"w": np.linspace(0, 1, 200_000, dtype=np.float32), "b": np.ones(3)}


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture
def client(server: EmbeddedServer) -> Iterator[Client]:
    with Client(server.target, api_key=server.api_key) as opened:
        yield opened


def created(client: Client, name: str, model: Any, **policy: Any) -> None:
    """A federation with a model and everyone enrolled."""
    policy = {"aggregation": MEAN, "min_participants": len(NAMES), "target_participants": len(NAMES), **policy}
    client.create_federation(name, FederationPolicy(**policy))
    for participant, key in KEYS.items():
        client.enrol_participant(name, participant, public_key(key))
    client.upload_model(name, model)


def all_take_part(server: EmbeddedServer, name: str, of: Any) -> dict[str, Participation]:
    """Everyone takes part to the end; `of(name)` gives fit and evaluate."""
    results: dict[str, Participation] = {}

    def one(participant: str) -> None:
        results[participant] = participate(
            server.target, name, *of(participant), name=participant, key=KEYS[participant], api_key=server.api_key
        )

    threads = [threading.Thread(target=one, args=(participant,)) for participant in NAMES]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return results


def adds(amount: float) -> Any:
    def fit(arrays: dict[str, Any], config: Any) -> Any:
        return {name: values + amount * config.round for name, values in arrays.items()}, 2, {"loss": amount}

    return fit


@pytest.mark.parametrize(("kind", "element_type"), [("delta", None), ("weights", None), ("delta", "int8")])
def test_the_model_moves_by_the_mean_of_what_was_trained(
    server: EmbeddedServer, client: Client, kind: str, element_type: str | None
) -> None:
    name = f"mean-{kind}-{element_type or 'own'}"
    created(client, name, MODEL, max_rounds=2, update_kind=kind, update_element_type=element_type)
    results = all_take_part(server, name, lambda who: (adds(NAMES.index(who)),))
    final = client.download_model(name)
    # The mean of 0, 1 and 2 is 1, in rounds 1 and 2; float32 and INT8's 127 steps round.
    np.testing.assert_allclose(final["b"], MODEL["b"] + 3, rtol=1e-6)
    np.testing.assert_allclose(final["w"], MODEL["w"] + 3, rtol=1e-6)
    for result in results.values():
        assert (result.reason, result.rounds) == ("max_rounds", (1, 2))
        assert result.model is not None
        assert result.model.version == 2


def test_both_sides_agree_on_what_was_acknowledged(server: EmbeddedServer, client: Client) -> None:
    created(client, "agree", MODEL, max_rounds=2)
    results = all_take_part(server, "agree", lambda who: (adds(1),))
    recorded = {
        (verdict.participant, verdict.round): verdict.payload_sha256 for verdict in client.list_verdicts("agree")
    }
    told = {
        (f"federations/agree/participants/{name}", ack.round): ack.payload_sha256
        for name, result in results.items()
        for ack in result.acknowledgements
    }
    assert told == recorded
    assert len(told) == 6
    received = [
        each.event for each in client.watch_federation("agree", after_sequence=0) if each.kind == "update_received"
    ]
    assert {(each.participant, each.ack.round) for each in received} == set(told)  # type: ignore[union-attr]  # UpdateEvent


def test_digits_are_learnt_and_evaluated(server: EmbeddedServer, client: Client) -> None:
    x, y = load_digits(return_X_y=True)
    x = x / 16
    parts = {name: slice(index, None, len(NAMES)) for index, name in enumerate(NAMES)}
    estimators = {
        name: Estimator(SGDClassifier(loss="log_loss", random_state=0), x[part], y[part], classes=range(10))
        for name, part in parts.items()
    }
    evaluation = EvaluationPolicy(score_metric="accuracy", direction="higher_is_better")
    created(client, "learn", estimators["alice"].first_arrays(), max_rounds=3, evaluation=evaluation)
    all_take_part(server, "learn", lambda who: (estimators[who].fit, estimators[who].evaluate))
    last, *_ = client.list_rounds("learn")
    assert last.reports == len(NAMES)
    assert last.score is not None
    assert last.score > 0.7  # one class in ten by chance


def test_another_key_is_refused(server: EmbeddedServer, client: Client) -> None:
    created(client, "guarded", MODEL)
    with pytest.raises(PermissionDenied, match="SIGNATURE_INVALID"):
        participate(server.target, "guarded", adds(1), name="alice", key=KEYS["bob"], api_key=server.api_key)


def test_a_federation_made_anew_refuses_what_was_signed_for_the_old_one(server: EmbeddedServer, client: Client) -> None:
    created(client, "anew", MODEL)
    first = client.get_federation("anew").uid
    client.delete_federation("anew", uid=first)
    created(client, "anew", MODEL, max_rounds=1)
    assert client.get_federation("anew").uid != first
    results = all_take_part(server, "anew", lambda who: (adds(1),))
    assert {result.federation_uid for result in results.values()} == {client.get_federation("anew").uid}


def test_updates_of_ones_own_are_aggregated(client: Client) -> None:
    updates = {f"c{number}": {"w": np.full(4, 1 + number / 100)} for number in range(6)}
    liars = {"x": {"w": np.full(4, 1e6)}, "y": {"w": np.full(4, np.nan)}, "z": {"v": np.ones(4)}}
    result = client.aggregate({**updates, **liars}, rule="coordinate_median", f=3)
    # f counts the two that were screened out: of the seven left, the fourth is the median.
    np.testing.assert_allclose(result.arrays["w"], 1.03, rtol=1e-15)
    assert {name: result.verdicts[name].reason for name in "yz"} == {"y": "not_finite", "z": "manifest"}
    assert result.record.screened == 2
