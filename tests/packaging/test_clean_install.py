"""The wheel at work in an environment that holds nothing of the tree."""

import json
from collections.abc import Collection

import pytest

from tests.packaging.environment import CleanEnvironment

OPTIONAL = {"av", "opentelemetry", "sklearn", "xarray", "zarr"}
"""What the modules of optional formats and spans need; the base install does without them."""

IMPORT_ALL = """
import importlib, json, pkgutil, sys
places, optional = {}, sys.argv[1].split(",")
def load(name):
    try:
        places[name] = importlib.import_module(name).__file__
    except ModuleNotFoundError as missing:
        if missing.name not in optional:
            raise
for name in sys.argv[2:]:
    module = importlib.import_module(name)
    places[name] = module.__file__
    for found in pkgutil.walk_packages(getattr(module, "__path__", ()), f"{name}."):
        if not found.name.endswith(".__main__"):
            load(found.name)
print(json.dumps(places))
"""

FIND = "import importlib.util, sys; print([name for name in sys.argv[1:] if importlib.util.find_spec(name)])"

LOAD_ENTRY_POINTS = """
import importlib.metadata, json
installed = importlib.metadata.distribution("mfn-grpc").entry_points
print(json.dumps({f"{point.group}:{point.name}": callable(point.load()) for point in installed}))
"""


def imported(environment: CleanEnvironment, *names: str, optional: Collection[str] = ()) -> dict[str, str]:
    """Import `names` with all below them, but for what needs an `optional` package; where each module came from."""
    done = environment.run("python", "-c", IMPORT_ALL, ",".join(optional), *names)
    assert done.returncode == 0, done.stderr
    places: dict[str, str] = json.loads(done.stdout)
    return places


def outside(environment: CleanEnvironment, places: dict[str, str]) -> dict[str, str]:
    """The modules that were not imported from the installed wheel."""
    return {name: place for name, place in places.items() if not place.startswith(str(environment.site_packages))}


def test_the_client_and_the_stubs_import_with_the_base_dependencies_alone(client_environment: CleanEnvironment) -> None:
    places = imported(client_environment, "mfn_grpc.v1", "mfn_grpc.arrays", "mfn_client", optional=OPTIONAL)

    assert "mfn_client.cli.app" in places
    assert outside(client_environment, places) == {}


def test_the_base_install_brings_no_server_and_no_development_package(client_environment: CleanEnvironment) -> None:
    absent = ("numba", "scipy", "pydantic_settings", "grpc_health", "xarray", "zarr", "av", "pytest", "grpc_tools")

    done = client_environment.run("python", "-c", FIND, "mfn_client", *absent)

    assert done.stdout.strip() == "['mfn_client']", done.stdout + done.stderr


def test_every_module_imports_with_the_run_time_dependencies_alone(server_environment: CleanEnvironment) -> None:
    places = imported(
        server_environment, "mfn_grpc", "mfn_server", "mfn_client", optional={"sklearn", "joserfc", "redis", "requests"}
    )

    assert {"mfn_grpc.core", "mfn_server.app", "mfn_client"} <= set(places)
    assert outside(server_environment, places) == {}


def test_every_entry_point_loads(server_environment: CleanEnvironment) -> None:
    done = server_environment.run("python", "-c", LOAD_ENTRY_POINTS)

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {
        "console_scripts:mfn": True,
        "console_scripts:mfn-server": True,
        "mfn.commands:keys": True,
        "mfn.commands:serve": True,
        "mfn.embedded_server:default": True,
        "mfn.federated_lab:aggregation": False,  # modules, not to be called
        "mfn.federated_lab:attacks": False,
        "mfn.federated_lab:robustness": False,
    }


def test_mfn_explains_itself_where_only_the_client_is_installed(client_environment: CleanEnvironment) -> None:
    done = client_environment.run("mfn", "--help")

    assert done.returncode == 0, done.stderr
    assert "simulate" in done.stdout


@pytest.mark.parametrize(
    "command",
    ["simulate", "nernst", "goldman", "analyze", "models", "health", "demo", "serve", "keys", "certs", "config"],
)
def test_each_command_of_mfn_explains_itself(server_environment: CleanEnvironment, command: str) -> None:
    done = server_environment.run("mfn", command, "--help")

    assert done.returncode == 0, done.stderr
    assert command in done.stdout


def test_mfn_server_explains_itself(server_environment: CleanEnvironment) -> None:
    done = server_environment.run("mfn-server", "--help")

    assert done.returncode == 0, done.stderr
    assert "mfn-server" in done.stdout
