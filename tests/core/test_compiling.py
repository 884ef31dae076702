import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import pytest

from mfn_grpc.core.compiling import jit, specialise
from tests.core.reaction_diffusion.cases import compiled_kernels


def inner(x: Any) -> Any:
    raise AssertionError("bound by specialise")


def template(x: Any) -> Any:
    return inner(x) + x


def helper(x: Any) -> Any:
    raise AssertionError("replaced by the test")


def with_helper(x: Any) -> Any:
    return inner(x) + helper(x)


def double(x: Any) -> Any:
    return x + x


def square(x: Any) -> Any:
    return x * x


@pytest.fixture
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels made here are cached here; those of the library keep their place."""
    compiled_kernels()
    monkeypatch.setattr(numba.core.config, "CACHE_DIR", str(tmp_path))


def name_of(compiled: Any) -> str:
    return str(compiled.py_func.__qualname__)


def test_each_specialisation_calls_what_it_was_bound_to(own_cache: None) -> None:
    doubling = specialise(template, "doubling", inner=jit(double))
    squaring = specialise(template, "squaring", inner=jit(square))
    assert (doubling(5.0), squaring(5.0)) == (15.0, 30.0)
    with pytest.raises(AssertionError):
        template(5.0)


def test_a_specialisation_is_named_after_itself_and_all_that_it_calls(own_cache: None) -> None:
    one = name_of(specialise(template, "copy", inner=jit(double)))
    assert one.startswith("copy_")
    assert one == name_of(specialise(template, "copy", inner=jit(double)))
    assert one != name_of(specialise(template, "copy", inner=jit(square)))
    nested = [specialise(template, "copy", inner=specialise(template, "inner", inner=jit(f))) for f in (double, square)]
    assert len({one, *map(name_of, nested)}) == 3


def test_no_two_models_or_steppers_share_a_kernel() -> None:
    kernels = compiled_kernels()
    assert len({name_of(kernel) for kernel in kernels}) == len(kernels)
    assert len({id(kernel.py_func) for kernel in kernels}) == len(kernels)


def test_kernels_release_the_gil_and_keep_ieee_arithmetic() -> None:
    for kernel in compiled_kernels():
        assert kernel.targetoptions["nogil"] is True
        assert kernel.targetoptions["nopython"] is True
        assert kernel.targetoptions["error_model"] == "numpy"
        assert not kernel.targetoptions.get("fastmath")
        assert not kernel.targetoptions.get("parallel")


def test_kernels_are_cached_on_disk() -> None:
    for kernel in compiled_kernels():
        assert Path(kernel.stats.cache_path).is_dir()


def test_another_process_gives_kernels_the_same_names(tmp_path: Path) -> None:
    program = (
        "from tests.core.reaction_diffusion.cases import compiled_kernels\n"
        "print(*(kernel.py_func.__qualname__ for kernel in compiled_kernels()))"
    )
    settings = {"PYTHONPATH": os.pathsep.join(sys.path), "NUMBA_CACHE_DIR": str(tmp_path)}
    finished = subprocess.run(
        [sys.executable, "-c", program], env=os.environ | settings, capture_output=True, text=True, check=True
    )
    assert finished.stdout.split() == [name_of(kernel) for kernel in compiled_kernels()]


def test_the_cache_serves_a_kernel_only_while_all_that_it_calls_is_the_same(
    own_cache: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The template's code and file, at which numba looks, never change here."""

    def result(kinetics: Any, helper: Any) -> tuple[float, int]:
        monkeypatch.setitem(globals(), "helper", jit(helper))
        kernel: Any = specialise(with_helper, "kernel", inner=jit(kinetics))
        return kernel(3.0), sum(kernel.stats.cache_hits.values())

    assert result(square, double) == (15.0, 0)
    assert result(square, double) == (15.0, 1)
    assert result(double, double) == (12.0, 0)
    assert result(double, square) == (15.0, 0)
    assert result(square, double) == (15.0, 1)


def test_where_no_cache_can_be_kept_kernels_are_compiled_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    njit = numba.njit

    def nowhere(**options: Any) -> Any:
        if options.get("cache"):
            raise RuntimeError("cannot cache function: no locator available")
        return njit(**options)

    monkeypatch.setattr(numba, "njit", nowhere)
    double = jit(lambda x: x + x)
    assert double(21.0) == 42.0
