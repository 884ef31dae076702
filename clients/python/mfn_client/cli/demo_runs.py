"""What the demo computes: all its numbers in one place."""

from dataclasses import dataclass

from mfn_client.cli.federated_demo.plan import Plan

SIDE = 256
SEED = 7


@dataclass(frozen=True)
class DemoRun:
    """One run of the demo.

    `species` are streamed and the first is drawn; `measured` is the one whose wavelength is compared with theory.
    `pictures` says whether files are written.
    """

    model: str
    steps: int
    frames: int
    species: tuple[str, ...]
    measured: str
    pictures: bool = False

    @property
    def stride(self) -> int:
        """Steps between frames."""
        return self.steps // self.frames


RUNS = (
    DemoRun("mycelium", 5_000, 50, ("potential_mv", "activator"), "activator", pictures=True),
    DemoRun("gray_scott", 8_000, 50, ("v",), "v", pictures=True),
    # Twelve e-foldings of the fastest mode each, which carry the initial noise to a saturated pattern.
    DemoRun("schnakenberg", 11_000, 20, ("u",), "u"),
    DemoRun("gierer_meinhardt", 8_500, 20, ("u",), "u"),
    DemoRun("brusselator", 4_000, 20, ("u",), "u"),
)

FEDERATED = Plan(participants=10, attackers=2, rounds=5, seed=SEED)
"""The federation at the end."""
