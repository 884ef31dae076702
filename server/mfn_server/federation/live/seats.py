"""Who sits in a federation: the sessions, and what the machine has to say to them."""

from collections.abc import Iterator
from typing import Protocol

from mfn_server.errors import Fault
from mfn_server.federation.machine.actions import AskEvaluation, Assign, Conclude, Finish
from mfn_server.federation.machine.records import Ack, Verdict


class Seat(Protocol):
    """One session, as the federation speaks to it. What is said is sent when its turn comes; nobody waits for that.

    heard_at: when its participant last said anything, in seconds since the epoch.
    """

    participant: str
    session: str
    heard_at: float

    def assign(self, action: Assign) -> None:
        """A round has started, or is open."""

    def acknowledge(self, ack: Ack) -> None:
        """An update is durable."""

    def conclude(self, action: Conclude, verdict: Verdict | None) -> None:
        """A round is over; verdict: the participant's own of it, if it has one."""

    def ask(self, action: AskEvaluation) -> None:
        """A model is to be measured."""

    def finish(self, action: Finish) -> None:
        """The federation is over."""

    def end(self, fault: Fault) -> None:
        """The session is over before that."""

    async def released(self) -> None:
        """Until nothing of the session is at work any more."""


class Seats:
    """The sessions of one federation: by themselves, and for each participant the one that counts."""

    def __init__(self) -> None:
        self._by_session: dict[str, Seat] = {}
        self._of: dict[str, Seat] = {}

    def __iter__(self) -> Iterator[Seat]:
        """All of them, also those that no longer count and have not ended yet."""
        return iter(list(self._by_session.values()))

    def __len__(self) -> int:
        return len(self._by_session)

    def counting(self) -> list[Seat]:
        """Those that count."""
        return list(self._of.values())

    def of(self, participant: str) -> Seat | None:
        """The participant's session."""
        return self._of.get(participant)

    def find(self, session: str) -> Seat | None:
        """The session of this name."""
        return self._by_session.get(session)

    def take(self, seat: Seat) -> None:
        """A session begins; from now on it is its participant's."""
        self._by_session[seat.session] = seat
        self._of[seat.participant] = seat

    def leave(self, seat: Seat) -> None:
        """A session has ended."""
        self._by_session.pop(seat.session, None)
        if self._of.get(seat.participant) is seat:
            del self._of[seat.participant]
