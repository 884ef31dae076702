"""Fields that several requests of the service have: titles, request ids, page sizes, filters."""

import re
from typing import Any

from mfn_grpc.core.limits import Faults, Violation
from mfn_server.federation.resources.paging import DEFAULT_PAGE_SIZE, PAGE_SIZE

MOST_TITLE_CHARACTERS = 200

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", re.IGNORECASE)
_SHOWN = 100


def check_title(title: str, faults: Faults) -> None:
    """Note a title that is too long."""
    if len(title) > MOST_TITLE_CHARACTERS:
        text = f"has {len(title)} characters, must have at most {MOST_TITLE_CHARACTERS}"
        faults.add(Violation("title", str(len(title)), text))


def check_request_id(request_id: str, faults: Faults) -> None:
    """Note a request id that is no UUID; it may be left out."""
    if request_id and _UUID.fullmatch(request_id) is None:
        text = f"is {request_id[:_SHOWN]!r}, must be a UUID such as 123e4567-e89b-42d3-a456-426614174000, or left out"
        faults.add(Violation("request_id", request_id[:_SHOWN], text))


def check_choice(number: int, enum: Any, field: str, faults: Faults) -> None:
    """Note a number that an enumeration does not have; 0 is none of its members and fine."""
    if number not in enum.values():
        names = ", ".join(name for name, value in enum.items() if value)
        faults.add(Violation(field, str(number), f"is {number}, must be one of {names}, or left out"))


def page_size_of(request: Any, faults: Faults) -> int:
    """How many items a page may have; what is wrong with the request's own number is noted."""
    if not request.HasField("page_size"):
        return DEFAULT_PAGE_SIZE
    size: int = request.page_size
    if violation := PAGE_SIZE.violation("page_size", size):
        faults.add(violation)
    return size
