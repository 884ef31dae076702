"""Rate limits: what a call takes, what it is told, and what a refused one has used up."""

import asyncio
from collections import Counter
from typing import Any, cast

import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2

from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import federation_pb2, simulation_pb2
from mfn_server.config.rates import Rates
from mfn_server.errors import Fault, status_of, trailers_of
from mfn_server.interceptors.rate_limit import RateLimit
from mfn_server.limiting.assemble import limiter
from mfn_server.limiting.limiter import Limiter
from mfn_server.limiting.streams import MOST_WATCHES
from mfn_server.rpc.call import Call
from tests.server.interceptors.calls import (
    AGGREGATE,
    CHECK,
    FEDERATE,
    NERNST,
    SIMULATE,
    UPLOAD,
    WATCH,
    answered,
    call_of,
)

UNLIMITED = "1000000/d"
RATES = {f"rate_limit_{name}": UNLIMITED for name in ("read", "simulate", "federate", "global", "health", "bytes")}
RUN = simulation_pb2.SimulateRequest(
    spec=simulation_pb2.SimulationSpec(grid=simulation_pb2.Grid(shape=[10, 10]), steps=10)
)


class Counts:
    """Outcomes, counted."""

    def __init__(self) -> None:
        self.seen = Counter[tuple[str, str]]()

    def count(self, method_class: str, outcome: str) -> None:
        self.seen[method_class, outcome] += 1


def limits(counts: Counts | None = None, **settings: Any) -> tuple[RateLimit, Limiter]:
    """The interceptor under settings that limit nothing but what is named."""
    made = limiter(Rates(**RATES | settings), counts)
    assert made is not None
    return RateLimit(made), made


def told(call: Call) -> dict[str, str]:
    return dict(call.told)


async def refusal(limit: RateLimit, call: Call, *messages: Message) -> Fault:
    with pytest.raises(Fault) as caught:
        await limit(reading(*messages), call)
    assert caught.value.reason == reasons.ERROR_REASON_RATE_LIMITED
    return caught.value


def reading(*messages: Message, size: int | None = None) -> Any:
    """A service that reads these messages, each of `size` bytes."""

    async def read(call: Call) -> None:
        for message in messages:
            call.received.add(message.ByteSize() if size is None else size)
            for inspect in call.inspectors:
                await inspect(message)

    return read


async def test_beyond_the_rate_a_call_is_told_the_limit_and_when_to_come_back() -> None:
    limit, _ = limits(rate_limit_read="60/h burst 2")
    for remaining in ("1", "0"):
        await limit(answered, call := call_of())
        assert told(call) == {"x-ratelimit-limit": "2", "x-ratelimit-remaining": remaining}
    fault = await refusal(limit, call := call_of())
    assert told(call) == {"x-ratelimit-limit": "2", "x-ratelimit-remaining": "0"}
    assert "principal:alice is limited to 60 read calls in 3600 s and 2 at once" in fault.message
    assert fault.retry_after_s == pytest.approx(60, abs=2)
    assert int(dict(trailers_of(fault, "id"))["grpc-retry-pushback-ms"]) >= 58_000
    quota = error_details_pb2.QuotaFailure()
    assert any(detail.Unpack(quota) for detail in status_of(fault, "id").details)
    assert [each.subject for each in quota.violations] == ["principal:alice/read"]
    await limit(answered, call_of(principal="bob"))
    await limit(answered, call_of(SIMULATE))


async def test_the_tighter_of_the_classs_limit_and_everybodys_is_told() -> None:
    limit, _ = limits(rate_limit_read="10/h", rate_limit_global="5/h")
    await limit(answered, call := call_of())
    assert told(call) == {"x-ratelimit-limit": "5", "x-ratelimit-remaining": "4"}


async def test_a_call_that_everybodys_limit_refuses_takes_nothing_from_its_own() -> None:
    limit, _ = limits(rate_limit_read="5/h", rate_limit_simulate="3/h", rate_limit_global="3/h")
    for _ in range(3):
        await limit(answered, call_of(SIMULATE))
    for _ in range(9):
        assert (await refusal(limit, call_of())).limit == "server/global"
    assert (await refusal(limit, call_of(SIMULATE))).limit == "principal:alice/simulate"


async def test_health_watches_have_a_bucket_a_peer_and_no_share_in_everybodys() -> None:
    limit, _ = limits(rate_limit_health="2/h", rate_limit_global="1/h")
    for peer in ("192.0.2.1", "192.0.2.2", "2001:db8::1"):
        for _ in range(2):
            await limit(answered, call_of(WATCH, peer=peer))
    assert (await refusal(limit, call_of(WATCH, peer="192.0.2.1"))).limit == "peer:192.0.2.1/health"
    await refusal(limit, call_of(WATCH, peer="2001:db8::2"))  # of one host
    await limit(answered, call_of())


@pytest.mark.parametrize("store", ["memory://", "redis://127.0.0.1:1"])  # nothing listens on port 1
async def test_a_health_check_is_answered_and_told_the_limit_whatever_came_before_it(store: str) -> None:
    settings = {"rate_limit_store": store, "rate_limit_store_failure": "closed"}
    limit, made = limits(counts := Counts(), rate_limit_health="2/h", **settings)
    for _ in range(9):
        await limit(answered, call := call_of(CHECK))
        assert told(call) == {"x-ratelimit-limit": "2", "x-ratelimit-remaining": "2"}
    for _ in range(2):
        await limit(answered, call_of(WATCH))
    await refusal(limit, call_of(WATCH))
    await limit(answered, call := call_of(CHECK))
    assert told(call) == {"x-ratelimit-limit": "2", "x-ratelimit-remaining": "0"}
    assert counts.seen == {("health", "allowed"): 12, ("health", "limited"): 1}
    await made.close()


async def test_checks_of_services_that_there_are_not_have_a_rate() -> None:
    async def unknown(call: Call) -> None:
        raise Fault(reasons.ERROR_REASON_RESOURCE_NOT_FOUND, "no such service")

    limit, _ = limits(rate_limit_health="2/h")
    for _ in range(2):
        with pytest.raises(Fault, match="no such service"):
            await limit(unknown, call_of(CHECK))
    with pytest.raises(Fault, match="limited to 2 health calls"):
        await limit(unknown, call_of(CHECK))
    await limit(answered, call_of(CHECK))


async def test_a_flood_of_peers_does_not_refill_a_principals_bucket() -> None:
    limit, made = limits(rate_limit_read="1/h", rate_limit_max_principals=16)
    await limit(answered, call_of())
    for i in range(200):
        await limit(answered, call_of(WATCH, peer=f"192.0.2.{i}"))
    await refusal(limit, call_of())
    assert made.kept <= 32


async def test_a_simulation_that_costs_too_much_is_refused_and_takes_none_of_what_is_left() -> None:
    limit, _ = limits(rate_limit_cell_steps="1500/h")
    await limit(reading(RUN), first := call_of(SIMULATE))
    assert told(first) == {"x-ratelimit-limit": "1500", "x-ratelimit-remaining": "500"}
    for _ in range(5):
        fault = await refusal(limit, call_of(SIMULATE), RUN)
        assert (fault.limit, "asks for 1000, 500 are left" in fault.message) == ("principal:alice/cell_steps", True)
        assert fault.retry_after_s == pytest.approx(1200, abs=10)


async def test_a_caller_that_is_out_of_one_limit_is_bounded_by_the_others() -> None:
    limit, _ = limits(rate_limit_cell_steps="1000/d", rate_limit_simulate="3/d")
    await limit(reading(RUN), call_of(SIMULATE))
    for name in ("cell_steps", "cell_steps", "simulate"):
        assert (await refusal(limit, call_of(SIMULATE), RUN)).limit == f"principal:alice/{name}"
    limit, _ = limits(rate_limit_cell_steps="1000/d", rate_limit_bytes=f"{3 * RUN.ByteSize()}/d")
    await limit(reading(RUN), call_of(SIMULATE))
    for name in ("cell_steps", "cell_steps", "bytes"):
        assert (await refusal(limit, call_of(SIMULATE), RUN)).limit == f"principal:alice/{name}"


async def test_a_call_that_costs_more_than_the_bucket_holds_is_charged_all_of_it() -> None:
    limit, _ = limits(rate_limit_cell_steps="100/h")
    await limit(reading(RUN), call_of(SIMULATE))
    assert "asks for 100, 0 are left" in (await refusal(limit, call_of(SIMULATE), RUN)).message


async def test_each_client_of_an_aggregation_is_charged() -> None:
    limit, _ = limits(rate_limit_clients="3/h")
    begin = federation_pb2.AggregateRequest(client_begin=federation_pb2.AggregateClientBegin())
    await limit(reading(begin, begin, begin, federation_pb2.AggregateRequest()), call_of(AGGREGATE))
    assert (await refusal(limit, call_of(AGGREGATE), begin)).limit == "principal:alice/clients"


async def test_a_stream_of_bytes_is_slowed_down_before_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    clock = [1000.0]

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        clock[0] += seconds + 1e-6

    monkeypatch.setattr("mfn_server.limiting.spending.asyncio.sleep", sleep)
    monkeypatch.setattr("mfn_server.limiting.spending.monotonic", lambda: clock[0])
    monkeypatch.setattr("throttled.utils.now_mono_f", lambda: clock[0])
    limit, _ = limits(rate_limit_bytes="1000/s burst 1000")
    part = simulation_pb2.UploadArrayRequest()
    await limit(reading(part, part, part, size=1000), call_of(UPLOAD))
    assert slept == [pytest.approx(1.0), pytest.approx(1.0)]
    with pytest.raises(Fault, match="asks for 1000") as caught:
        await limit(reading(part, size=1000), call_of(UPLOAD, remaining_s=0.5))
    assert caught.value.limit == "principal:alice/bytes"
    with pytest.raises(Fault):
        await limit(reading(RUN, size=1000), call_of(SIMULATE))  # one message is not slowed down


async def test_no_principal_has_more_streams_open_than_allowed() -> None:
    limit, made = limits(max_streams_per_principal=2)
    gate = asyncio.Event()

    async def wait(call: Call) -> None:
        await gate.wait()

    calls = [call_of(SIMULATE), call_of(UPLOAD), call_of(SIMULATE, "bob"), *(call_of(FEDERATE) for _ in range(9))]
    tasks = [asyncio.create_task(cast("Any", limit(wait, call))) for call in calls]
    await asyncio.sleep(0)
    assert (await refusal(limit, call_of(SIMULATE))).limit == "principal:alice/streams"
    await limit(answered, call_of(NERNST))
    gate.set()
    await asyncio.gather(*tasks)
    await limit(answered, call_of(SIMULATE))
    assert not made.streams._open


async def test_idle_health_watches_of_an_address_leave_room_for_others() -> None:
    limit, _ = limits(max_streams_per_principal=2)
    gate = asyncio.Event()

    async def wait(call: Call) -> None:
        await gate.wait()

    tasks = [asyncio.create_task(cast("Any", limit(wait, call_of(WATCH)))) for _ in range(MOST_WATCHES - 1)]
    await asyncio.sleep(0)
    await limit(answered, call_of(WATCH))
    tasks.append(asyncio.create_task(cast("Any", limit(wait, call_of(WATCH)))))
    await asyncio.sleep(0)
    assert "1000 streams open" in (await refusal(limit, call_of(WATCH))).message
    await limit(answered, call_of(WATCH, peer="192.0.2.9"))
    await limit(answered, call_of(CHECK))
    gate.set()
    await asyncio.gather(*tasks)


async def test_outcomes_are_counted_by_class() -> None:
    counts = Counts()
    limit, _ = limits(counts, rate_limit_read="1/h")
    await limit(answered, call_of())
    await refusal(limit, call_of())
    assert counts.seen == {("read", "allowed"): 1, ("read", "limited"): 1}


async def test_nothing_is_limited_where_the_settings_say_so() -> None:
    unlimited: dict[str, Any] = {"rate_limit_enabled": False}
    assert limiter(Rates(**unlimited)) is None
