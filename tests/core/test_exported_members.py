from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

import pytest

import mfn_grpc.core

ROOMS = [found.name for found in iter_modules(mfn_grpc.core.__path__) if found.ispkg]


def test_the_rooms_of_the_core_were_found() -> None:
    assert {"dynamics", "features", "fractals", "learning", "reaction_diffusion", "validation"} <= set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_exported_is_what_is_public(room: str) -> None:
    package = import_module(f"mfn_grpc.core.{room}")
    public = {name for name, value in vars(package).items() if not name.startswith("_")}
    modules = {name for name in public if isinstance(vars(package)[name], ModuleType)}
    assert set(package.__all__) == public - modules
    assert package.__all__ == sorted(package.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
