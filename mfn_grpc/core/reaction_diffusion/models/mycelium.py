"""The mycelium model: a membrane potential that diffuses, grows in bursts and is raised by a Turing pattern.

What is established: the activator-inhibitor pair is Gierer-Meinhardt's in discrete time, so its Turing instability is
that of `stability`. What is a design choice: how the pair raises the potential, the leak to rest, and the events.
"""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import Violation, parameter
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator
from mfn_grpc.core.reaction_diffusion.models.base import Model, Species, draw, scatter
from mfn_grpc.core.reaction_diffusion.models.gierer_meinhardt import GiererMeinhardt
from mfn_grpc.core.reaction_diffusion.stability import TuringSystem

REST_MV = -70.0
INITIAL_SPREAD_MV = 5.0
LOWEST_MV, HIGHEST_MV = -95.0, 40.0


@dataclass(frozen=True)
class Mycelium(Model):
    """Parameters of the mycelium model; time in steps, length in cells."""

    name = "mycelium"
    title = "Mycelium membrane potential"
    equations = (
        "V += alpha lap V + leak (-70 - V) + coupling max(a - threshold, 0) + jitter + growth events, in [-95, 40] mV; "
        "a += Da lap a + rate (source - a + a^2 / h); h += Dh lap h + rate (a^2 - h)"
    )
    reference = "Gierer & Meinhardt, Kybernetik 12:30 (1972) for the pair; the potential is this project's"
    species: ClassVar[tuple[Species, ...]] = (Species("potential_mv", "mV"), Species("activator"), Species("inhibitor"))
    default_dt = 1.0

    alpha: float = parameter(0.18, 0, 0.25, "1", "diffusion number of the potential, stable up to (2 - leak_rate) / 8")
    spike_probability: float = parameter(0.25, 0, 1, "1", "probability of a growth event a step")
    turing_enabled: bool = parameter(True, 0, 1, "1", "whether the activator-inhibitor pair reacts")
    turing_threshold: float = parameter(1.5, 0, 100, "1", "activator level above which the potential is raised")
    turing_coupling_mv: float = parameter(0.5, 0, 10, "mV", "rise per step for each unit of activator above it")
    leak_rate: float = parameter(0.02, 0, 1, "1", "share of the distance to rest lost each step")
    activator_diffusion: float = parameter(0.01, 0, 0.25, "1", "diffusion number of the activator")
    inhibitor_diffusion: float = parameter(0.2, 0, 0.25, "1", "diffusion number of the inhibitor")
    reaction_rate: float = parameter(0.01, 0, 0.5, "1", "rate of the activator-inhibitor kinetics per step")
    activator_source: float = parameter(0.1, 0.001, 10, "1", "basal production of the activator")
    quantum_jitter: bool = parameter(False, 0, 1, "1", "whether noise is added to every cell at every step")
    jitter_var: float = parameter(0.01, 0, 25, "mV^2", "variance of that noise")

    def violations(self) -> list[Violation]:
        """Parameters outside their ranges, and an alpha whose steepest mode the leak tips over.

        A step multiplies the checkerboard, whose eigenvalue is -8, by 1 - leak_rate - 8 alpha: no less than -1.
        """
        found = super().violations()
        largest = (2 - self.leak_rate) / 8
        if largest < self.alpha <= 0.25:
            text = f"is {self.alpha}, must be at most {largest} with leak_rate {self.leak_rate} to be stable"
            found.append(Violation("alpha", str(self.alpha), text))
        return found

    def turing_system(self) -> TuringSystem:
        """Gierer-Meinhardt with rates per step; with Turing off the pair only diffuses, so it has no steady state."""
        diffusion = self.activator_diffusion, self.inhibitor_diffusion
        names = "activator", "inhibitor"
        if not self.turing_enabled:
            return TuringSystem(names, diffusion, (), ())
        pair = GiererMeinhardt(a=self.activator_source)
        states = pair.steady_states()
        return TuringSystem(names, diffusion, states, tuple(self.reaction_rate * pair.jacobian(*s) for s in states))

    @property
    def diffusion(self) -> tuple[float, ...]:
        """Diffusion numbers of the potential, the activator and the inhibitor."""
        return self.alpha, self.activator_diffusion, self.inhibitor_diffusion

    def start(self, state: Array, seed: int) -> Pieces[None]:
        """Rest with a Gaussian spread of 5 mV; the pair at its steady state with uniform noise of +- 0.01."""
        rng = generator(seed, Stream.INITIAL)
        activator, inhibitor = GiererMeinhardt(a=self.activator_source).steady_states()[0]
        yield from draw(state[0], lambda band: _resting(rng, band.shape))
        yield from scatter(state[1], activator, rng)
        yield from scatter(state[2], inhibitor, rng)


def _resting(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    """Potentials about rest, in mV."""
    return np.clip(REST_MV + INITIAL_SPREAD_MV * rng.standard_normal(shape), LOWEST_MV, HIGHEST_MV)
