"""The contract compiled with its comments, and the programs that check it."""

import importlib.util
import os
import shutil
import sysconfig
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from google.protobuf.descriptor_pb2 import FileDescriptorSet

from tests.contract.walk import Element, elements_of


def load_script(path: Path) -> ModuleType:
    """A script as a module, without running it."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def need_package(module: str, distribution: str) -> None:
    """Skip the test where a package is missing, or fail it with MFN_REQUIRE_ALL=1."""
    if importlib.util.find_spec(module) is None:
        sentence = f"{distribution} is not installed; get it with: pip install -e '.[dev]'"
        pytest.fail(sentence) if os.environ.get("MFN_REQUIRE_ALL") == "1" else pytest.skip(sentence)


@pytest.fixture(scope="session")
def generator(root: Path) -> ModuleType:
    """protos/generate.py, which needs the compiler."""
    need_package("grpc_tools", "grpcio-tools")
    need_package("mypy_protobuf", "mypy-protobuf")
    return load_script(root / "protos" / "generate.py")


@pytest.fixture(scope="session")
def described(generator: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> FileDescriptorSet:
    """The compiled proto files with their comments."""
    files: FileDescriptorSet = generator.descriptors(tmp_path_factory.mktemp("descriptors"))
    assert len(files.file) >= 7
    return files


@pytest.fixture(scope="session")
def elements(described: FileDescriptorSet) -> tuple[Element, ...]:
    """Every declaration of the contract with its leading comment."""
    return tuple(element for file in described.file for element in elements_of(file))


@pytest.fixture(scope="session")
def buf(require_tool: Callable[[str, str], Path]) -> Path:
    """The buf program, from this environment first."""
    if found := shutil.which("buf", path=sysconfig.get_path("scripts")):
        return Path(found)
    return require_tool("buf", "pip install buf-bin")
