"""Participants in Go and JavaScript, from generated stubs alone, take part in signed rounds beside one in Python."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mfn_client import AggregationPolicy, Client, FederationPolicy
from mfn_client.federated import generate_key, participate, public_key, save_key
from tests.e2e.conftest import API_KEY
from tests.e2e.process import PATIENCE_S, ServerProcess, environment

FIRST: dict[str, NDArray[Any]] = {"weights": np.zeros((3, 2), np.float32), "bias": np.ones((), np.float64)}
TARGETS = {"python": 1.0, "go": 2.0, "node": 6.0}
ROUNDS = 2
POLICY = FederationPolicy(
    aggregation=AggregationPolicy(rule="mean", f=0), min_participants=len(TARGETS), max_rounds=ROUNDS
)
Tool = Callable[[str, str], Path]


@pytest.fixture(scope="module")
def go_participant(require_tool: Tool, root: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command, compiled."""
    program = tmp_path_factory.mktemp("go") / "participant"
    go = require_tool("go", "https://go.dev/dl")
    build = [str(go), "build", "-o", str(program), "."]
    subprocess.run(build, cwd=root / "clients" / "go", check=True, timeout=4 * PATIENCE_S)
    return [str(program)]


@pytest.fixture(scope="module")
def node_participant(require_tool: Tool, root: Path) -> list[str]:
    """The command, with what it imports installed."""
    node, npm = require_tool("node", "https://nodejs.org"), require_tool("npm", "https://nodejs.org")
    folder = root / "clients" / "node"
    if not (folder / "node_modules").exists():
        subprocess.run([npm, "ci", "--no-audit", "--no-fund"], cwd=folder, check=True, timeout=4 * PATIENCE_S)
    return [str(node), str(folder / "main.js")]


def halfway(arrays: Mapping[str, Any], config: object) -> tuple[dict[str, Any], int, dict[str, float]]:
    """What the examples in the other languages do."""
    return {name: array + (TARGETS["python"] - array) / 2 for name, array in arrays.items()}, 1, {}


def test_go_and_javascript_finish_signed_rounds_with_python(
    keyed: ServerProcess, go_participant: list[str], node_participant: list[str], tmp_path: Path
) -> None:
    with Client(keyed.target, api_key=API_KEY) as client:
        client.create_federation("polyglot", POLICY)
        for name in TARGETS:
            key = generate_key()
            save_key(key, tmp_path / f"{name}.pem")
            client.enrol_participant("polyglot", name, public_key(key))
        client.upload_model("polyglot", FIRST)
        with ThreadPoolExecutor() as threads:
            others = {
                "go": threads.submit(run, [*go_participant, "-server", keyed.target], "-", "go", tmp_path),
                "node": threads.submit(
                    run, [*node_participant, "--server", f"http://{keyed.target}"], "--", "node", tmp_path
                ),
            }
            key_file = tmp_path / "python.pem"
            result = participate(keyed.target, "polyglot", halfway, name="python", key=key_file, api_key=API_KEY)
        model = client.download_model("polyglot", result.model)
        verdicts = list(client.list_verdicts("polyglot"))

    for name, other in others.items():
        assert other.result().count("COUNTED") == ROUNDS, name
        assert "finished: " in other.result()
    assert len(verdicts) == ROUNDS * len(TARGETS)
    assert {verdict.kind for verdict in verdicts} == {"accepted"}
    mean, expected = sum(TARGETS.values()) / len(TARGETS), {name: np.asarray(array) for name, array in FIRST.items()}
    for _ in range(ROUNDS):
        expected = {name: array + (mean - array) / 2 for name, array in expected.items()}
    for name, array in expected.items():  # float32 on the way: six digits
        np.testing.assert_allclose(model[name], array, rtol=1e-6)


def run(command: list[str], dash: str, name: str, keys: Path) -> str:
    """What a participant printed; fails with its complaint when it failed."""
    options = {"participant": f"federations/polyglot/participants/{name}", "key": str(keys / f"{name}.pem")}
    options["target"] = str(TARGETS[name])
    words = [word for option, value in options.items() for word in (f"{dash}{option}", value)]
    done = subprocess.run(
        [*command, *words],
        env=environment(api_key=API_KEY),
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("language", ["go", "node"])
def test_the_committed_stubs_are_what_the_generator_writes(
    language: str, require_tool: Tool, root: Path, tmp_path: Path
) -> None:
    buf = Path(sys.executable).with_name("buf")
    require_tool("go" if language == "go" else "npm", "https://go.dev/dl and https://nodejs.org")
    source = root / "clients" / language
    generate = [str(buf), "generate", str(root), "--template", "buf.gen.yaml", "--output", str(tmp_path)]
    subprocess.run(generate, cwd=source, check=True, timeout=PATIENCE_S)
    assert contents(tmp_path / "gen") == contents(source / "gen")


def test_the_go_code_is_formatted_and_vetted(require_tool: Tool, root: Path) -> None:
    go = require_tool("go", "https://go.dev/dl")
    folder = root / "clients" / "go"
    gofmt = subprocess.run([go.parent / "gofmt", "-l", "."], cwd=folder, capture_output=True, text=True, check=True)
    vet = subprocess.run([go, "vet", "./..."], cwd=folder, capture_output=True, text=True, check=False)
    assert (gofmt.stdout, vet.returncode, vet.stderr) == ("", 0, "")


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
