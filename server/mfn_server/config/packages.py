"""Packages that only some settings need, and that a server may be installed without."""

from importlib.util import find_spec


def needed(module: str, *, extra: str) -> None:
    """Refuse a setting whose package is not installed; raises ValueError that names the extra which brings it."""
    if find_spec(module) is None:
        raise ValueError(f"needs the package {module}: pip install 'mfn-grpc[{extra}]'")
