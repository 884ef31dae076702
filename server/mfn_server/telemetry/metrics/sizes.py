"""Labels of a simulation's size: a few, whatever callers ask for."""

from mfn_grpc.core.reaction_diffusion import MODELS, SimulationSpec
from mfn_server.telemetry.metrics.declared import Label

Labels = tuple[str, str, str]
GRIDS = (64, 256, 1024, 4096)
"""Edges; a grid is labelled with the smallest square that has as many cells, `1024x1024` for instance."""
STEPS = (100, 1_000, 10_000, 100_000)
"""A run is labelled with the smallest of these that it does not exceed; longer ones with `more`."""
MORE = "more"
MODEL = Label("model", tuple(MODELS))

LABELS = (
    MODEL,
    Label("grid", tuple(f"{edge}x{edge}" for edge in GRIDS)),
    Label("steps", (*map(str, STEPS), MORE)),
)


def labels_of(spec: SimulationSpec) -> Labels:
    """Model, grid and steps of a run."""
    return spec.model.name, grid_label(spec.cells), steps_label(spec.steps)


def grid_label(cells: int) -> str:
    """The smallest square that has as many cells."""
    edge = next((edge for edge in GRIDS if edge * edge >= cells), GRIDS[-1])
    return f"{edge}x{edge}"


def steps_label(steps: int) -> str:
    """The smallest bound that so many steps do not exceed."""
    return next((str(bound) for bound in STEPS if bound >= steps), MORE)
