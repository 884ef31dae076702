"""Creating requests that were answered before: the same one gets the same answer, another one with its id none."""

import hashlib
from dataclasses import dataclass
from typing import Protocol, TypeVar

from google.protobuf.message import Message

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.errors import Fault
from mfn_server.federation.live.live import Live
from mfn_server.federation.storage.rows import RequestRow

M = TypeVar("M", bound=Message)


class Requests(Protocol):
    """Where requests are found by their ids."""

    async def request_beside(self, request_id: str, live: Live | None) -> RequestRow | None:
        """The request of this id that created a federation or was about another one than `live`."""


@dataclass(frozen=True)
class RequestId:
    """A creating request of one caller. key: its id among those of all callers; fingerprint: what it asks for."""

    key: str
    fingerprint: bytes

    @staticmethod
    def of(request: Message, request_id: str, principal: str) -> "RequestId | None":
        """What identifies a request; None when its caller gave it no id."""
        if not request_id:
            return None
        rest = type(request)()
        rest.CopyFrom(request)
        rest.ClearField("request_id")  # the same UUID can be written in two ways
        asked = hashlib.sha256(request.DESCRIPTOR.full_name.encode() + b"\0")
        asked.update(rest.SerializeToString(deterministic=True))
        return RequestId(f"{principal}/{request_id.lower()}", asked.digest())

    def row(self, response: Message, at: float) -> RequestRow:
        """What to remember of the request and its answer; at: Unix time, s."""
        return RequestRow(self.key, self.fingerprint, response.SerializeToString(), at)

    def answer(self, row: RequestRow, response_type: type[M]) -> M:
        """The answer that the request got when it came first; REQUEST_ID_REUSED when that was another one."""
        self.require_same(row)
        return response_type.FromString(row.response)

    def require_same(self, row: RequestRow) -> None:
        """Refuse a request whose id stands for another one."""
        if row.fingerprint != self.fingerprint:
            text = "request_id was used before with another request; make a new UUID for every new request"
            raise Fault(reasons.ERROR_REASON_REQUEST_ID_REUSED, text)


async def require_new(requests: Requests, request_id: RequestId | None, live: Live | None) -> None:
    """Refuse an id that stands for a request about anything but `live`; of `live` itself its journal tells."""
    if request_id is not None and (found := await requests.request_beside(request_id.key, live)) is not None:
        request_id.require_same(found)
