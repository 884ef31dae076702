"""Adam: gradient steps scaled by running moments of the gradient. Kingma & Ba, ICLR 2015, algorithm 1."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter, refuse, violations_of


@dataclass(frozen=True)
class AdamParameters:
    """The constants of the method, by the names of the paper."""

    learning_rate: float = parameter(0.001, 1e-8, 1, "1", "length of a step, alpha")
    beta_1: float = parameter(0.9, 0, 0.999999, "1", "decay of the first moment")
    beta_2: float = parameter(0.999, 0, 0.999999, "1", "decay of the second moment")
    epsilon: float = parameter(1e-8, 1e-16, 1, "1", "what keeps the division finite")


class AdamState(NamedTuple):
    """What the method remembers: steps made, and both running moments, float64 of the parameters' shape."""

    steps: int
    first_moment: Array
    second_moment: Array


def adam_start(weights: Array) -> AdamState:
    """The state before the first step."""
    return AdamState(0, np.zeros(weights.shape), np.zeros(weights.shape))


def adam_step(weights: Array, gradient: Array, state: AdamState, parameters: AdamParameters) -> tuple[Array, AdamState]:
    """The weights after one step along `gradient` (both of one shape), and the state after it.

    None of the arguments is changed. Raises InvalidInput naming every parameter outside its limits.
    """
    refuse(violations_of(parameters))
    p, steps = parameters, state.steps + 1
    first = p.beta_1 * state.first_moment + (1 - p.beta_1) * gradient
    second = p.beta_2 * state.second_moment + (1 - p.beta_2) * gradient * gradient
    unbiased_first = first / (1 - p.beta_1**steps)
    unbiased_second = second / (1 - p.beta_2**steps)
    following = weights - p.learning_rate * unbiased_first / (np.sqrt(unbiased_second) + p.epsilon)
    return following, AdamState(steps, first, second)
