"""Interceptors folded around a call: what is called, in which order, and what is spared."""

from collections.abc import Awaitable
from typing import Any

import pytest

from mfn_server.rpc.call import Call
from mfn_server.rpc.chain import Check, Interceptor, Observer, Proceed, fold
from mfn_server.rpc.methods import OTHER, Method
from tests.server.interceptors.calls import NERNST, call_of


class Noted(Observer):
    """Notes its beginning and its end; fails at one of them, where it is told to."""

    def __init__(self, name: str, notes: list[str], fails: str = "") -> None:
        self.name, self.notes, self.fails = name, notes, fails

    def begin(self, call: Call) -> None:
        self._note("begins")

    def end(self, call: Call) -> None:
        self._note("ends")

    def _note(self, what: str) -> None:
        self.notes.append(f"{self.name} {what}")
        if self.fails == what:
            raise RuntimeError(f"{self.name} {what}")


class EndsOnly(Observer):
    """Has nothing to do when a call begins."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name, self.notes = name, notes

    def end(self, call: Call) -> None:
        self.notes.append(f"{self.name} ends")


class Admits(Check):
    """Lets calls in at once, or after a while; refuses them, where it is told to."""

    def __init__(self, name: str, notes: list[str], *, waits: bool = False, refuses: bool = False) -> None:
        self.name, self.notes, self.waits, self.refuses = name, notes, waits, refuses

    def admit(self, call: Call) -> Awaitable[None] | None:
        if self.waits:
            return self._later()
        self._now()
        return None

    async def _later(self) -> None:
        self._now()

    def _now(self) -> None:
        self.notes.append(self.name)
        if self.refuses:
            raise PermissionError(self.name)


class Nested:
    """An interceptor that awaits the rest of the call."""

    def __init__(self, name: str, notes: list[str]) -> None:
        self.name, self.notes = name, notes

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        self.notes.append(f"{self.name} before")
        await proceed(call)
        self.notes.append(f"{self.name} after")


class Elsewhere:
    """Is nothing but for one method, where it is another interceptor."""

    def __init__(self, method: Method, there: Interceptor) -> None:
        self.method, self.there = method, there

    def at(self, method: Method) -> Interceptor | None:
        return self.there if method is self.method else None

    async def __call__(self, proceed: Proceed, call: Call) -> None:
        raise AssertionError("it is asked what it is first")


async def passed(notes: list[str], *interceptors: Any, method: Method = OTHER) -> None:
    """Let a call through."""

    async def answer(call: Call) -> None:
        notes.append("answer")

    await fold(interceptors, method, answer)(call_of(method))


async def test_whatever_their_kind_interceptors_stand_in_the_order_in_which_they_are_named() -> None:
    notes = list[str]()
    a, b, c, d = Noted("a", notes), Nested("b", notes), Admits("c", notes, waits=True), Noted("d", notes)
    await passed(notes, a, b, c, Admits("c2", notes), d, EndsOnly("e", notes))
    before = ["a begins", "b before", "c", "c2", "d begins"]
    assert notes == [*before, "answer", "e ends", "d ends", "b after", "a ends"]


async def test_an_observer_that_does_not_begin_keeps_no_other_from_ending() -> None:
    notes = list[str]()
    with pytest.raises(RuntimeError, match="c begins"):
        await passed(notes, Noted("a", notes), EndsOnly("b", notes), Noted("c", notes, "begins"), EndsOnly("d", notes))
    assert notes == ["a begins", "c begins", "b ends", "a ends"]


async def test_an_observer_that_does_not_end_keeps_no_other_from_ending() -> None:
    notes = list[str]()
    with pytest.raises(RuntimeError, match="b ends"):
        await passed(notes, Noted("a", notes), Noted("b", notes, "ends"), Noted("c", notes))
    assert notes[-4:] == ["answer", "c ends", "b ends", "a ends"]


@pytest.mark.parametrize("waits", [False, True])
async def test_what_a_check_refuses_gets_no_further_and_observers_around_it_end(waits: bool) -> None:
    notes = list[str]()
    with pytest.raises(PermissionError):
        await passed(notes, Noted("a", notes), Admits("b", notes, waits=waits, refuses=True), Admits("c", notes))
    assert notes == ["a begins", "b", "a ends"]


async def test_an_interceptor_may_be_another_one_for_a_method_and_none_for_others() -> None:
    notes = list[str]()
    chosen = Elsewhere(NERNST, Admits("there", notes))
    await passed(notes, chosen)
    await passed(notes, chosen, method=NERNST)
    assert notes == ["answer", "there", "answer"]


@pytest.mark.parametrize("waits", [False, True])
async def test_an_interceptor_does_alone_what_it_does_in_the_fold(waits: bool) -> None:
    notes = list[str]()

    async def answer(call: Call) -> None:
        notes.append("answer")

    await Noted("a", notes)(answer, call_of())
    await Admits("b", notes, waits=waits)(answer, call_of())
    assert notes == ["a begins", "answer", "a ends", "b", "answer"]
