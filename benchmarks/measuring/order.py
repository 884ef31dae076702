"""The order of the subjects in the table: the work itself, the way to it, aggregation and federation, the rest."""

from collections.abc import Iterable

FIRST = (
    "kernel",
    "py_pde",
    "large_grids",
    "two_cores",
    "precision",
    "features",
    "chain",
    "nernst_batch",
    "stream_frames",
    "stream_chain",
    "rules",
    "federation_upload",
    "federation",
    "cancel",
    "health",
    "first_frame",
    "stream_memory",
    "fractals",
    "imports",
    "ensemble",
    "growth",
)
"""Those of which the design asks something, in its order; a subject that is not named follows them."""


def in_order(subjects: Iterable[str]) -> list[str]:
    """The named ones in their order, then the others by name."""
    places = {name: place for place, name in enumerate(FIRST)}
    return sorted(subjects, key=lambda name: (places.get(name, len(FIRST)), name))
