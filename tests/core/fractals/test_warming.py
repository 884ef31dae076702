import importlib
import pkgutil
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.fractals import (
    BoxBase,
    BoxCountOptions,
    Estimator,
    FractalOptions,
    NullOptions,
    analyze,
    chaos_game,
    kernels,
    lacunarity,
    random_contractive,
    rasterize,
    warm_up,
)
from mfn_grpc.core.pieces import finish
from tests.core.fractals.cases import noise


def all_kernels() -> Iterator[Any]:
    for module in pkgutil.iter_modules(kernels.__path__):
        loaded = importlib.import_module(f"{kernels.__name__}.{module.name}")
        yield from (each for each in vars(loaded).values() if hasattr(each, "py_func"))


def signatures() -> dict[str, int]:
    return {kernel.py_func.__name__: len(kernel.signatures) for kernel in all_kernels()}


@pytest.fixture(scope="module")
def warm() -> dict[str, int]:
    warm_up()
    return signatures()


def test_every_kernel_is_compiled(warm: dict[str, int]) -> None:
    assert len(warm) == 9
    assert min(warm.values()) >= 1


@pytest.mark.parametrize("writeable", [True, False])
@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.float64, np.float32])
@pytest.mark.parametrize("base", BoxBase)
@pytest.mark.parametrize("minimize", [True, False])
def test_nothing_is_compiled_after_warming_up(
    warm: dict[str, int], dtype: Any, base: BoxBase, *, minimize: bool, writeable: bool
) -> None:
    field = np.asfortranarray(noise(40, 0.3)[:, ::2].astype(dtype))
    field.flags.writeable = writeable
    options = FractalOptions(
        0.5 if np.dtype(dtype).kind == "f" else None,
        tuple(Estimator),
        BoxCountOptions(base, crop_to_bounding_box=minimize, minimize_over_offsets=minimize),
        NullOptions(samples=10),
        (1, 2),
        (-1.0, 1.0),
    )
    finish(analyze(field, options))
    finish(lacunarity(field, (1, 2)))
    points = chaos_game(random_contractive(0, 3), 10, 0)
    points.flags.writeable = writeable
    rasterize(points, (5, 7), (0, -1), (1, 1))
    assert signatures() == warm
