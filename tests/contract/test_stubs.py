"""The committed stubs are what the generator writes, and type-check for those who use them."""

import subprocess
import sys
import textwrap
from pathlib import Path
from types import ModuleType

import pytest

from tests.contract.conftest import need_package


@pytest.fixture(scope="session")
def fresh(generator: ModuleType, root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("stubs")
    subprocess.run([sys.executable, str(root / "protos" / "generate.py"), str(out)], check=True)
    written: Path = out / generator.PACKAGE
    return written


def test_the_committed_stubs_are_those_that_the_generator_writes(
    generator: ModuleType, root: Path, fresh: Path
) -> None:
    committed = generator.stubs_in(root / generator.PACKAGE)
    generated = generator.stubs_in(fresh)
    assert sorted(committed) == sorted(generated)
    assert [name for name in generated if committed[name] != generated[name]] == []


def test_every_proto_file_has_its_stubs_and_only_those_with_a_service_have_service_stubs(
    root: Path, fresh: Path
) -> None:
    sources = {path.stem: path.read_text() for path in (root / "protos" / "mfn_grpc" / "v1").glob("*.proto")}
    expected = {f"{name}_pb2.py" for name in sources} | {f"{name}_pb2.pyi" for name in sources}
    with_service = [name for name, text in sources.items() if "\nservice " in text]
    expected |= {f"{name}_pb2_grpc.{kind}" for name in with_service for kind in ("py", "pyi")}
    assert {path.name for path in fresh.iterdir()} == expected
    assert 0 < len(with_service) < len(sources)


def test_generating_removes_stubs_without_a_source_and_nothing_else(generator: ModuleType, tmp_path: Path) -> None:
    fresh, target = tmp_path / "fresh", tmp_path / "target"
    for folder, names in ((fresh, ["new_pb2.py", "same_pb2.pyi"]), (target, ["gone_pb2_grpc.py", "same_pb2.pyi"])):
        folder.mkdir()
        for name in names:
            (folder / name).write_text("stub")
    (target / "__init__.py").write_text("kept")
    assert generator.replace_stubs(fresh, target) == ["new_pb2.py", "gone_pb2_grpc.py"]
    assert sorted(path.name for path in target.iterdir()) == ["__init__.py", "new_pb2.py", "same_pb2.pyi"]


USER_CODE = textwrap.dedent(
    """
    import grpc
    import grpc.aio
    from typing import assert_type

    from mfn_grpc.v1 import electrochemistry_pb2 as electro, federation_pb2 as fed, simulation_pb2 as sim
    from mfn_grpc.v1.electrochemistry_pb2_grpc import ElectrochemistryServiceServicer, ElectrochemistryServiceStub
    from mfn_grpc.v1.federation_pb2_grpc import FederationServiceStub
    from mfn_grpc.v1.simulation_pb2_grpc import SimulationServiceStub


    def call(channel: grpc.Channel) -> None:
        answer = ElectrochemistryServiceStub(channel).ComputeNernst(electro.ComputeNernstRequest(z_valence=1))
        assert_type(answer, electro.ComputeNernstResponse)
        for message in SimulationServiceStub(channel).Simulate(sim.SimulateRequest()):
            assert_type(message, sim.SimulateResponse)


    async def call_async(channel: grpc.aio.Channel) -> None:
        answer = await ElectrochemistryServiceStub(channel).ComputeNernst(electro.ComputeNernstRequest(z_valence=1))
        assert_type(answer, electro.ComputeNernstResponse)
        async for message in FederationServiceStub(channel).Federate():
            assert_type(message, fed.FederateResponse)


    class Servicer(ElectrochemistryServiceServicer):
        def ComputeNernst(
            self, request: electro.ComputeNernstRequest, context: grpc.ServicerContext
        ) -> electro.ComputeNernstResponse:
            return electro.ComputeNernstResponse(potential_mv=request.temperature_k)


    class AsyncServicer(ElectrochemistryServiceServicer):
        async def ComputeNernst(
            self,
            request: electro.ComputeNernstRequest,
            context: grpc.aio.ServicerContext[electro.ComputeNernstRequest, electro.ComputeNernstResponse],
        ) -> electro.ComputeNernstResponse:
            return electro.ComputeNernstResponse(potential_mv=request.temperature_k)
    """
)


def check_types(root: Path, folder: Path, code: str) -> str:
    """What `mypy --strict` says about code that uses the stubs and about the stubs themselves; no settings of ours."""
    user = folder / "user.py"
    user.write_text(code)
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={folder / 'cache'}", str(user)]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False).stdout


def test_synchronous_and_asynchronous_users_of_the_stubs_pass_strict_type_checking(root: Path, tmp_path: Path) -> None:
    need_package("mypy", "mypy")
    assert check_types(root, tmp_path, USER_CODE).startswith("Success")
    wrong = USER_CODE.replace("assert_type(message, fed.FederateResponse)", "assert_type(message, fed.FederateRequest)")
    assert "assert-type" in check_types(root, tmp_path, wrong)


def test_an_option_is_no_folder(generator: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="OUT_DIR"):
        generator.main(["--help"])
    assert list(tmp_path.iterdir()) == []
