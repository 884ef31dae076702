"""What the machine has to say, passed on to the sessions that it concerns."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mfn_server.errors import Fault
from mfn_server.federation.faults import reason_named
from mfn_server.federation.live.seats import Seat, Seats
from mfn_server.federation.machine import actions as todo
from mfn_server.federation.storage.crash_points import crash_point

_WHY: Mapping[todo.EndReason, str] = {
    todo.EndReason.SESSION_SUPERSEDED: "a newer session of this participant took over; run one at a time",
    todo.EndReason.NOT_ENROLLED: "the participant was removed from the federation",
}


def tell(seats: Seats, action: todo.Action) -> None:
    """Pass on an action that is about sessions; others are none of theirs."""
    if (say := _SAYINGS.get(type(action))) is not None:
        say(seats, action)


def _assign(seats: Seats, action: todo.Assign) -> None:
    for seat in _of(seats, action.participants):
        seat.assign(action)


def _acknowledge(seats: Seats, action: todo.Acknowledge) -> None:
    crash_point("before-acknowledgement")
    for seat in _of(seats, (action.participant,)):
        seat.acknowledge(action.ack)


def _conclude(seats: Seats, action: todo.Conclude) -> None:
    own = {verdict.participant: verdict for verdict in action.verdicts}
    for seat in seats.counting():
        seat.conclude(action, own.get(seat.participant))


def _ask(seats: Seats, action: todo.AskEvaluation) -> None:
    for seat in _of(seats, action.participants):
        seat.ask(action)


def _finish(seats: Seats, action: todo.Finish) -> None:
    for seat in _of(seats, action.participants):
        seat.finish(action)


def _end(seats: Seats, action: todo.EndSession) -> None:
    if (seat := seats.find(action.session)) is not None:
        seat.end(Fault(reason_named(action.reason), _WHY[action.reason]))


def _of(seats: Seats, participants: Iterable[str]) -> Iterator[Seat]:
    return (seat for participant in participants if (seat := seats.of(participant)) is not None)


_SAYINGS: Mapping[type[Any], Callable[[Seats, Any], None]] = {
    todo.Assign: _assign,
    todo.Acknowledge: _acknowledge,
    todo.Conclude: _conclude,
    todo.AskEvaluation: _ask,
    todo.Finish: _finish,
    todo.EndSession: _end,
}
