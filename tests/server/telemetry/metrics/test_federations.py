"""What is counted of rounds and updates is what participants were told."""

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from tests.server.conftest import Start
from tests.server.federation.hosting import Host, hosting_in
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Participant
from tests.server.telemetry.metrics.scraping import Samples, scrape, undeclared, value

MODEL = np.array([1.0, 2.0, 3.0], "<f4")
HONEST = [[1, 1, 1], [1.1, 1, 1], [0.9, 1, 1], [1, 1.1, 1]]
FAR_OFF = [1e6, -1e6, 0]
UPDATES, VERDICTS = "mfn_federation_updates_total", "mfn_federation_verdicts_total"
ENROLLED, CONNECTED = "mfn_federation_participants_enrolled", "mfn_federation_participants_connected"
ROUNDS = "mfn_federation_rounds_total"
OLDEST, WAITING = "mfn_federation_oldest_round_started_seconds", "mfn_federations_waiting"


@pytest.fixture
async def host(start: Start, tmp_path: Path) -> Host:
    """A server with metrics that keeps its federations in the test's directory."""
    return await hosting_in(start, tmp_path)(metrics_port=0)


async def trained(participants: list[Participant], deltas: list[Any]) -> list[pb.RoundResult]:
    """Each sends its update; what each is told of the round."""
    await asyncio.gather(*(each.train(delta) for each, delta in zip(participants, deltas, strict=True)))
    return [await each.until("round_result") for each in participants]


def by_kind_and_reason(samples: Samples) -> dict[tuple[str, str], float]:
    """The verdicts that there were."""
    found = {
        (dict(key[1])["kind"], dict(key[1])["reason"]): count for key, count in samples.items() if key[0] == VERDICTS
    }
    return {key: count for key, count in found.items() if count}


async def test_a_round_with_an_attacker_is_counted_as_its_participants_were_told(host: Host) -> None:
    robust = policy(5, rounds=2)
    robust.aggregation.f = 1
    robust.aggregation.krum.SetInParent()
    _, participants = await host.operator.gathering("robust", MODEL, robust, 5)
    results = await trained(participants, [*HONEST, FAR_OFF])
    await participants[4].leave()
    samples = await scrape(host.running)
    told = [(each.verdict.kind, each.verdict.reason) for each in results]
    accepted = told.count((pb.VERDICT_KIND_ACCEPTED, pb.VERDICT_REASON_UNSPECIFIED))
    rejected = told.count((pb.VERDICT_KIND_REJECTED, pb.VERDICT_REASON_OUTLIER))
    assert accepted > 0 < rejected
    assert accepted + rejected == len(told)
    assert by_kind_and_reason(samples) == {("accepted", "none"): accepted, ("rejected", "outlier"): rejected}
    assert value(samples, ROUNDS, outcome="published") == value(samples, ROUNDS) == 1
    assert value(samples, "mfn_federation_round_seconds_count") == 1
    assert value(samples, UPDATES, status="counted") == value(samples, UPDATES) == 5
    assert value(samples, "mfn_federation_durable_bytes_total") == 5 * MODEL.nbytes
    assert (value(samples, ENROLLED), value(samples, CONNECTED)) == (5, 4)
    assert value(samples, "mfn_federations", state="running") == value(samples, "mfn_federations") == 1
    assert value(samples, "mfn_federation_stored_bytes") >= MODEL.nbytes
    assert not undeclared(samples)


async def test_a_round_that_publishes_nothing_is_counted_by_its_reason(host: Host) -> None:
    _, participants = await host.operator.gathering("made-up-name", MODEL, policy(2), 2)
    results = await trained(participants, [[1, 1, 1], [np.nan, 0, 0]])
    samples = await scrape(host.running)
    assert {each.state for each in results} == {pb.ROUND_STATE_SKIPPED}
    assert value(samples, ROUNDS, outcome="screened_beyond_f") == value(samples, ROUNDS) == 1
    assert by_kind_and_reason(samples)["screened", "not_finite"] == 1
    assert not any("made-up-name" in given for _, labels in samples for _, given in labels)
    assert not undeclared(samples)


async def test_the_oldest_round_is_told_by_its_start_and_is_absent_while_none_is_under_way(host: Host) -> None:
    federation, participants = await host.operator.gathering("slow", MODEL, policy(2, rounds=2), 2)
    (under_way,) = await federation.rounds()
    samples = await scrape(host.running)
    assert value(samples, OLDEST) == pytest.approx(under_way.start_time.ToNanoseconds() / 1e9, abs=1e-3)
    assert value(samples, WAITING) == 0
    for participant in participants:
        await participant.leave()
    await federation.stub.DeleteFederation(pb.DeleteFederationRequest(name=federation.name))
    assert not [name for name, _ in await scrape(host.running) if name == OLDEST]


async def test_a_federation_that_cannot_start_its_round_waits(host: Host) -> None:
    federation = await host.operator.federation("lonely", MODEL, policy(2))
    await (await federation.enrol("one")).join()
    samples = await scrape(host.running)
    assert (value(samples, WAITING), value(samples, CONNECTED)) == (1, 1)
    assert not [name for name, _ in samples if name == OLDEST]
