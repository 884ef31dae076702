"""From a spec to a program: the compiled kernels of its model and precision, and the arguments they take."""

from collections.abc import Callable

from mfn_grpc.core.reaction_diffusion.models import Mycelium, TwoSpeciesModel
from mfn_grpc.core.reaction_diffusion.programs.base import March, Pass, Program, Watch
from mfn_grpc.core.reaction_diffusion.programs.blocks import MOST_STEPS, Blocks, even_block
from mfn_grpc.core.reaction_diffusion.programs.explicit import EulerProgram, RungeKuttaProgram
from mfn_grpc.core.reaction_diffusion.programs.mycelium import MyceliumProgram
from mfn_grpc.core.reaction_diffusion.programs.semi_implicit import SemiImplicitProgram
from mfn_grpc.core.reaction_diffusion.spec import SimulationSpec
from mfn_grpc.core.reaction_diffusion.stability import Stepper

__all__ = [
    "MOST_STEPS",
    "Blocks",
    "March",
    "MyceliumProgram",
    "Pass",
    "Program",
    "Watch",
    "even_block",
    "program",
]

_TWO_SPECIES: dict[Stepper, Callable[[SimulationSpec, TwoSpeciesModel], Program]] = {
    Stepper.EULER: EulerProgram,
    Stepper.RK4: RungeKuttaProgram,
    Stepper.SEMI_IMPLICIT: SemiImplicitProgram,
}


def program(spec: SimulationSpec) -> Program:
    """The program of a valid spec."""
    if isinstance(spec.model, Mycelium):
        return MyceliumProgram(spec, spec.model)
    if isinstance(spec.model, TwoSpeciesModel):
        return _TWO_SPECIES[spec.stepper](spec, spec.model)
    raise TypeError(f"no program computes {type(spec.model).__name__}")
