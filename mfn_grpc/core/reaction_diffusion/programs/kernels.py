"""The compiled kernels of a model and stepper; each compiles once a precision, at its first call."""

from functools import cache

from mfn_grpc.core.compiling import Function, jit, specialise
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
def rows_of(name: str, stepper: Stepper) -> Function:
    """The kernel that does rows of a model's pass."""
    model = MODELS[name]
    if not issubclass(model, TwoSpeciesModel):
        return jit(mycelium_rows)
    return specialise(_TEMPLATES[stepper], f"{stepper}_rows_{name}", kinetics=_compiled(model))


@cache
def march_of(name: str, stepper: Stepper) -> Function:
    """The kernel that makes whole steps of a model, by EULER or RK4."""
    return specialise(march, f"{stepper}_march_{name}", used=_used(stepper), rows=rows_of(name, stepper))


@cache
def _compiled(model: type[TwoSpeciesModel]) -> Function:
    return jit(model.kinetics)


@cache
def _used(stepper: Stepper) -> Function:
    return jit(USED[stepper])
