"""Names of resources: federations/{f} and federations/{f}/participants/{p}."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from mfn_grpc.core.limits import InvalidInput, Violation, refuse

ID = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"
ID_FORM = "1 to 63 of a-z, 0-9 and hyphen, beginning with a letter and not ending in a hyphen"
FEDERATION_FORM = f"federations/{{f}}, where {{f}} is {ID_FORM}"
PARTICIPANT_FORM = f"federations/{{f}}/participants/{{p}}, where {{f}} and {{p}} are {ID_FORM}"

_ID = re.compile(ID)
_FEDERATION = re.compile(rf"federations/({ID})")
_PARTICIPANT = re.compile(rf"federations/({ID})/participants/({ID})")
_SHOWN = 100
_REMEMBERED = 4096


@dataclass(frozen=True)
class ParticipantName:
    """Who is meant: the ids of a federation and of a participant in it."""

    federation_id: str
    participant_id: str

    def __str__(self) -> str:
        return participant_name(self.federation_id, self.participant_id)


def federation_name(federation_id: str) -> str:
    """federations/{f}."""
    return f"federations/{federation_id}"


def participant_name(federation_id: str, participant_id: str) -> str:
    """federations/{f}/participants/{p}."""
    return f"federations/{federation_id}/participants/{participant_id}"


def parse_federation(name: str, field: str) -> str:
    """The {f} of a federation's name; InvalidInput, naming the field, for any other form."""
    found = _FEDERATION.fullmatch(name)
    if found is None:
        raise InvalidInput([_malformed(field, name, FEDERATION_FORM)])
    return found.group(1)


@lru_cache(_REMEMBERED)  # each of a participant's messages and payloads asks for its own again
def parse_participant(name: str, field: str) -> ParticipantName:
    """The {f} and the {p} of a participant's name; InvalidInput, naming the field, for any other form."""
    found = _PARTICIPANT.fullmatch(name)
    if found is None:
        raise InvalidInput([_malformed(field, name, PARTICIPANT_FORM)])
    return ParticipantName(found.group(1), found.group(2))


def require_id(value: str, field: str) -> str:
    """An id that a caller chose; InvalidInput, naming the field, for any other form."""
    refuse(_id_violations(value, field))
    return value


def _id_violations(value: str, field: str) -> Iterator[Violation]:
    if _ID.fullmatch(value) is None:
        yield _malformed(field, value, ID_FORM)


def _malformed(field: str, value: str, form: str) -> Violation:
    shown = value if len(value) <= _SHOWN else f"{value[:_SHOWN]}..."
    return Violation(field, shown, f"is {shown!r}, must be {form}" if value else f"is missing, must be {form}")
