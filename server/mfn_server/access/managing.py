"""Making, listing and revoking API keys; each change is durable and in the audit."""

from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from pydantic import ValidationError

from mfn_server.access.authenticator import scopes_of
from mfn_server.access.key_file import Records, change
from mfn_server.access.key_format import digest_of, new_id, new_key
from mfn_server.access.key_records import InvalidKeys, KeyRecord, faults_of
from mfn_server.access.reporting import Audit

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
LONGEST = timedelta(days=3653)
MOST_DIGITS = 5


class KeyState(StrEnum):
    """Whether a key lets anybody in."""

    VALID = "valid"
    EXPIRED = "expired"
    REVOKED = "revoked"


def create(
    file: Path, pepper: bytes, principal: str, scopes: list[str], lifetime: timedelta | None, audit: Audit
) -> str:
    """Add a key; the only time that it can be seen. Raises ValueError for a principal or scopes that cannot be."""
    granted = tuple(sorted(scopes_of(scopes, "the key")))
    now = datetime.now(UTC).replace(microsecond=0)
    expires = None if lifetime is None else now + lifetime
    key_id = new_id()
    key = new_key(key_id)
    digest = digest_of(key, pepper).hex()
    try:
        record = KeyRecord(id=key_id, principal=principal, scopes=granted, digest=digest, created=now, expires=expires)
    except ValidationError as error:
        raise InvalidKeys(faults_of(error)) from None
    change(file, lambda records: (*records, record))
    audit.record("key.created", credential=f"key:{key_id}", principal=principal, scope=",".join(granted))
    return key


def revoke(file: Path, key_id: str, audit: Audit) -> None:
    """Take a key back, for good; raises LookupError when there is none of this id. A second time changes nothing."""
    now = datetime.now(UTC).replace(microsecond=0)

    def revoked(records: Records) -> Records:
        if key_id not in {record.id for record in records}:
            raise LookupError(f"there is no key {key_id}")
        return tuple(_revoked(record, now) if record.id == key_id else record for record in records)

    change(file, revoked)
    audit.record("key.revoked", credential=f"key:{key_id}")


def state_of(record: KeyRecord) -> KeyState:
    """Whether the key is valid now."""
    if record.revoked is not None:
        return KeyState.REVOKED
    over = record.expires is not None and record.expires <= datetime.now(UTC)
    return KeyState.EXPIRED if over else KeyState.VALID


def lifetime_of(text: str) -> timedelta:
    """From `36h`, `90d` or `12w`; raises ValueError."""
    count, unit = text[:-1], UNITS.get(text[-1:])
    digits = count.isascii() and count.isdigit() and len(count) <= MOST_DIGITS
    lifetime = int(count) * unit if unit is not None and digits else timedelta(0)
    if not timedelta(0) < lifetime <= LONGEST:
        raise ValueError(f"must be a number of hours, days or weeks such as 36h, 90d or 12w, {LONGEST.days}d at most")
    return lifetime


def _revoked(record: KeyRecord, now: datetime) -> KeyRecord:
    return record if record.revoked is not None else record.model_copy(update={"revoked": now})
