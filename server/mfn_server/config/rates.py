"""How much one caller may ask for, and all of them together."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, PlainSerializer, SecretStr, field_validator
from pydantic_settings import BaseSettings

from mfn_server.config.addresses import IN_MEMORY, store_url
from mfn_server.config.forms import Secret
from mfn_server.config.packages import needed

UNITS_S = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
MAX_COUNT = 10**15
"""Above it the arithmetic of the limits in float64 would lose whole calls."""


@dataclass(frozen=True)
class Rate:
    """`count` within `period_s` seconds on average, `burst` at once; both 1 or more."""

    count: int
    period_s: int
    burst: int

    def __str__(self) -> str:
        unit = next(unit for unit, seconds in UNITS_S.items() if seconds == self.period_s)
        return f"{self.count}/{unit} burst {self.burst}"

    @classmethod
    def parse(cls, text: str) -> "Rate":
        """A rate written as `COUNT/UNIT burst COUNT`, or `COUNT/UNIT` whose burst is the count; raises ValueError."""
        first, _, burst = text.strip().partition(" burst ")
        count, _, unit = first.partition("/")
        if unit.strip() not in UNITS_S:
            raise ValueError(_WRITTEN)
        allowed = _whole(count)
        return cls(allowed, UNITS_S[unit.strip()], _whole(burst) if burst else allowed)


_WRITTEN = (
    f"must be written COUNT/UNIT burst COUNT with a unit of {', '.join(UNITS_S)} "
    f"and counts of 1 to {MAX_COUNT:,}, for instance 100/m burst 50"
)


def _whole(text: str) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= len(str(MAX_COUNT))):
        raise ValueError(_WRITTEN)
    count = int(digits)
    if not 1 <= count <= MAX_COUNT:
        raise ValueError(_WRITTEN)
    return count


def _rate(value: Any) -> Any:
    return Rate.parse(value) if isinstance(value, str) else value


Quota = Annotated[Rate, BeforeValidator(_rate), PlainSerializer(str)]
"""A setting that is a rate, written as text."""


class StoreFailure(StrEnum):
    """What a call does when the shared store of the limits does not answer."""

    OPEN = "open"
    CLOSED = "closed"


class Rates(BaseSettings):
    """Rate limits, as COUNT/UNIT burst COUNT with the units s, m, h, d; concurrent streams; the longest calls."""

    rate_limit_enabled: bool = Field(True, description="whether rates are limited")
    rate_limit_store: Secret = Field(
        SecretStr(IN_MEMORY),
        description=f"{IN_MEMORY} counts for this process alone; redis://HOST:PORT/DB is shared by replicas",
    )
    rate_limit_store_failure: StoreFailure = Field(
        StoreFailure.OPEN, description="when the store does not answer: open lets calls pass, closed refuses them"
    )
    rate_limit_max_principals: int = Field(
        10_000, ge=16, le=10**7, description=f"buckets that {IN_MEMORY} keeps; the idle ones are forgotten first"
    )
    rate_limit_health: Quota = Field(
        Rate.parse("1000/m burst 1000"),
        description="health watches that an address opens, and its checks of services that there are not, in each "
        "process; checks of others are never refused",
    )
    rate_limit_read: Quota = Field(Rate.parse("60000/m burst 2000"), description="calls of scope read by a principal")
    rate_limit_simulate: Quota = Field(
        Rate.parse("100/m burst 50"), description="calls of scope simulate by a principal"
    )
    rate_limit_features: Quota = Field(
        Rate.parse("1000/m burst 200"), description="calls of scope features by a principal"
    )
    rate_limit_validate: Quota = Field(
        Rate.parse("30/m burst 10"), description="calls of scope validate by a principal"
    )
    rate_limit_federate: Quota = Field(
        Rate.parse("6000/m burst 4000"), description="calls of scope federate by a principal"
    )
    rate_limit_admin: Quota = Field(Rate.parse("600/m burst 200"), description="calls of scope admin by a principal")
    rate_limit_cell_steps: Quota = Field(
        Rate.parse("600000000000/m burst 600000000000"),
        description="cells x steps that a principal may have simulated; one call is charged the burst at most",
    )
    rate_limit_bytes: Quota = Field(
        Rate.parse("60000000000/m burst 4000000000"),
        description="bytes that a principal may send; streams are slowed down first",
    )
    rate_limit_clients: Quota = Field(
        Rate.parse("60000/m burst 10000"), description="updates that a principal may have aggregated"
    )
    rate_limit_global: Quota = Field(
        Rate.parse("600000/m burst 20000"), description="calls of all principals, health checks apart"
    )
    max_streams_per_principal: int = Field(
        64, ge=1, le=65536, description="streams that one principal may have open; those of Federate do not count"
    )
    principal_state_share: float = Field(
        1.0, gt=0, le=1, description="share of max_state_bytes that the calls of one principal may hold"
    )
    max_unary_s: float = Field(
        900, ge=1, description="seconds after which a unary call is ended, whatever its deadline"
    )
    max_stream_s: float | None = Field(
        None, ge=1, description="seconds after which a stream is ended, whatever its deadline; none: never"
    )

    @field_validator("rate_limit_store")
    @classmethod
    def _reachable_kind(cls, store: SecretStr) -> SecretStr:
        if store_url(store.get_secret_value()).scheme != "memory":
            needed("redis", extra="redis")
        return store
