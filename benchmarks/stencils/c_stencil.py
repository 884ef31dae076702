"""stencil.c, compiled for this processor, working in the memory of one of our simulations.

Where buffers lie decides up to a quarter of a stencil's speed (a store and a later load whose addresses agree in their
last twelve bits wait for each other), so the C program and our kernel take turns in the same memory.
"""

import ctypes
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mfn_grpc.core.reaction_diffusion import GrayScott, Simulation

SOURCE = Path(__file__).with_name("stencil.c")
FLAGS = ("-O3", "-march=native", "-shared", "-fPIC")


class _Coefficients(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_double) for name in ("diffusion_u", "diffusion_v", "feed", "kill", "dt"))


def compiler() -> str | None:
    """Where gcc is, if it is."""
    return shutil.which("gcc")


@contextmanager
def compiled() -> Iterator[ctypes.CDLL]:
    """The library; its file is deleted when the context ends. Raises CalledProcessError when gcc refuses."""
    with tempfile.TemporaryDirectory(prefix="mfn-stencil-") as directory:
        library = Path(directory) / "stencil.so"
        subprocess.run([compiler() or "gcc", *FLAGS, "-o", library, SOURCE], check=True)
        yield ctypes.CDLL(str(library))


class CStencil:
    """Advances a periodic float64 Gray-Scott simulation of spacing 1, in the simulation's own two buffers."""

    def __init__(self, library: ctypes.CDLL, simulation: Simulation) -> None:
        """Take over the buffers; makes one step with our kernel, to learn where the other buffer is."""
        spec, model = simulation.spec, simulation.spec.model
        if not isinstance(model, GrayScott) or spec.dtype != np.float64:
            raise TypeError("the C stencil computes Gray-Scott in float64 only")
        other = _planes(simulation.state)
        simulation.advance(1)
        self._buffers = *_planes(simulation.state), *other
        self._shape = ctypes.c_long(spec.shape[0]), ctypes.c_long(spec.shape[1])
        numbers = model.diffusion_u, model.diffusion_v, model.feed, model.kill, spec.time_step
        self._coefficients = _Coefficients(*numbers)
        self._gray_scott = library.gray_scott
        self._simulation = simulation  # keeps the memory alive

    def advance(self, steps: int) -> None:
        """Make an even number of steps, so that the result is where the simulation expects its state."""
        if steps % 2:
            raise ValueError(f"steps is {steps}, must be even")
        self._gray_scott(*self._shape, ctypes.c_long(steps), ctypes.byref(self._coefficients), *self._buffers)


def _planes(state: np.ndarray[Any, np.dtype[Any]]) -> tuple[ctypes.c_void_p, ctypes.c_void_p]:
    """Where the padded fields of u and v begin; `state` is the view inside their ghost cells."""
    first = state.ctypes.data - state.strides[1] - state.strides[2]
    return ctypes.c_void_p(first), ctypes.c_void_p(first + state.strides[0])
