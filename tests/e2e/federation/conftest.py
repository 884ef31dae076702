"""What the tests of faults share: servers that start at once, and what federations come to undisturbed."""

import os
import random
from collections.abc import Callable, Iterator, Mapping

import pytest

from tests.e2e.federation.campaign import run_campaign
from tests.e2e.federation.nursery import Nursery, nursing

Undisturbed = Callable[[int], Mapping[str, bytes]]


@pytest.fixture(scope="session")
def nursery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nursery]:
    """Starts servers; none outlives the tests."""
    with nursing(tmp_path_factory.mktemp("logs")) as found:
        yield found


@pytest.fixture(scope="session")
def undisturbed(nursery: Nursery, tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """`undisturbed(rounds)` is the SHA-256 of each last model of a campaign in which nothing happens."""
    known: dict[int, Mapping[str, bytes]] = {}

    def models(rounds: int) -> Mapping[str, bytes]:
        if rounds not in known:
            folder = tmp_path_factory.mktemp("undisturbed")
            known[rounds] = run_campaign(nursery, folder / "run", rounds, [], seed=0).models
        return known[rounds]

    return models


@pytest.fixture(scope="session")
def chaos_seed() -> int:
    """Another one in every run, or MFN_CHAOS_SEED."""
    return int(os.environ.get("MFN_CHAOS_SEED") or random.SystemRandom().randrange(10**6))
