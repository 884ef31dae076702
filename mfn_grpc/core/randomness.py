"""Random numbers by counter: each follows from (seed, stream, step, block, place), never from what was drawn before.

Philox (Salmon et al., SC 2011) is keyed by seed and stream; its counter starts at (block, step). Every stream of the
core is numbered here and nowhere else, so that no two purposes ever share numbers under one seed.
"""

from enum import IntEnum, unique

import numpy as np


@unique
class Stream(IntEnum):
    """What the numbers are for: one key each, which never changes, because results are promised per seed.

    Of simulations: INITIAL state, GROWTH_EVENTS (block: of steps), JITTER (step, and block: of rows).
    Of early warnings: SURROGATES (block: the feature's number). Of exponents: RANDOM_ORBIT of a function system, and
    first PERTURBATIONS of all. Of the training cycle: FIELD_PARAMETERS, first WEIGHTS, DEALT_TARGETS.
    Of fractals: the maps of a RANDOM_SYSTEM, the draws of a CHAOS_GAME, CHANCE_PATTERNS (block: the pattern's number).
    CHECK_INPUTS: random inputs of the validation. Of aggregation: dealing to BUCKETS and CLUSTERS (step: the round).
    Of attacks: ATTACK_NOISE (step: the round). Of the robustness table: TEST_SAMPLES, CLIENT_SHARES (block: the draw).
    """

    INITIAL = 0
    GROWTH_EVENTS = 1
    JITTER = 2
    SURROGATES = 1000
    FIELD_PARAMETERS = 1001
    WEIGHTS = 1002
    DEALT_TARGETS = 1003
    RANDOM_ORBIT = 2000
    PERTURBATIONS = 3000
    RANDOM_SYSTEM = 4000
    CHAOS_GAME = 4001
    CHANCE_PATTERNS = 4002
    CHECK_INPUTS = 5000
    BUCKETS = 6000
    CLUSTERS = 6001
    ATTACK_NOISE = 7000
    TEST_SAMPLES = 8000
    CLIENT_SHARES = 8001


def generator(seed: int, stream: Stream, *, step: int = 0, block: int = 0) -> np.random.Generator:
    """The generator of one block of one step; seed, step and block in [0, 2^63)."""
    return np.random.Generator(np.random.Philox(key=[seed, int(stream)], counter=[0, block, step, 0]))
