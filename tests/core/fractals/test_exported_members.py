from types import ModuleType

from mfn_grpc.core import fractals


def test_what_is_exported_is_what_is_public() -> None:
    public = {name for name, value in vars(fractals).items() if not name.startswith("_")}
    modules = {name for name in public if isinstance(vars(fractals)[name], ModuleType)}
    assert set(fractals.__all__) == public - modules
    assert fractals.__all__ == sorted(fractals.__all__, key=lambda name: (not name.isupper(), name.islower(), name))
