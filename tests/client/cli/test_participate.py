"""`mfn participate` beside a real server."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mfn_client import AggregationPolicy, Client, FederationPolicy, federated
from mfn_client.federated import Participation, generate_key, public_key, read_acknowledgements, save_key
from mfn_server.embedded import EmbeddedServer
from tests.client.cli.running import mfn

TRAINING = """
import nothing_of_this_name_is_installed
"""
BROKEN = {
    "dividing": "share = 1 / 0",
    "importing": "from math import nothing_of_this_name",
    "leaving": "import sys\nsys.exit('no data')",
    "lacking": "import sys\nsys.no_such_thing",
    "unfinished": "def fit(arrays, config:",
}
ADDING = """
def fit(arrays, config):
    return {name: values + 1 for name, values in arrays.items()}, 3, {}

def evaluate(arrays, config):
    return 3, {"loss": 0.0}

def fail(arrays, config):
    raise RuntimeError("no memory left")

number = 5
"""


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    with EmbeddedServer() as running:
        yield running


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to work in, with a module of training code and a key."""
    (tmp_path / "adding.py").write_text(ADDING)
    (tmp_path / "needing.py").write_text(TRAINING)
    for name, text in BROKEN.items():
        (tmp_path / f"{name}.py").write_text(text)
    save_key(generate_key(), tmp_path / "alice.pem")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


@pytest.fixture
def federation(server: EmbeddedServer, here: Path) -> Iterator[str]:
    """One of a single participant and two rounds."""
    policy = FederationPolicy(aggregation=AggregationPolicy(rule="mean", f=0), min_participants=1, max_rounds=2)
    with Client(server.target, api_key=server.api_key) as client:
        made = client.create_federation("single", policy)
        client.enrol_participant("single", "alice", public_key(here / "alice.pem"))
        client.upload_model("single", {"w": np.zeros(3)})
        yield "single"
        client.delete_federation("single", uid=made.uid)


def takes_part(server: EmbeddedServer, *words: object) -> tuple[object, ...]:
    who = ("--federation", "single", "--name", "alice", "--key", "alice.pem")
    return ("participate", *who, "--server", server.target, "--api-key", server.api_key, *words)


def test_it_trains_until_the_federation_is_over(server: EmbeddedServer, federation: str, here: Path) -> None:
    done = mfn(*takes_part(server, "adding:fit", "--evaluate", "adding:evaluate", "--record", "acks.jsonl"))
    assert (done.exit_code, done.stdout) == (0, "The federation is over with model 2; 2 updates acknowledged.\n")
    assert [ack.round for ack in read_acknowledgements(here / "acks.jsonl")] == [1, 2]
    with Client(server.target, api_key=server.api_key) as client:
        np.testing.assert_array_equal(client.download_model("single")["w"], [2.0, 2.0, 2.0])


def test_with_json_it_prints_what_taking_part_came_to(server: EmbeddedServer, federation: str) -> None:
    found = json.loads(mfn(*takes_part(server, "adding:fit", "--json")).stdout)
    assert (found["reason"], found["rounds"]) == ("max_rounds", [1, 2])
    assert len(found["acknowledgements"][0]["payload_sha256"]) > 0


def test_training_that_fails_ends_it_with_what_was_raised(server: EmbeddedServer, federation: str) -> None:
    done = mfn(*takes_part(server, "adding:fail"))
    assert done.exit_code == 1
    assert done.stderr.endswith("Error: adding:fail raised RuntimeError: no memory left\n")
    assert "line 9, in fail" in done.stderr
    assert "mfn itself" not in done.stderr


def test_another_key_is_refused(server: EmbeddedServer, federation: str, here: Path) -> None:
    (here / "alice.pem").unlink()
    save_key(generate_key(), here / "alice.pem")
    done = mfn(*takes_part(server, "adding:fit"))
    assert done.exit_code == 1
    assert "SIGNATURE_INVALID" in done.stderr


@pytest.mark.parametrize(
    ("module", "error"),
    [
        ("dividing", "ZeroDivisionError: division by zero"),
        ("importing", "ImportError: cannot import name 'nothing_of_this_name'"),
        ("leaving", "SystemExit: no data"),
        ("lacking", "AttributeError: module 'sys' has no attribute 'no_such_thing'"),
        ("unfinished", "SyntaxError: "),
    ],
)
def test_a_module_that_fails_is_told_with_its_own_error_and_where(
    server: EmbeddedServer, here: Path, module: str, error: str
) -> None:
    done = mfn(*takes_part(server, f"{module}:fit"))
    assert done.exit_code == 1
    assert f"Error: the module '{module}' failed while it was imported: {error}" in done.stderr
    assert f"{module}.py" in done.stderr
    assert "participate.py" not in done.stderr
    assert "mfn itself" not in done.stderr


@pytest.mark.parametrize(
    ("options", "patience"), [((), {"connect_for": 30.0}), (("--retry-for", 900), {"retry_for": 900.0})]
)
def test_it_gives_up_early_where_nothing_answers_unless_it_is_told_how_long_to_try(
    server: EmbeddedServer, here: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[object, ...], patience: object
) -> None:
    def take_part(*_: object, **more: object) -> Participation:
        assert {name: more[name] for name in ("connect_for", "retry_for") if name in more} == patience
        return Participation("uid-1", "max_rounds", None, None, (), (), ())

    monkeypatch.setattr(federated, "participate", take_part)
    assert mfn(*takes_part(server, "adding:fit", *options)).exit_code == 0


def test_it_gives_up_on_a_server_that_is_gone(here: Path) -> None:
    who = ("--federation", "single", "--name", "alice", "--key", "alice.pem")
    done = mfn("participate", "adding:fit", *who, "--server", "127.0.0.1:1", "--retry-for", 0)
    assert done.exit_code == 1
    assert "`mfn serve` starts one" in done.stderr


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        ("adding", "'adding' must be MODULE:FUNCTION, such as train:fit"),
        (":fit", "':fit' must be MODULE:FUNCTION"),
        ("adding:", "'adding:' must be MODULE:FUNCTION"),
        ("no_such:fit", "there is no module 'no_such' here"),
        ("no_such.inner:fit", "there is no module 'no_such.inner' here"),
        ("adding:train", "the module 'adding' has no 'train'"),
        ("adding:number", "adding:number is not a function"),
        ("needing:fit", "needing needs the Python package nothing_of_this_name_is_installed"),
    ],
)
def test_a_function_that_is_not_there_is_bad_usage(
    server: EmbeddedServer, here: Path, function: str, sentence: str
) -> None:
    done = mfn(*takes_part(server, function))
    assert done.exit_code == 2
    assert sentence in done.stderr


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (("--key", "none.pem"), "No such file or directory: none.pem"),
        (("--key", "adding.py"), "--key adding.py holds no unencrypted Ed25519 key in PEM"),
        (("--on-error", "shrug"), "on_error is 'shrug', must be one of raise, decline"),
        (("--retry-for", "nan"), "--retry-for"),
        (("--name", "federations/other/participants/alice"), "is no participant of federations/single"),
    ],
)
def test_what_cannot_be_is_told_without_a_fault_of_ours(
    server: EmbeddedServer, here: Path, change: tuple[str, str], sentence: str
) -> None:
    done = mfn(*takes_part(server, "adding:fit", *change))
    assert done.exit_code in {1, 2}
    assert sentence in done.stderr
    assert "mfn itself" not in done.stderr


def test_without_a_server_it_asks_for_one(here: Path) -> None:
    who = ("--federation", "single", "--name", "alice", "--key", "alice.pem")
    done = mfn("participate", "adding:fit", *who)
    assert done.exit_code == 2
    assert "name one with --server HOST:PORT" in done.stderr
