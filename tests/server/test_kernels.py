"""Which kernels are compiled, when, and that a service which says it serves compiles none."""

import os
import subprocess
import sys
from collections.abc import Callable

import pytest

from mfn_server.kernels import WARM_UPS, Group, Kernels
from tests.server import late_compiling

FEW = Group.EARLY_WARNING, Group.FEATURES


class Noted:
    """Warm-ups that do nothing but note themselves; those of `broken` fail."""

    def __init__(self, *broken: Group) -> None:
        self.compiled, self._broken = list[Group](), broken

    def kernels(self) -> Kernels:
        return Kernels({group: self._warm_up(group) for group in Group})

    def _warm_up(self, group: Group) -> Callable[[], None]:
        def warm_up() -> None:
            self.compiled.append(group)
            if group in self._broken:
                raise RuntimeError("no compiler")

        return warm_up


async def test_each_group_is_compiled_once_however_many_ask_and_in_what_order() -> None:
    noted = Noted()
    kernels = noted.kernels()
    kernels.start(FEW)
    for _ in range(3):
        kernels.start()
    await kernels.wait(tuple(Group))
    assert sorted(noted.compiled) == sorted(Group)
    assert set(noted.compiled[:2]) == set(FEW)
    assert kernels.usable(tuple(Group))


async def test_the_log_says_which_groups_are_being_compiled(caplog: pytest.LogCaptureFixture) -> None:
    kernels = Noted().kernels()
    with caplog.at_level("INFO", "mfn_server.kernels"):
        kernels.start(FEW)
        await kernels.wait(FEW)
        kernels.start([Group.LEARNING])
        await kernels.wait([Group.LEARNING])
    begun = "compiling kernels, or loading them from the cache: "
    assert caplog.messages == [begun + "1 of 2, features", begun + "2 of 2, early warning", begun + "3 of 3, learning"]


async def test_only_what_was_asked_for_is_compiled() -> None:
    noted = Noted()
    kernels = noted.kernels()
    kernels.start(FEW)
    await kernels.wait(FEW)
    assert sorted(noted.compiled) == sorted(FEW)
    assert kernels.usable(FEW)
    assert not kernels.finished(tuple(Group))
    kernels.start([Group.LEARNING])
    await kernels.wait([Group.LEARNING])
    assert noted.compiled[2:] == [Group.LEARNING]


async def test_a_group_that_fails_takes_no_other_with_it() -> None:
    noted = Noted(Group.FEATURES)
    kernels = noted.kernels()
    kernels.start()
    await kernels.wait(tuple(Group))
    assert kernels.finished(FEW)
    assert not kernels.usable(FEW)
    assert kernels.usable([group for group in Group if group is not Group.FEATURES])


def test_every_group_has_a_warm_up_and_what_takes_longest_keeps_few_waiting() -> None:
    order = list(WARM_UPS)
    assert sorted(order) == sorted(Group)
    for quick in (Group.FEATURES, Group.FRACTALS, Group.EARLY_WARNING, Group.AGGREGATION):
        assert order.index(quick) < order.index(Group.REACTION_DIFFUSION)


def late(service: str, *arguments: str) -> list[str]:
    """Kernels that a fresh process compiles, or loads, for calls to a service elsewhere than in its warm-up."""
    program = [sys.executable, "-m", late_compiling.__name__, service, *arguments]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(program, env=environment, capture_output=True, text=True, timeout=110, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("service", late_compiling.SERVICES)
def test_nothing_compiles_in_a_service_that_serves(service: str) -> None:
    assert late(service) == []


def test_a_service_that_waits_for_too_few_kernels_would_be_found() -> None:
    assert late("FeatureService", "unprepared") != []
