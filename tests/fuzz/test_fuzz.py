"""Whatever a caller sends to whatever method, the answer is an answer or a refusal with a reason, and nothing grows.

2,000 requests of a fixed seed; `make fuzz` sends MFN_FUZZ_REQUESTS of them, with metadata and frames beside.
"""

import os
import random
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest
from google.protobuf.message import DecodeError
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.fuzz.calls import ENDLESS, FEDERATION, TARGETS, TYPES, VALID, drawn_call, valid
from tests.fuzz.framing import KINDS
from tests.fuzz.hammering import AT_ONCE, Case, Hammer
from tests.fuzz.process import KEY, Holdings, Victim
from tests.server.calling import METHODS, path_of

SEED = int(os.environ.get("MFN_FUZZ_SEED", "20240229"))
REQUESTS = int(os.environ.get("MFN_FUZZ_REQUESTS", "2000"))
SHARES = {"messages": 0.7, "metadata": 0.15, "frames": 0.15}
GROWTH_MIB = 48.0
"""Heap that is used once and kept: of threads, of connections at the same time, of federations that were created."""
GROWTH_FILES, GROWTH_THREADS, GROWTH_TASKS = 64, 8, 64
"""Federations that were created keep their files and tasks; there are as many of them as the drawn names allow."""
DEFECT = "unexpected error"
"""In the log line of every call that failed by a fault of the server's own; grpc logs what it cannot read itself."""

pytestmark = pytest.mark.timeout(max(120, REQUESTS // 10))
whole = st.integers(0, 2**64 - 1)
paths = st.sampled_from(sorted(TARGETS))


def batches(share: str) -> settings:
    """So many batches as a share of all requests needs; what fails is made smaller, and no example is kept on disk."""
    count = max(1, round(REQUESTS * SHARES[share] / AT_ONCE))
    phases = (Phase.generate, Phase.shrink)
    return settings(max_examples=count, database=None, phases=phases, suppress_health_check=list(HealthCheck))


def batch_of(case: st.SearchStrategy[Case]) -> st.SearchStrategy[list[Case]]:
    return st.lists(case, min_size=AT_ONCE, max_size=AT_ONCE)


@dataclass
class Attack:
    """A victim, its attacker, and what the victim held before."""

    victim: Victim
    hammer: Hammer
    before: Holdings

    def fine(self) -> None:
        """Every call that is fine still is."""
        for path in VALID.keys() - ENDLESS:
            assert self.hammer.answers(path, valid(path)), path


@pytest.fixture(scope="module")
def attack() -> Iterator[Attack]:
    """One for all tests of this file: what is left behind by the first is found by the last."""
    with closing(Victim()) as victim, closing(Hammer(victim.target, KEY)) as hammer:
        for path in (path_of(METHODS[name]) for name in FEDERATION):
            if path not in ENDLESS:
                assert hammer.answers(path, valid(path)), path
        attack = Attack(victim, hammer, victim.quiet())
        attack.fine()
        hammer.calls([Case(path, number) for path in sorted(TARGETS) for number in range(4)])
        attack.before = victim.quiet()
        yield attack


@seed(SEED)
@batches("messages")
@given(batch_of(st.builds(Case, paths, whole)))
def test_nothing_that_a_caller_sends_ends_as_unknown_or_internal(attack: Attack, cases: list[Case]) -> None:
    attack.hammer.calls(cases)
    assert attack.hammer.codes.keys().isdisjoint({"UNKNOWN", "INTERNAL"})


@seed(SEED)
@batches("metadata")
@given(batch_of(st.builds(Case, paths, whole, st.just(True))))
def test_nor_does_any_metadata(attack: Attack, cases: list[Case]) -> None:
    attack.hammer.calls(cases)
    assert attack.hammer.codes.keys().isdisjoint({"UNKNOWN", "INTERNAL"})


@seed(SEED)
@batches("frames")
@given(st.lists(st.tuples(st.sampled_from(sorted(KINDS)), whole), min_size=AT_ONCE, max_size=AT_ONCE))
def test_frames_that_are_no_grpc_end_their_own_connection_at_most(attack: Attack, cases: list[tuple[str, int]]) -> None:
    attack.hammer.connections(cases)
    assert attack.hammer.connects()


def test_after_all_of_it_the_server_answers_and_holds_no_more_than_before(attack: Attack) -> None:
    attack.fine()
    before, after = attack.before, attack.victim.quiet()
    counts = ", ".join(f"{how} {count:,}" for how, count in attack.hammer.codes.most_common())
    sys.stdout.write(f"{attack.hammer.codes.total():,} requests: {counts}\nbefore: {before}\nafter:  {after}\n")
    assert after.own["tasks"] - before.own["tasks"] <= GROWTH_TASKS
    assert after.memory_mib - before.memory_mib <= GROWTH_MIB
    assert after.files - before.files <= GROWTH_FILES
    assert after.threads - before.threads <= GROWTH_THREADS
    assert DEFECT not in attack.victim.log


def test_the_fuzz_reaches_valid_and_invalid_requests_alike() -> None:
    """Else it would prove nothing: among its messages are some that parse and some that do not."""
    rng, parsed = random.Random(1), {True: 0, False: 0}
    for path in sorted(TYPES) * 10:
        for raw in drawn_call(path, rng):
            try:
                TYPES[path].FromString(raw)
                parsed[True] += 1
            except DecodeError:
                parsed[False] += 1
    assert parsed[True] > 100
    assert parsed[False] > 20
