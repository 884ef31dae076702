"""The machine's timers: one of each kind, by a clock that does not jump."""

from mfn_server.federation.live.timers import Timers
from mfn_server.federation.machine.actions import StartTimer, TimerKind
from tests.server.federation.clocks import stopped_clock


async def test_a_timer_is_due_once_and_tells_what_is_left_of_it() -> None:
    with stopped_clock() as clock:
        due: list[StartTimer] = []
        timers, action = Timers(due.append), StartTimer(TimerKind.ROUND, 3, 60)
        timers.start(action)
        await clock.pass_by(20)
        assert timers.seconds_left(TimerKind.ROUND) == 40
        assert timers.seconds_left(TimerKind.EVALUATION) is None
        await clock.pass_by(41)
        await clock.pass_by(100)
        assert due == [action]
        assert timers.seconds_left(TimerKind.ROUND) == 0


async def test_a_timer_takes_the_place_of_one_of_its_kind_only() -> None:
    with stopped_clock() as clock:
        due: list[StartTimer] = []
        timers = Timers(due.append)
        first, second, other = (
            StartTimer(TimerKind.ROUND, 1, 10),
            StartTimer(TimerKind.ROUND, 2, 10),
            StartTimer(TimerKind.EVALUATION, 1, 10),
        )
        timers.start(first)
        timers.start(other)
        timers.start(second)
        await clock.pass_by(11)
        assert sorted(due, key=lambda action: action.kind) == [other, second]


async def test_a_cancelled_timer_is_never_due() -> None:
    with stopped_clock() as clock:
        due: list[StartTimer] = []
        timers = Timers(due.append)
        timers.start(StartTimer(TimerKind.STALL, 1, 10))
        timers.cancel(*TimerKind)
        await clock.pass_by(11)
        assert due == []
        assert timers.seconds_left(TimerKind.STALL) is None
