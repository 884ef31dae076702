"""What goes into a journal and comes out of it. Messages are opaque bytes to storage."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar


@dataclass(frozen=True)
class RoundRow:
    """One round, as it stands."""

    round: int
    message: bytes


@dataclass(frozen=True)
class VerdictRow:
    """What became of one participant in one round; kind is the number of its VerdictKind."""

    round: int
    participant: str
    kind: int
    message: bytes


@dataclass(frozen=True)
class WatchRow:
    """One kept event for those who watch; round is the one that was open or last, 0 before the first."""

    sequence: int
    round: int
    message: bytes


@dataclass(frozen=True)
class ParticipantRow:
    """One enrolled participant."""

    name: str
    uid: str
    public_key: bytes
    message: bytes


@dataclass(frozen=True)
class ModelRow:
    """One stored version of the model."""

    version: int
    sha256: bytes
    size_bytes: int
    message: bytes


@dataclass(frozen=True)
class RequestRow:
    """A creating request that was answered; fingerprint tells another request with the same id. at: Unix time, s."""

    request_id: str
    fingerprint: bytes
    response: bytes
    at: float


@dataclass(frozen=True)
class Batch:
    """What one transaction writes.

    Rows replace those with the same identity (round; round and participant; name; version; key); watch events are new
    ones. Participants are removed before others are written. snapshot: the state after all events up to and including
    this batch's; they are dropped, for it stands in their place.
    """

    events: Sequence[bytes] = ()
    snapshot: bytes | None = None
    rounds: Sequence[RoundRow] = ()
    verdicts: Sequence[VerdictRow] = ()
    watch: Sequence[WatchRow] = ()
    participants: Sequence[ParticipantRow] = ()
    removed_participants: Sequence[str] = ()
    models: Sequence[ModelRow] = ()
    requests: Sequence[RequestRow] = ()
    meta: Mapping[str, bytes] = field(default_factory=dict)


@dataclass(frozen=True)
class Retention:
    """What `Journal.trim` keeps of the past; the first and the newest model are kept in any case.

    rounds: newest rounds whose verdicts and events are kept, None for all. model_versions: newest versions kept.
    kept_versions: others to keep, such as the best.
    """

    model_versions: int
    rounds: int | None = None
    kept_versions: frozenset[int] = frozenset()


@dataclass(frozen=True)
class VerdictFilter:
    """Which verdicts a page shows; None admits all."""

    round: int | None = None
    participant: str | None = None
    kind: int | None = None


Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page of a listing; more: whether rows follow the last one."""

    rows: tuple[Row, ...]
    more: bool
