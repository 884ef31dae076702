"""The coordinator is killed at any moment and at every point of storage: nothing is lost, nothing counts twice."""

import os
import random
from pathlib import Path

import pytest

from mfn_server.federation.storage.crash_points import ACKNOWLEDGEMENT, JOURNAL, PAYLOAD
from tests.e2e.federation.campaign import kills_at, random_kills, run_campaign, told
from tests.e2e.federation.conftest import Undisturbed
from tests.e2e.federation.nursery import Nursery

KILLS = int(os.environ.get("MFN_CHAOS_KILLS", "10"))
"""`make chaos` asks for 100."""
ROUNDS = 30
POINTS = (*PAYLOAD, *JOURNAL, *ACKNOWLEDGEMENT)
"""In every gap between write, fsync, rename, commit and acknowledgement of a running federation."""
PASSAGES = 3


@pytest.mark.timeout(600)
def test_killed_at_random_moments_the_models_are_byte_for_byte_those_of_an_undisturbed_run(
    nursery: Nursery, undisturbed: Undisturbed, chaos_seed: int, tmp_path: Path
) -> None:
    kills = random_kills(random.Random(chaos_seed), KILLS, ROUNDS)
    print(told(kills, chaos_seed))  # noqa: T201  # pytest shows it when the test fails
    campaign = run_campaign(nursery, tmp_path / "run", ROUNDS, kills, chaos_seed)
    assert campaign.models == undisturbed(ROUNDS)


@pytest.mark.timeout(600)
def test_killed_at_every_point_of_storage_the_models_are_byte_for_byte_those_of_an_undisturbed_run(
    nursery: Nursery, undisturbed: Undisturbed, chaos_seed: int, tmp_path: Path
) -> None:
    kills = kills_at(random.Random(chaos_seed), POINTS, PASSAGES)
    print(told(kills, chaos_seed))  # noqa: T201  # pytest shows it when the test fails
    campaign = run_campaign(nursery, tmp_path / "run", ROUNDS, kills, chaos_seed)
    assert campaign.models == undisturbed(ROUNDS)
    assert sorted(campaign.by_itself) == sorted(POINTS)
    assert campaign.cuts > 0
