"""Lists of federations, participants, rounds and verdicts, a page at a time."""

from collections.abc import Sequence
from heapq import nsmallest
from typing import Any

from mfn_grpc.core.limits import Faults, Violation
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.live.live import Live
from mfn_server.federation.live.reading import read
from mfn_server.federation.live.standing import federation_as_it_stands, participant_as_it_stands
from mfn_server.federation.messages import number_of
from mfn_server.federation.names import parse_federation, parse_participant
from mfn_server.federation.resources.paging import PAGE_BYTES, Listing, Position, page_of
from mfn_server.federation.resources.request_fields import check_choice, page_size_of
from mfn_server.federation.storage.rows import VerdictFilter


def decode_list(request: Any) -> tuple[str, int]:
    """The federation's id and the page size of a request that has nothing else to check."""
    faults = Faults()
    federation_id: str = faults.collect(parse_federation, request.parent, "parent")
    size = page_size_of(request, faults)
    faults.refuse()
    return federation_id, size


def decode_verdicts(request: pb.ListVerdictsRequest) -> tuple[str, int]:
    """The same of a request for verdicts, with its filters."""
    faults = Faults()
    federation_id: str | None = faults.collect(parse_federation, request.parent, "parent")
    size = page_size_of(request, faults)
    if request.HasField("round") and request.round < 1:
        faults.add(Violation("round", str(request.round), f"is {request.round}, must be 1 or more"))
    if request.participant:
        named = faults.collect(parse_participant, request.participant, "participant")
        if named and federation_id and named.federation_id != federation_id:
            text = f"is of another federation, must be of {request.parent}"
            faults.add(Violation("participant", request.participant, text))
    check_choice(request.kind, pb.VerdictKind, "kind", faults)
    faults.refuse()
    return str(federation_id), size


def decode_federations(request: pb.ListFederationsRequest) -> int:
    """The page size of a request for federations."""
    faults = Faults()
    size = page_size_of(request, faults)
    check_choice(request.state, pb.FederationState, "state", faults)
    faults.refuse()
    return size


async def federations(
    lives: Sequence[Live], request: pb.ListFederationsRequest, size: int
) -> pb.ListFederationsResponse:
    """A page of federations, by name. lives: all of them, in that order."""
    listing = Listing("ListFederations", filters=(request.state,))
    (after,) = listing.position(request.page_token, str) or ("",)
    found: list[tuple[Position, pb.Federation]] = []
    room = PAGE_BYTES
    for live in lives:
        if live.name > str(after) and request.state in (0, number_of(pb.FederationState, live.state.status)):
            found.append(((live.name,), await federation_as_it_stands(live)))
            room -= found[-1][1].ByteSize()
        if len(found) > size or room < 0:
            break
    page = page_of(listing, found, size)
    return pb.ListFederationsResponse(federations=page.items, next_page_token=page.next_page_token)


async def participants(live: Live, token: str, size: int) -> pb.ListParticipantsResponse:
    """A page of participants, by name."""
    listing = Listing("ListParticipants", live.uid)
    (after,) = listing.position(token, str) or ("",)
    names = nsmallest(size + 1, (name for name in live.enrolled if name > str(after)))
    page = page_of(listing, (((name,), participant_as_it_stands(live, name)) for name in names), size)
    return pb.ListParticipantsResponse(participants=page.items, next_page_token=page.next_page_token)


async def rounds(live: Live, token: str, size: int) -> pb.ListRoundsResponse:
    """A page of rounds, newest first."""
    listing = Listing("ListRounds", live.uid)
    position = listing.position(token, int)
    before = None if position is None else int(position[0])
    found = await read(live, lambda journal: journal.rounds(before, size))
    token = listing.token((found.rows[-1].round,)) if found.more else ""
    return pb.ListRoundsResponse(rounds=[pb.Round.FromString(row.message) for row in found.rows], next_page_token=token)


async def verdicts(live: Live, request: pb.ListVerdictsRequest, size: int) -> pb.ListVerdictsResponse:
    """A page of verdicts, newest round first, then by participant."""
    chosen = VerdictFilter(
        round=request.round if request.HasField("round") else None,
        participant=request.participant or None,
        kind=request.kind or None,
    )
    listing = Listing("ListVerdicts", live.uid, (chosen.round or 0, request.participant, request.kind))
    position = listing.position(request.page_token, int, str)
    after = None if position is None else (int(position[0]), str(position[1]))
    found = await read(live, lambda journal: journal.verdicts(chosen, after, size))
    token = listing.token((found.rows[-1].round, found.rows[-1].participant)) if found.more else ""
    return pb.ListVerdictsResponse(
        verdicts=[pb.Verdict.FromString(row.message) for row in found.rows], next_page_token=token
    )
