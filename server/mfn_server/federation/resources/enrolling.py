"""Participants are enrolled and removed: one change at a time in a federation, durable before it is answered."""

import asyncio
import time
import uuid
from dataclasses import dataclass
from functools import partial
from weakref import WeakKeyDictionary

from mfn_grpc.core.limits import Faults, InvalidInput, Violation
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.federation.live.live import Live
from mfn_server.federation.live.reading import read
from mfn_server.federation.machine.events import ParticipantEnrolled, ParticipantRemoved
from mfn_server.federation.machine.records import FederationState
from mfn_server.federation.messages import timestamp
from mfn_server.federation.names import parse_federation, participant_name, require_id
from mfn_server.federation.resources.gone import no_participant, require_uid
from mfn_server.federation.resources.public_keys import public_key_fault
from mfn_server.federation.resources.request_fields import check_request_id, check_title
from mfn_server.federation.resources.request_ids import RequestId
from mfn_server.federation.resources.uninterrupted import uninterrupted
from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.rows import Batch, ParticipantRow, RequestRow

MOST_ENROLLED = 10_000
"""As many as a rule can aggregate."""


def decode_enrolment(request: pb.EnrolParticipantRequest) -> tuple[str, str]:
    """The federation's id, and the participant's whole name; InvalidInput names every fault of the request."""
    faults = Faults()
    federation_id: str = faults.collect(parse_federation, request.parent, "parent")
    faults.collect(require_id, request.participant_id, "participant_id")
    if fault := public_key_fault(request.public_key):
        faults.add(Violation("public_key", "", fault))
    check_title(request.title, faults)
    check_request_id(request.request_id, faults)
    faults.refuse()
    return federation_id, participant_name(federation_id, request.participant_id)


@dataclass(frozen=True)
class _Found:
    """What the journal knows of a request: that it was answered before, and who has its key."""

    answered: RequestRow | None
    same_key: ParticipantRow | None


def _find(journal: Journal, request: RequestId | None, key: bytes) -> _Found:
    return _Found(None if request is None else journal.request(request.key), journal.participant_with_key(key))


def _require_free(live: Live, name: str, same_key: ParticipantRow | None) -> None:
    """Refuse a name or a key that another participant has, and any when the federation is over or full."""
    if live.state.status is FederationState.FINISHED:
        raise _over(live)
    if name in live.enrolled:
        text = f"{name} is enrolled; choose another id, or remove that one first"
        raise Fault(reasons.ERROR_REASON_RESOURCE_EXISTS, text)
    if same_key is not None:
        text = f"is the key of {same_key.name}; every participant needs one of its own"
        raise InvalidInput([Violation("public_key", "", text)])
    if len(live.enrolled) >= MOST_ENROLLED:
        text = f"{live.name} has {MOST_ENROLLED} participants, as many as it can; remove some first"
        raise Fault(reasons.ERROR_REASON_QUOTA_EXCEEDED, text)


def _over(live: Live) -> Fault:
    return Fault(reasons.ERROR_REASON_FEDERATION_NOT_RUNNING, f"{live.name} is over; create another one")


class Enrolling:
    """The participants of all federations of this process."""

    def __init__(self) -> None:
        self._one_at_a_time: WeakKeyDictionary[Live, asyncio.Lock] = WeakKeyDictionary()

    async def enrol(
        self, live: Live, name: str, request: pb.EnrolParticipantRequest, principal: str
    ) -> pb.EnrolParticipantResponse:
        """Bind a name to a key."""
        return await uninterrupted(self._enrol(live, name, request, principal))

    async def remove(self, live: Live, name: str, uid: str) -> None:
        """Undo that. uid: of the one who is meant, when given."""
        await uninterrupted(self._remove(live, name, uid))

    async def _enrol(
        self, live: Live, name: str, request: pb.EnrolParticipantRequest, principal: str
    ) -> pb.EnrolParticipantResponse:
        request_id = RequestId.of(request, request.request_id, principal)
        async with self._alone(live):
            found = await read(live, partial(_find, request=request_id, key=request.public_key))
            if request_id is not None and found.answered is not None:
                return request_id.answer(found.answered, pb.EnrolParticipantResponse)
            _require_free(live, name, found.same_key)
            now = time.time()
            enrolled = pb.Participant(
                name=name,
                uid=uuid.uuid4().hex,
                public_key=request.public_key,
                title=request.title,
                create_time=timestamp(now),
            )
            response = pb.EnrolParticipantResponse(participant=enrolled)
            row = ParticipantRow(name, enrolled.uid, enrolled.public_key, enrolled.SerializeToString())
            requests = [] if request_id is None else [request_id.row(response, now)]
            await live.submit(ParticipantEnrolled(name, now), Batch(participants=[row], requests=requests))
            if name not in live.enrolled:
                raise _over(live)
        return response

    async def _remove(self, live: Live, name: str, uid: str) -> None:
        async with self._alone(live):
            enrolled = live.enrolled.get(name)
            if enrolled is None:
                raise no_participant(name)
            require_uid(uid, enrolled.uid, name)
            await live.submit(ParticipantRemoved(name, time.time()), Batch(removed_participants=[name]))

    def _alone(self, live: Live) -> asyncio.Lock:
        return self._one_at_a_time.setdefault(live, asyncio.Lock())
