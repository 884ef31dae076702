"""Streams of random numbers are numbered in one place, and no two share a number."""

import re
from itertools import product
from pathlib import Path

import numpy as np
import pytest

import mfn_grpc.core
from mfn_grpc.core.randomness import Stream, generator

CORE = Path(mfn_grpc.core.__path__[0])


def test_every_stream_has_a_key_of_its_own_that_never_changes() -> None:
    assert {name: int(stream) for name, stream in Stream.__members__.items()} == {
        "INITIAL": 0,
        "GROWTH_EVENTS": 1,
        "JITTER": 2,
        "SURROGATES": 1000,
        "FIELD_PARAMETERS": 1001,
        "WEIGHTS": 1002,
        "DEALT_TARGETS": 1003,
        "RANDOM_ORBIT": 2000,
        "PERTURBATIONS": 3000,
        "RANDOM_SYSTEM": 4000,
        "CHAOS_GAME": 4001,
        "CHANCE_PATTERNS": 4002,
        "CHECK_INPUTS": 5000,
        "BUCKETS": 6000,
        "CLUSTERS": 6001,
        "ATTACK_NOISE": 7000,
        "TEST_SAMPLES": 8000,
        "CLIENT_SHARES": 8001,
    }
    assert len(set(Stream)) == len(Stream.__members__)


def test_no_two_seeds_streams_blocks_or_steps_share_their_numbers() -> None:
    places = list(product((0, 1, 2**63 - 1), Stream, (0, 1, 4096), (0, 1, 10**12)))
    first = [generator(seed, stream, block=block, step=step).integers(2**63) for seed, stream, block, step in places]
    assert len(set(first)) == len(places)


@pytest.mark.parametrize("stream", Stream)
def test_a_generator_is_philox_of_seed_and_stream_from_the_counter_of_its_block_and_step(stream: Stream) -> None:
    expected = np.random.Philox(key=[2**63 - 1, stream.value], counter=[0, 5, 3, 0])
    found = generator(2**63 - 1, stream, step=3, block=5).bit_generator
    assert found.random_raw(8).tolist() == expected.random_raw(8).tolist()


def test_nobody_else_in_the_core_makes_generators() -> None:
    maker = re.compile(r"Philox\(|Generator\(|default_rng|RandomState|SeedSequence")
    sources = {path.relative_to(CORE).as_posix(): path.read_text(encoding="utf-8") for path in CORE.rglob("*.py")}
    assert [path for path, text in sources.items() if maker.search(text)] == ["randomness.py"]
