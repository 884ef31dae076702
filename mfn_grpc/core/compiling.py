"""How kernels are compiled: one template, specialised once for each model, cached on disk.

A template is a plain function that calls names it does not define (`kinetics`, `rows`). `specialise` binds them and
compiles the copy. Closures would do the same, but numba cannot cache a closure over a compiled function.
"""

import hashlib
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

import numba

Function = Callable[..., Any]


def jit(function: Function) -> Function:
    """Compile without the GIL, cached on disk; IEEE arithmetic in source order, division by zero as in numpy.

    Where no directory can be written (NUMBA_CACHE_DIR names one), every process compiles for itself.
    """
    return _compiled(function, fastmath=False)


def jit_sums(function: Function) -> Function:
    """The same, but sums are taken in whatever order suits the processor, which then adds several numbers at once.

    For sums over a row that no state depends on: their last bits may differ between types of processor.
    """
    return _compiled(function, fastmath={"reassoc", "contract"})


def _compiled(function: Function, **options: Any) -> Function:
    try:
        compiled: Function = numba.njit(nogil=True, cache=True, error_model="numpy", **options)(function)
    except RuntimeError:
        compiled = numba.njit(nogil=True, error_model="numpy", **options)(function)
    return compiled


def specialise(template: Function, name: str, *, inlined: bool = False, **bindings: Function | int) -> Function:
    """Compile a copy of `template` in which each name of `bindings` is that function or number.

    inlined: its code is put where it is called, whatever its size, so that the compiler knows there what it works on.

    The copy's qualified name carries a digest of the template, of all compiled functions it calls and of the numbers it
    names: numba's cache looks at the template's file only, and would serve an old kernel after a change in another.
    """
    plain = cast("FunctionType", template)
    copy = FunctionType(plain.__code__, {**plain.__globals__, **bindings}, name)
    copy.__module__ = template.__module__
    copy.__qualname__ = f"{name}_{_digest(copy)}"
    return _compiled(copy, fastmath=False, inline="always" if inlined else "never")


def _digest(function: FunctionType) -> str:
    code, digest = function.__code__, hashlib.sha256()
    digest.update(repr((code.co_code, code.co_names, code.co_consts)).encode())
    for name in code.co_names:
        value = function.__globals__.get(name)
        if called := getattr(value, "py_func", None):
            digest.update(_digest(called).encode())
        elif isinstance(value, int | float):
            digest.update(repr((name, value)).encode())
    return digest.hexdigest()[:12]
