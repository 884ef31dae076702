"""The public face: exactly the listed names, loaded when used, and light to import."""

import ast
import os
import subprocess
import sys
import types
from pathlib import Path

import pytest

import mfn_client
from mfn_client import _exceptions, _features, _federation_results, _fractals, _policies, _results, _rules, _validation


def test_every_listed_name_is_there_and_is_defined_in_a_private_module() -> None:
    for name in mfn_client.__all__:
        found = getattr(mfn_client, name)
        if name.isupper():
            assert found == mfn_client.FEATURE_NAMES
            continue
        assert found.__module__.startswith("mfn_client._"), name
        assert found.__name__ == name


def test_the_list_is_sorted_and_is_what_the_type_checker_sees() -> None:
    (block,) = [node for node in ast.parse(Path(mfn_client.__file__).read_text()).body if isinstance(node, ast.If)]
    seen = [name.name for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names]
    assert mfn_client.__all__ == sorted(seen, key=lambda name: (not name.isupper(), name))
    assert dir(mfn_client) == sorted(mfn_client.__all__)


@pytest.mark.parametrize(
    "module", [_exceptions, _features, _federation_results, _fractals, _policies, _results, _rules, _validation]
)
def test_every_error_and_every_result_is_exported(module: types.ModuleType) -> None:
    own = [value for value in vars(module).values() if isinstance(value, type) and value.__module__ == module.__name__]
    assert {kind.__name__ for kind in own if not kind.__name__.startswith("_")} <= set(mfn_client.__all__)


def test_an_unlisted_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'grpc'"):
        mfn_client.grpc  # noqa: B018  # looking it up is what is tested


def imported_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_client_loads_grpc_numpy_and_protobuf_but_nothing_heavier() -> None:
    loaded = imported_by("from mfn_client import Client, AsyncClient")
    assert {"grpc", "numpy", "google"} <= loaded
    assert not loaded & {"rich", "typer", "PIL", "xarray", "zarr", "av", "pandas", "scipy", "numba", "mfn_server"}


def test_importing_the_package_alone_loads_nothing() -> None:
    assert not imported_by("import mfn_client") & {"grpc", "numpy", "google"}
