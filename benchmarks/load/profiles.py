"""Who the users are, and the shapes that a load can have."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

OVERLOADED, RATE_LIMITED = "OVERLOADED", "RATE_LIMITED"


@dataclass(frozen=True)
class Share:
    """A kind of user. weight: how many of them there are, relative to the others; pause_s: mean pause between calls.

    rpc: what must have succeeded once for this kind of user to have worked.
    """

    user: str
    rpc: str
    weight: int
    pause_s: float


MIX = (
    Share("Nernst", "ComputeNernst", 6, 0.05),
    Share("Validate", "Validate", 1, 0.5),
    Share("Simulate", "Simulate", 2, 0.2),
    Share("Federation", "Federate", 1, 0.5),
)
"""The users of every profile but `limits`."""
WHOLE_MIX = sum(share.weight for share in MIX)
"""So many users are one of each kind at least."""

GREEDY, MODEST = ("greedy-1", "greedy-2"), "modest"
"""The principals of `limits`: two that ask as fast as they can, and one user who stays far below the limit."""
MODEST_PAUSE_S = 0.1
"""At least, after each answer."""


@dataclass(frozen=True)
class Stage:
    """So many users for so many seconds; tolerated: reasons of refusals that are no fault here."""

    name: str
    users: int
    seconds: float
    tolerated: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Profile:
    """A load from beginning to end.

    until_broken: whether it ends with the stage that breaks the server.
    watches_growth: whether the server's memory, files and threads must stay as they are after the warm-up.
    limits: whether the users are the three principals of the rate limits instead of the mix.
    """

    name: str
    about: str
    stages: tuple[Stage, ...]
    until_broken: bool = False
    watches_growth: bool = False
    limits: bool = False

    @property
    def seconds(self) -> float:
        """Of all stages."""
        return sum(stage.seconds for stage in self.stages)

    def scaled(self, users: int | None, seconds: float | None) -> "Profile":
        """With so many users in the first stage, and so many seconds in all; the other stages in proportion."""
        more = 1.0 if users is None else users / self.stages[0].users
        longer = 1.0 if seconds is None else seconds / self.seconds
        stages = tuple(
            replace(stage, users=max(1, round(stage.users * more)), seconds=stage.seconds * longer)
            for stage in self.stages
        )
        return replace(self, stages=stages)


def _doubling(first: int, count: int, seconds: float) -> tuple[Stage, ...]:
    users = [first * 2**number for number in range(count)]
    return tuple(Stage(f"{each} users", each, seconds, frozenset({OVERLOADED})) for each in users)


_ALL: Sequence[Profile] = (
    Profile("short", "a few seconds of ten users, for tests", (Stage("short", 10, 6),)),
    Profile("steady", "the same load for a minute", (Stage("steady", 20, 60),)),
    Profile(
        "spike",
        "ten times the users at once, and back",
        (
            Stage("before", 10, 10),
            Stage("spike", 100, 15, frozenset({OVERLOADED})),
            Stage("after", 10, 15),
        ),
    ),
    Profile("stress", "twice the users each time until it breaks", _doubling(10, 7, 8), until_broken=True),
    Profile("soak", "half an hour; nothing may grow", (Stage("soak", 20, 1800),), watches_growth=True),
    Profile(
        "limits",
        "two principals far beyond their rate limit, one below it",
        (Stage("limits", 13, 10, frozenset({RATE_LIMITED})),),
        watches_growth=True,
        limits=True,
    ),
)
PROFILES = {profile.name: profile for profile in _ALL}
"""By name."""
