"""The unary calls about federations as values, and their lists, page by page."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from google.protobuf.message import Message

from mfn_client._calls import UnaryCall
from mfn_client._decoding import decoded
from mfn_client._federation_names import federation_name, participant_name
from mfn_client._federation_results import Federation, Participant, Round, Verdict
from mfn_client._policies import FederationPolicy, fill_policy
from mfn_client._spec import Faults
from mfn_grpc.v1 import federation_pb2 as pb

T = TypeVar("T")
SERVICE = "/mfn.v1.FederationService"
TIMEOUT_S = 30.0
LOST_ATTEMPTS = 4
_ONCE = ("DeleteFederation", "RemoveParticipant")
"""A deletion's repeat finds nothing; all others carry an id by which the server knows a repeat, or change nothing."""


@dataclass(frozen=True)
class Page(Generic[T]):
    """One page of a list, and what asks for the next one; empty at the end."""

    items: Sequence[T]
    next_page_token: str


@dataclass(frozen=True)
class Listing(Generic[T]):
    """A list that comes in pages; `answered` names the field of the answer that holds the items."""

    method: str
    request: Any
    answer: type[Message]
    answered: str
    kind: type[T]

    def page(self, token: str) -> UnaryCall[Page[T]]:
        """The call for one page; "" asks for the first."""
        request = type(self.request)()
        request.CopyFrom(self.request)
        request.page_token = token
        return _call(self.method, request, self.answer, self._page)

    def _page(self, answer: Any) -> Page[T]:
        items = [decoded(self.kind, each) for each in getattr(answer, self.answered)]
        return Page(items, answer.next_page_token)


def new_request_id() -> str:
    """A UUID by which the server knows a repeated request."""
    return str(uuid.uuid4())


def create_federation(federation_id: str, policy: FederationPolicy | None, title: str) -> UnaryCall[Federation]:
    """A new federation."""
    request, faults = pb.CreateFederationRequest(request_id=new_request_id()), Faults()
    faults.assign(request, "federation_id", federation_id, "federation_id")
    faults.assign(request, "title", title, "title")
    if policy is not None:
        fill_policy(request.policy, policy, "policy", faults)
    faults.check()
    return _call("CreateFederation", request, pb.CreateFederationResponse, _federation)


def get_federation(federation: str) -> UnaryCall[Federation]:
    """One federation."""
    request = pb.GetFederationRequest(name=federation_name(federation))
    return _call("GetFederation", request, pb.GetFederationResponse, _federation)


def delete_federation(federation: str, uid: str) -> UnaryCall[None]:
    """The end of a federation."""
    request = pb.DeleteFederationRequest(name=federation_name(federation), uid=uid)
    return _call("DeleteFederation", request, pb.DeleteFederationResponse, _nothing)


def pause_federation(federation: str) -> UnaryCall[Federation]:
    """A pause."""
    request = pb.PauseFederationRequest(name=federation_name(federation))
    return _call("PauseFederation", request, pb.PauseFederationResponse, _federation)


def resume_federation(federation: str) -> UnaryCall[Federation]:
    """The end of a pause."""
    request = pb.ResumeFederationRequest(name=federation_name(federation))
    return _call("ResumeFederation", request, pb.ResumeFederationResponse, _federation)


def enrol_participant(federation: str, participant_id: str, public_key: bytes, title: str) -> UnaryCall[Participant]:
    """A new participant."""
    parent = federation_name(federation)
    request, faults = pb.EnrolParticipantRequest(parent=parent, request_id=new_request_id()), Faults()
    for name, value in (("participant_id", participant_id), ("public_key", public_key), ("title", title)):
        faults.assign(request, name, value, name)
    faults.check()
    return _call("EnrolParticipant", request, pb.EnrolParticipantResponse, _participant)


def remove_participant(federation: str, participant: str, uid: str) -> UnaryCall[None]:
    """The removal of a participant."""
    request = pb.RemoveParticipantRequest(name=participant_name(federation, participant), uid=uid)
    return _call("RemoveParticipant", request, pb.RemoveParticipantResponse, _nothing)


def list_federations(state: str | None) -> Listing[Federation]:
    """The federations that the caller may see."""
    request, faults = pb.ListFederationsRequest(), Faults()
    faults.choose(request, "state", state, "state")
    faults.check()
    return Listing("ListFederations", request, pb.ListFederationsResponse, "federations", Federation)


def list_participants(federation: str) -> Listing[Participant]:
    """The participants of a federation."""
    request = pb.ListParticipantsRequest(parent=federation_name(federation))
    return Listing("ListParticipants", request, pb.ListParticipantsResponse, "participants", Participant)


def list_rounds(federation: str) -> Listing[Round]:
    """The rounds of a federation."""
    request = pb.ListRoundsRequest(parent=federation_name(federation))
    return Listing("ListRounds", request, pb.ListRoundsResponse, "rounds", Round)


def list_verdicts(
    federation: str, round_number: int | None, participant: str | None, kind: str | None
) -> Listing[Verdict]:
    """What became of every participant in every round."""
    request, faults = pb.ListVerdictsRequest(parent=federation_name(federation)), Faults()
    faults.assign(request, "round", round_number, "round")
    if participant is not None:
        request.participant = participant_name(federation, participant)
    faults.choose(request, "kind", kind, "kind")
    faults.check()
    return Listing("ListVerdicts", request, pb.ListVerdictsResponse, "verdicts", Verdict)


def _call(method: str, request: Message, answer: type[Message], decode: Callable[[Any], T]) -> UnaryCall[T]:
    attempts = 1 if method in _ONCE else LOST_ATTEMPTS
    return UnaryCall(f"{SERVICE}/{method}", request, answer, decode, TIMEOUT_S, attempts)


def _federation(answer: Any) -> Federation:
    return decoded(Federation, answer.federation)


def _participant(answer: Any) -> Participant:
    return decoded(Participant, answer.participant)


def _nothing(_answer: Any) -> None:
    """There is nothing to tell."""
