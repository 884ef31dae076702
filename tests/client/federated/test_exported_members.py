"""The public face of taking part: exactly the listed names, loaded when used, and light to import."""

import ast
from pathlib import Path

import pytest

from mfn_client import federated
from tests.client.test_exported_members import imported_by


def test_every_listed_name_is_there_and_is_defined_in_the_package() -> None:
    for name in federated.__all__:
        found = getattr(federated, name)
        assert found.__module__.startswith("mfn_client.federated.")
        assert found.__name__ == name


def test_the_list_is_sorted_and_is_what_the_type_checker_sees() -> None:
    (block,) = [node for node in ast.parse(Path(federated.__file__).read_text()).body if isinstance(node, ast.If)]
    seen = [name.name for node in block.body if isinstance(node, ast.ImportFrom) for name in node.names]
    assert federated.__all__ == sorted(seen) == dir(federated)


def test_an_unlisted_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'grpc'"):
        federated.grpc  # noqa: B018  # looking it up is what is tested


def test_importing_the_package_alone_loads_nothing_and_taking_part_nothing_heavy() -> None:
    assert not imported_by("import mfn_client.federated") & {"grpc", "numpy", "google", "cryptography"}
    loaded = imported_by("from mfn_client.federated import participate")
    assert {"grpc", "numpy", "cryptography"} <= loaded
    assert not loaded & {"torch", "sklearn", "rich", "typer", "scipy", "numba", "pandas", "mfn_server"}
