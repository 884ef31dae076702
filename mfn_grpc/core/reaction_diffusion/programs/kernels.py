"""The compiled kernels of a model and stepper; each compiles once a precision, at its first call."""

from functools import cache

from mfn_grpc.core.compiling import Function, jit, specialise
from mfn_grpc.core.features.kernels import watching
from mfn_grpc.core.reaction_diffusion.kernels import mycelium
from mfn_grpc.core.reaction_diffusion.kernels.marching import march
from mfn_grpc.core.reaction_diffusion.kernels.mycelium import mycelium_cell, mycelium_row, mycelium_rows
from mfn_grpc.core.reaction_diffusion.kernels.reacting import reacting_rows
from mfn_grpc.core.reaction_diffusion.kernels.runge_kutta import in_rk4, rk4_rows
from mfn_grpc.core.reaction_diffusion.kernels.two_species import euler_cell, euler_row, euler_rows, in_euler
from mfn_grpc.core.reaction_diffusion.kernels.wavefront import wavefront
from mfn_grpc.core.reaction_diffusion.models import MODELS, TwoSpeciesModel
from mfn_grpc.core.reaction_diffusion.stability import Stepper

USED = {Stepper.EULER: in_euler, Stepper.RK4: in_rk4}
"""Which buffers a stage uses."""


@cache
def reaction_of(name: str) -> Function:
    """The kernel that lets rows of a two-species model react, for SEMI_IMPLICIT."""
    return specialise(reacting_rows, f"semi_implicit_rows_{name}", kinetics=_compiled(name))


@cache
def march_of(name: str, stepper: Stepper) -> Function:
    """The kernel that makes whole steps of a model, or parts of one, by EULER or RK4."""
    march_name, used = f"{stepper}_march_{name}", jit(USED[stepper])
    if not _has_two_species(name):
        bare = _mycelium_rows(name, jit(mycelium.tally), jit(mycelium.close_row))
        itself = _mycelium_rows(f"{name}_watched", watching.tally, watching.close_row)
        return specialise(march, march_name, used=used, rows=bare, watching_rows=itself, SELF_WATCHED=0)
    if stepper is Stepper.RK4:
        rows = specialise(rk4_rows, f"{stepper}_rows_{name}", kinetics=_compiled(name))
    else:
        rows = specialise(euler_rows, f"{stepper}_rows_{name}", cell=_cell_of(name))
    return specialise(march, march_name, used=used, rows=rows, watching_rows=rows)


@cache
def wavefront_of(name: str) -> Function:
    """The kernel that makes several steps of a model by EULER in one pass over the rows."""
    template = euler_row if _has_two_species(name) else mycelium_row
    row = specialise(template, f"{Stepper.EULER}_row_{name}", inlined=True, cell=_cell_of(name))
    return specialise(wavefront, f"wavefront_{name}", row=row)


@cache
def _cell_of(name: str) -> Function:
    """The arithmetic of one cell in an EULER step."""
    if _has_two_species(name):
        return specialise(euler_cell, f"{Stepper.EULER}_cell_{name}", kinetics=_compiled(name))
    return jit(mycelium_cell)


def _mycelium_rows(name: str, tally: Function, close_row: Function) -> Function:
    return specialise(mycelium_rows, name, cell=_cell_of("mycelium"), tally=tally, close_row=close_row)


def _has_two_species(name: str) -> bool:
    return issubclass(MODELS[name], TwoSpeciesModel)


@cache
def _compiled(name: str) -> Function:
    model = MODELS[name]
    if not issubclass(model, TwoSpeciesModel):
        raise TypeError(f"{name} has no two species")
    return jit(model.kinetics)
