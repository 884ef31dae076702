"""`mfn federation ...` on a real server."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import Result

from mfn_client import Client
from mfn_client.federated import generate_key, participate, public_key
from mfn_server.embedded import EmbeddedServer
from tests.client.cli.running import mfn
from tests.client.federations import Wishes, federations

KEY = generate_key()
COMMANDS = ("create", "enrol", "remove", "upload", "list", "show", "watch", "download", "pause", "resume", "delete")


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture(autouse=True)
def here(server: EmbeddedServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with a first model; no federation outlives a test."""
    monkeypatch.chdir(tmp_path)
    np.savez(tmp_path / "first.npz", w=np.arange(3.0))
    yield tmp_path
    with Client(server.target, api_key=server.api_key) as client:
        for each in list(client.list_federations()):
            client.delete_federation(each.name, uid=each.uid)


@pytest.fixture
def call(server: EmbeddedServer) -> Any:
    """`mfn federation ...` on that server."""
    return lambda *words: mfn("federation", *words, "--server", server.target, "--api-key", server.api_key)


def said(done: Result) -> str:
    """What a command printed; it must have worked."""
    assert done.exit_code == 0, done.stderr
    return done.stdout


def document(done: Result) -> Any:
    return json.loads(said(done))


@pytest.fixture
def over(server: EmbeddedServer, call: Any) -> None:
    """A federation of one participant that has made its two rounds."""
    policy = ("--rule", "mean", "--f", 0, "--min-participants", 1, "--max-rounds", 2)
    said(call("create", "digits", "--model", "first.npz", "--title", "Our [bold] digits", *policy))
    said(call("enrol", "digits", "alice", "--public-key", public_key(KEY).hex()))

    def fit(arrays: Any, config: Any) -> Any:
        return {"w": arrays["w"] + config.round}, 5, {"loss": 0.5}

    participate(server.target, "digits", fit, name="alice", key=KEY, api_key=server.api_key)


def test_the_group_lists_its_commands_and_each_has_help() -> None:
    listed = mfn("federation", "--help").stdout
    for name in COMMANDS:
        assert name in listed
        shown = mfn("federation", name, "--help")
        assert shown.exit_code == 0
        assert all(option in shown.stdout for option in ("--server", "--api-key", "--json"))


@pytest.mark.parametrize("name", COMMANDS)
def test_without_a_server_each_asks_for_one(name: str) -> None:
    words = {
        "enrol": ("digits", "alice", "--public-key", "00" * 32),
        "remove": ("digits", "alice"),
        "upload": ("digits", "first.npz"),
        "list": (),
    }
    done = mfn("federation", name, *words.get(name, ("digits",)))
    assert done.exit_code == 2
    assert done.stderr.startswith("Error: a federation lives on a server that stays: name one with --server HOST:PORT")


def test_a_federation_waits_for_its_model_then_for_participants(call: Any) -> None:
    assert said(call("create", "later", "--f", 0)) == "federations/later is created; it waits for its model.\n"
    assert said(call("upload", "later", "first.npz")).startswith("Model 0 of later has the SHA-256 ")
    assert "it waits for participants.\n" in said(call("create", "now", "--model", "first.npz"))


def test_options_go_before_the_policy_file(call: Any, here: Path) -> None:
    policy = {
        "aggregation": {"rule": {"krum": {"neighbors": "mean_n_minus_f_minus_1"}}, "f": 3},
        "max_rounds": 7,
        "evaluation": {"score_metric": "loss"},
        "config": {"rate": 0.5},
    }
    (here / "policy.json").write_text(json.dumps(policy))
    options = ("--policy", "policy.json", "--f", 1, "--pre", "bucketing", "--deadline", 9)
    found = document(call("create", "both", *options, "--json"))["policy"]
    assert found["aggregation"]["krum"] == {"neighbors": "mean_n_minus_f_minus_1"}
    assert found["aggregation"]["f"] == 1
    assert [list(each) for each in found["aggregation"]["pre_aggregators"]] == [["bucketing"]]
    assert (found["max_rounds"], found["round_deadline_seconds"]) == (7, 9.0)
    assert (found["evaluation"]["score_metric"], found["config"]) == ("loss", {"rate": 0.5})


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "--policy policy.json is not JSON"),
        ("[1]", "--policy policy.json must hold one object"),
        ('{"rounds": 3}', "the policy has no rounds; there are aggregation, "),
        ('{"aggregation": {"rules": "krum"}}', "the policy has no aggregation.rules"),
        ('{"aggregation": 3}', "aggregation is 3, must be an object"),
        ('{"aggregation": {"rule": {"krummy": {}}}}', "aggregation.rule is 'krummy', must be one of mean, "),
        ('{"aggregation": {"rule": {"krum": {"n": 1}}}}', "the policy has no aggregation.rule.krum.n"),
        ('{"aggregation": {"pre_aggregators": [{"static_clipping": {}}]}}', "static_clipping.max_norm is missing"),
        ('{"evaluation": 3}', "evaluation"),
        ('{"config": 3}', "config is 3, must be an object"),
        ('{"max_rounds": "many"}', "max_rounds"),
        ('{"max_rounds": 0}', "max_rounds"),
    ],
)
def test_a_policy_that_cannot_be_is_bad_usage(call: Any, here: Path, text: str, sentence: str) -> None:
    (here / "policy.json").write_text(text)
    done = call("create", "wrong", "--policy", "policy.json")
    assert done.exit_code == 2, done.stderr
    assert sentence in done.stderr
    assert document(call("list", "--json")) == {"federations": []}


def test_a_model_that_cannot_be_read_leaves_no_federation(call: Any, here: Path) -> None:
    (here / "text.npz").write_text("no archive")
    for path in ("none.npz", "text.npz"):
        done = call("create", "half", "--model", path)
        assert done.exit_code != 0
        assert path in done.stderr
        assert "mfn itself" not in done.stderr
        assert document(call("list", "--json")) == {"federations": []}


def test_a_name_that_is_taken_is_told(call: Any) -> None:
    said(call("create", "taken"))
    done = call("create", "taken")
    assert done.exit_code == 1
    assert "ALREADY_EXISTS" in done.stderr or "taken" in done.stderr


def test_enrolling_makes_a_key_that_only_its_owner_can_read(call: Any, here: Path) -> None:
    said(call("create", "digits"))
    first = said(call("enrol", "digits", "alice", "--key", "alice.pem"))
    assert (here / "alice.pem").stat().st_mode & 0o777 == 0o600
    assert (
        first
        == f"federations/digits/participants/alice is enrolled with the public key {public_key('alice.pem').hex()}.\n"
    )
    found = document(call("enrol", "digits", "bob", "--key", "bob.pem", "--json"))
    assert found["name"] == "federations/digits/participants/bob"
    again = call("enrol", "digits", "carol", "--key", "alice.pem")
    assert again.exit_code == 2
    assert "every participant needs one of its own" in again.stderr


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "give either --key FILE or --public-key HEX"),
        (("--key", "a.pem", "--public-key", "00"), "give either --key FILE or --public-key HEX"),
        (("--public-key", "xyz"), "--public-key 'xyz' must be 64 hexadecimal digits"),
        (("--public-key", "00"), "--public-key '00' must be 64 hexadecimal digits"),
        (("--key", "first.npz"), "holds no unencrypted Ed25519 key"),
    ],
)
def test_a_key_that_cannot_be_is_bad_usage(call: Any, options: tuple[str, ...], sentence: str) -> None:
    said(call("create", "digits"))
    done = call("enrol", "digits", "alice", *options)
    assert done.exit_code == 2
    assert sentence in done.stderr


def test_the_list_shows_every_federation_and_may_be_narrowed(call: Any, over: None) -> None:
    said(call("create", "waiting"))
    shown = said(call("list"))
    assert all(word in shown for word in ("digits", "finished", "Our [bold] digits", "waiting", "awaiting_model"))
    found = document(call("list", "--state", "finished", "--json"))["federations"]
    assert [each["name"] for each in found] == ["federations/digits"]
    assert call("list", "--state", "over").exit_code == 2


def test_one_is_shown_with_its_participants_rounds_and_verdicts(call: Any, over: None) -> None:
    shown = said(call("show", "digits"))
    assert "federations/digits – Our [bold] digits: finished (max_rounds), round 2, model 2" in shown
    assert all(word in shown for word in ("Participants", "alice", "Rounds", "done"))
    found = document(call("show", "digits", "--rounds", 1, "--round", 2, "--json"))
    assert [each["round"] for each in found["rounds"]] == [2]
    assert [(each["round"], each["kind"]) for each in found["verdicts"]] == [(2, "accepted")]
    verdicts = said(call("show", "digits", "--round", 1))
    assert all(word in verdicts for word in ("Round 1", "alice", "accepted"))


def test_what_happened_is_told_in_sentences_or_as_lines_of_json(call: Any, over: None) -> None:
    told = said(call("watch", "digits", "--after", 0))
    for sentence in (
        "alice enrolled",
        "round 1 asks 1 participant\n",
        "alice sent ",
        "for round 1: counted",
        "alice in round 2 is accepted, share 1",
        "model 2 is published",
        "round 2 is done: 1 of 1 update accepted\n",
        "the federation is finished: max_rounds",
    ):
        assert sentence in told
    events = [json.loads(line) for line in said(call("watch", "digits", "--after", 0, "--json")).splitlines()]
    assert [each["event"]["round"] for each in events if each["kind"] == "round_ended"] == [1, 2]


def test_the_newest_model_is_written_and_the_best_is_missed(call: Any, over: None, here: Path) -> None:
    assert said(call("download", "digits")) == "Model 2 of digits is in model.npz.\n"
    np.testing.assert_array_equal(np.load(here / "model.npz")["w"], [3.0, 4.0, 5.0])
    found = document(call("download", "digits", "--out", "again.npz", "--json"))
    assert (found["path"], found["model"]["version"]) == ("again.npz", 2)
    done = call("download", "digits", "--best")
    assert done.exit_code == 1
    assert "federations/digits has no evaluated model yet" in done.stderr


def test_it_pauses_and_resumes(call: Any) -> None:
    said(call("create", "digits", "--model", "first.npz"))
    assert said(call("pause", "digits")) == "federations/digits is paused.\n"
    assert document(call("resume", "digits", "--json"))["state"] == "running"


def test_it_is_deleted_after_asking(call: Any, server: EmbeddedServer) -> None:
    uid = document(call("create", "digits", "--json"))["uid"]
    done = call("delete", "digits")  # nobody answers
    assert done.exit_code == 1
    assert document(call("show", "digits", "--json"))["federation"]["uid"] == uid
    assert said(call("delete", "digits", "--yes")) == "federations/digits is deleted.\n"
    gone = call("delete", "digits", "--yes", "--json")
    assert gone.exit_code == 1
    assert json.loads(gone.stdout)["error"]["reason"] == "RESOURCE_NOT_FOUND"


def test_the_policy_and_why_it_waits_are_shown(call: Any) -> None:
    said(call("create", "digits", "--model", "first.npz", "--f", 1, "--min-participants", 6))
    shown = said(call("show", "digits"))
    assert "trimmed_mean behind nearest_neighbor_mixing, f 1, quorum 6, target all connected" in shown
    assert "0 of 100 rounds over" in shown
    assert "It waits for participants: 0 of 6 connected.\n" in shown


def test_a_quorum_that_bears_nobody_is_told_once_it_is_created(call: Any) -> None:
    assert said(call("create", "small")).splitlines()[1:] == [
        "Rounds start with 2 participants and bear no faulty one then; --min-participants 5 bears one."
    ]
    assert len(said(call("create", "enough", "--min-participants", 5)).splitlines()) == 1


def test_a_participant_is_removed(call: Any) -> None:
    said(call("create", "digits"))
    said(call("enrol", "digits", "alice", "--public-key", public_key(KEY).hex()))
    assert said(call("remove", "digits", "alice")) == "alice is removed from federations/digits.\n"
    assert document(call("show", "digits", "--json"))["participants"] == []
    gone = call("remove", "digits", "alice", "--json")
    assert gone.exit_code == 1
    assert json.loads(gone.stdout)["error"]["reason"] == "RESOURCE_NOT_FOUND"


def test_a_round_that_never_was_is_told(call: Any, over: None) -> None:
    done = call("show", "digits", "--round", 77)
    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == "Error: federations/digits has no round 77; its last is 2\n"
    said(call("create", "new"))
    assert "has no round 1; it has had none yet" in call("show", "new", "--round", 1).stderr


def test_a_verdict_is_shown_with_its_share(call: Any, over: None) -> None:
    shown = said(call("show", "digits", "--round", 1))
    assert "accepted, share 1" in shown
    assert "Round 1 (an equal share is 1)" in shown


def test_a_server_that_names_the_owner_is_told_to_be_asked() -> None:
    wishes = Wishes()
    wishes.owner = "10.0.0.7:50051"
    with federations(wishes) as target:
        done = mfn("federation", "pause", "digits", "--server", target)
    assert done.exit_code == 1
    assert done.stderr.endswith("Ask the server that owns it: --server 10.0.0.7:50051\n")
    assert "mfn serve" not in done.stderr
