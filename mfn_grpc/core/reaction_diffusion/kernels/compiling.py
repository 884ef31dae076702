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
    """Compile without the GIL, cached on disk; IEEE arithmetic in source order, division by zero as in numpy."""
    compiled: Function = numba.njit(nogil=True, cache=True, error_model="numpy")(function)
    return compiled


def specialise(template: Function, name: str, **bindings: Function) -> Function:
    """Compile a copy of `template` in which each name of `bindings` is that function.

    The copy's qualified name carries a digest of the template and of all it binds: numba's cache looks at the
    template's file only, and would serve an old kernel after a change of the kinetics in another file.
    """
    plain = cast("FunctionType", template)
    copy = FunctionType(plain.__code__, {**plain.__globals__, **bindings}, name)
    copy.__module__ = template.__module__
    copy.__qualname__ = f"{name}_{_digest(template, *bindings.values())}"
    return jit(copy)


def _digest(*functions: Any) -> str:
    digest = hashlib.sha256()
    for function in functions:
        plain = getattr(function, "py_func", function)
        code = plain.__code__
        digest.update(repr((plain.__qualname__, code.co_code, code.co_names, code.co_consts)).encode())
    return digest.hexdigest()[:12]
