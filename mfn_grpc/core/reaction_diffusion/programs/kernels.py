"""The compiled kernels of a model and stepper; each compiles once a precision, at its first call."""

from functools import cache

from mfn_grpc.core.compiling import Function, jit, specialise
from mfn_grpc.core.features.kernels import watching
from mfn_grpc.core.reaction_diffusion.kernels import mycelium
from mfn_grpc.core.reaction_diffusion.kernels.marching import march
from mfn_grpc.core.reaction_diffusion.kernels.mycelium import mycelium_rows
from mfn_grpc.core.reaction_diffusion.kernels.reacting import reacting_rows
from mfn_grpc.core.reaction_diffusion.kernels.runge_kutta import in_rk4, rk4_rows
from mfn_grpc.core.reaction_diffusion.kernels.two_species import euler_rows, in_euler
from mfn_grpc.core.reaction_diffusion.models import MODELS, TwoSpeciesModel
from mfn_grpc.core.reaction_diffusion.stability import Stepper

_TEMPLATES: dict[Stepper, Function] = {
    Stepper.EULER: euler_rows,
    Stepper.RK4: rk4_rows,
    Stepper.SEMI_IMPLICIT: reacting_rows,
}

USED = {Stepper.EULER: in_euler, Stepper.RK4: in_rk4}
"""Which buffers a stage uses."""


@cache
def reaction_of(name: str) -> Function:
    """The kernel that lets rows of a two-species model react, for SEMI_IMPLICIT."""
    return _specialised(name, Stepper.SEMI_IMPLICIT)


@cache
def march_of(name: str, stepper: Stepper) -> Function:
    """The kernel that makes whole steps of a model, or parts of one, by EULER or RK4."""
    march_name = f"{stepper}_march_{name}"
    if issubclass(MODELS[name], TwoSpeciesModel):
        rows = _specialised(name, stepper)
        return specialise(march, march_name, used=_used(stepper), rows=rows, watching_rows=rows)
    bare = specialise(mycelium_rows, name, tally=jit(mycelium.tally), close_row=jit(mycelium.close_row))
    itself = specialise(mycelium_rows, f"{name}_watched", tally=watching.tally, close_row=watching.close_row)
    return specialise(march, march_name, used=_used(stepper), rows=bare, watching_rows=itself, SELF_WATCHED=0)


def _specialised(name: str, stepper: Stepper) -> Function:
    model = MODELS[name]
    if not issubclass(model, TwoSpeciesModel):
        raise TypeError(f"{name} has no two species")
    return specialise(_TEMPLATES[stepper], f"{stepper}_rows_{name}", kinetics=_compiled(model))


@cache
def _compiled(model: type[TwoSpeciesModel]) -> Function:
    return jit(model.kinetics)


@cache
def _used(stepper: Stepper) -> Function:
    return jit(USED[stepper])
