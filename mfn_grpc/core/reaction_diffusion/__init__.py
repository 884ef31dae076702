"""Reaction-diffusion fields: models, specs, simulations and their linear stability."""

from mfn_grpc.core.reaction_diffusion.boundary import AxisBoundary, BoundaryCondition, BoundaryKind
from mfn_grpc.core.reaction_diffusion.choice import StepperChoice, choose_stepper
from mfn_grpc.core.reaction_diffusion.ensemble import Ensemble, Members
from mfn_grpc.core.reaction_diffusion.models import (
    MODELS,
    Brusselator,
    FitzhughNagumo,
    GiererMeinhardt,
    GrayScott,
    Model,
    Mycelium,
    Schnakenberg,
    Species,
    TwoSpeciesModel,
)
from mfn_grpc.core.reaction_diffusion.simulation import (
    NUMERICS_VERSION,
    Checkpoint,
    Simulation,
    simulate_reference,
    state_bytes,
    warm_up,
)
from mfn_grpc.core.reaction_diffusion.spec import (
    MAX_EDGE,
    MIN_EDGE,
    Precision,
    SimulationSpec,
    analyze,
    validate,
    value_violations,
)
from mfn_grpc.core.reaction_diffusion.stability import StabilityReport, Stepper

__all__ = [
    "MAX_EDGE",
    "MIN_EDGE",
    "MODELS",
    "NUMERICS_VERSION",
    "AxisBoundary",
    "BoundaryCondition",
    "BoundaryKind",
    "Brusselator",
    "Checkpoint",
    "Ensemble",
    "FitzhughNagumo",
    "GiererMeinhardt",
    "GrayScott",
    "Members",
    "Model",
    "Mycelium",
    "Precision",
    "Schnakenberg",
    "Simulation",
    "SimulationSpec",
    "Species",
    "StabilityReport",
    "Stepper",
    "StepperChoice",
    "TwoSpeciesModel",
    "analyze",
    "choose_stepper",
    "simulate_reference",
    "state_bytes",
    "validate",
    "value_violations",
    "warm_up",
]
