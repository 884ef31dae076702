"""grpcurl, which nobody here wrote, understands the server."""

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.conftest import API_KEY
from tests.e2e.process import PATIENCE_S, ServerProcess

NERNST = '{"zValence": 1, "concentrationOutMolar": 0.005, "concentrationInMolar": 0.14}'
SIMULATE = (
    '{"spec": {"grayScott": {"feed": 0.03}, "grid": {"shape": [16, 16]}, "steps": 4}, "frameStride": 2,'
    ' "frameOptions": {"elementType": "ELEMENT_TYPE_UINT8", "species": ["v"]}}'
)
FIELD = (
    '{"array": {"elementType": "ELEMENT_TYPE_FLOAT32", "shape": [2, 2], "data": "AABIwgAAIMIAADTCAACWwg=="},'
    ' "options": {"thresholds": [-60, -50, -40]}}'
)
"""-50, -40, -45 and -75 mV."""
Grpcurl = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def grpcurl(require_tool: Callable[[str, str], Path]) -> Grpcurl:
    """`grpcurl("-d", data, target, method)`; `key=None` calls without one."""
    program = require_tool("grpcurl", "go install github.com/fullstorydev/grpcurl/cmd/grpcurl@latest")

    def run(*arguments: str, key: str | None = API_KEY) -> subprocess.CompletedProcess[str]:
        with_key = ["-H", f"x-api-key: {key}"] if key else []
        command = [str(program), "-plaintext", *with_key, *arguments]
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=False)

    return run


def answers(text: str) -> list[Any]:
    """The JSON values of a text, one after another."""
    found, decoder, at = [], json.JSONDecoder(), 0
    while at < len(text.rstrip()):
        value, at = decoder.raw_decode(text, at + len(text[at:]) - len(text[at:].lstrip()))
        found.append(value)
    return found


def test_it_lists_the_services_and_their_methods(grpcurl: Grpcurl, keyed: ServerProcess) -> None:
    services = grpcurl(keyed.target, "list").stdout.split()
    expected = ("Electrochemistry", "Simulation", "Feature", "Validation")
    assert {*(f"mfn.v1.{name}Service" for name in expected), "grpc.health.v1.Health"} <= set(services)
    methods = grpcurl(keyed.target, "list", "mfn.v1.SimulationService").stdout.split()
    assert "mfn.v1.SimulationService.Simulate" in methods


def test_it_describes_messages(grpcurl: Grpcurl, keyed: ServerProcess) -> None:
    described = grpcurl(keyed.target, "describe", "mfn.v1.ComputeNernstRequest").stdout
    assert "optional double temperature_k = 4;" in described


def test_it_computes_a_potential(grpcurl: Grpcurl, keyed: ServerProcess) -> None:
    found = grpcurl("-d", NERNST, keyed.target, "mfn.v1.ElectrochemistryService/ComputeNernst")
    assert json.loads(found.stdout)["potential_mv"] == pytest.approx(-89.06, abs=0.005)


def test_it_streams_a_simulation(grpcurl: Grpcurl, keyed: ServerProcess) -> None:
    found = answers(grpcurl("-d", SIMULATE, keyed.target, "mfn.v1.SimulationService/Simulate").stdout)
    assert [next(iter(set(answer) - {"sequence"})) for answer in found] == ["started", *["frame"] * 3, "summary"]
    assert [answer["frame"].get("step", "0") for answer in found[1:-1]] == ["0", "2", "4"]
    assert found[-1]["summary"]["stop_reason"] == "STOP_REASON_COMPLETED"


def test_it_extracts_features(grpcurl: Grpcurl, keyed: ServerProcess) -> None:
    found = json.loads(grpcurl("-d", FIELD, keyed.target, "mfn.v1.FeatureService/ExtractFeatures").stdout)
    features = found["features"]
    assert (features["v_min"], features["v_max"], features["v_mean"]) == (-75, -40, -52.5)
    assert (features["f_active"], features["n_clusters_low"]) == (0.5, 1)
    assert features["dv_mean"] == "NaN"
    assert {each["name"] for each in found["undefined"]} >= {"dv_mean", "dv_max", "t_stable", "e_trend"}


def test_it_validates_the_engine(grpcurl: Grpcurl, keyed: ServerProcess) -> None:
    asked = '{"suite": "VALIDATION_SUITE_PHYSICS", "seed": 3}'
    found = json.loads(grpcurl("-d", asked, keyed.target, "mfn.v1.ValidationService/Validate").stdout)
    assert found["summary"]["passed"] is True
    assert found["summary"]["passed_count"] == str(len(found["checks"]))
    (check,) = (each for each in found["checks"] if each["name"] == "nernst_potassium_37c")
    assert check["measured"] == pytest.approx(-89.06, abs=0.005)
    assert check["passed"] is True
    told = answers(grpcurl("-d", asked, keyed.target, "mfn.v1.ValidationService/ValidateStream").stdout)
    assert [next(iter(answer)) for answer in told] == ["started", *["check"] * len(found["checks"]), "summary"]


def test_it_shows_every_fault_of_a_bad_request(grpcurl: Grpcurl, keyed: ServerProcess) -> None:
    found = grpcurl("-d", "{}", keyed.target, "mfn.v1.ElectrochemistryService/ComputeNernst")
    assert found.returncode != 0
    assert "Code: InvalidArgument" in found.stderr
    for word in ("INVALID_FIELD", "z_valence", "concentration_out_molar", "concentration_in_molar"):
        assert word in found.stderr


def test_without_the_key_it_can_neither_list_nor_call(grpcurl: Grpcurl, keyed: ServerProcess, root: Path) -> None:
    assert grpcurl(keyed.target, "list", key=None).returncode != 0
    protos = ("-import-path", str(root / "protos"), "-proto", "mfn_grpc/v1/electrochemistry.proto")
    method = "mfn.v1.ElectrochemistryService/ComputeNernst"
    found = grpcurl(*protos, "-d", NERNST, keyed.target, method, key=None)
    assert "Code: Unauthenticated" in found.stderr
    assert "the call carries no credential" in found.stderr
    assert "potential" not in found.stdout
    found = grpcurl(*protos, "-d", NERNST, keyed.target, method, key="x" * 32)
    assert "the credential is not valid here" in found.stderr


@pytest.mark.parametrize("service", ["", "liveness", "mfn.v1.SimulationService", "mfn.v1.FeatureService"])
def test_it_asks_the_health_service_without_a_key(grpcurl: Grpcurl, keyed: ServerProcess, service: str) -> None:
    asked = json.dumps({"service": service})
    described = ["-reflect-header", f"x-api-key: {API_KEY}", "-d", asked]
    found = grpcurl(*described, keyed.target, "grpc.health.v1.Health/Check", key=None)
    assert json.loads(found.stdout) == {"status": "SERVING"}, found.stderr
