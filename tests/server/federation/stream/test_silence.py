"""Participants that fall silent: noticed by one timer, however much is said."""

from mfn_server.federation.stream.silence import Silence
from tests.server.federation.clocks import stopped_clock


async def test_silence_is_broken_once_the_limit_has_passed() -> None:
    with stopped_clock() as clock:
        broken: list[float] = []
        silence = Silence(10, broken.append)
        silence.listen()
        await clock.pass_by(9.9)
        assert not broken
        await clock.pass_by(0.2)
        assert broken == [10]


async def test_every_word_counts_from_when_the_next_one_is_waited_for() -> None:
    with stopped_clock() as clock:
        broken: list[float] = []
        silence = Silence(10, broken.append)
        silence.listen()
        await clock.pass_by(8)
        silence.heard()
        silence.listen()
        await clock.pass_by(9)
        assert not broken
        await clock.pass_by(2)
        assert broken == [10]


async def test_a_server_that_is_busy_with_the_last_word_does_not_count_as_silence() -> None:
    with stopped_clock() as clock:
        broken: list[float] = []
        silence = Silence(10, broken.append)
        silence.heard()
        await clock.pass_by(100)
        assert not broken
        silence.listen()
        await clock.pass_by(11)
        assert broken == [10]


async def test_another_limit_counts_from_when_it_is_given() -> None:
    with stopped_clock() as clock:
        broken: list[float] = []
        silence = Silence(10, broken.append)
        silence.allow(100)
        silence.listen()
        await clock.pass_by(99)
        assert not broken
        await clock.pass_by(2)
        assert broken == [100]


async def test_once_ended_it_says_nothing() -> None:
    with stopped_clock() as clock:
        broken: list[float] = []
        silence = Silence(10, broken.append)
        silence.end()
        await clock.pass_by(100)
        assert not broken
