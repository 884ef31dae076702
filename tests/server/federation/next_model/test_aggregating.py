"""The next model made of stored updates: the same bytes every time, whatever happened to some of them."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.aggregation import memory
from mfn_server.federation.live import chores
from mfn_server.federation.live.live import Live
from mfn_server.federation.machine.actions import Aggregate
from mfn_server.federation.machine.events import Aggregated
from mfn_server.federation.next_model.aggregating import Aggregator
from mfn_server.federation.storage.rows import Batch
from tests.server.federation.hosting import Hosting
from tests.server.federation.policies import policy
from tests.server.federation.scripted import Federation, Participant
from tests.server.gates import eventually

MODEL = np.random.default_rng(7).standard_normal(5000).astype("<f4")
Aggregating = Callable[[Aggregator, Live, Aggregate], Any]
aggregate = Aggregator.aggregate


async def scene(hosting: Hosting, found: pb.FederationPolicy, count: int) -> tuple[Federation, list[Participant]]:
    host = await hosting()
    return await host.operator.gathering("f", MODEL, found, count)


async def train(participants: list[Participant]) -> None:
    """Each sends an update of its own; waits for the end."""
    rng = np.random.default_rng(1)
    await asyncio.gather(*(p.train(rng.standard_normal(5000).astype("<f4")) for p in participants))
    await participants[0].until("finished")


@pytest.mark.parametrize("rule", ["krum", "geometric_median", "centered_clipping", "trimmed_mean"])
async def test_aggregating_twice_gives_the_same_bytes(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch, rule: str
) -> None:
    events: list[Aggregated] = []

    async def twice(aggregator: Aggregator, live: Live, action: Aggregate) -> tuple[Aggregated, Batch]:
        for _ in range(2):
            event, rows = await aggregate(aggregator, live, action)
            events.append(event)
        return event, rows

    monkeypatch.setattr(Aggregator, "aggregate", twice)
    found = policy(5, server_optimizer=pb.ServerOptimizer(momentum=0.5))
    found.aggregation.f = 1
    getattr(found.aggregation, rule).SetInParent()
    _, participants = await scene(hosting, found, 5)
    await train(participants)
    first, second = events
    assert first.outcome == second.outcome
    assert first.judgements == second.judgements


def damage(path: Path) -> None:
    """One byte of the file is another one."""
    raw = bytearray(path.read_bytes())
    raw[-1] ^= 1
    path.write_bytes(raw)


@pytest.mark.parametrize("harm", [damage, Path.unlink, lambda path: path.write_bytes(path.read_bytes()[:-1])])
async def test_an_update_that_was_damaged_on_the_disk_is_screened_out_and_the_round_goes_on(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Path], Any]
) -> None:
    async def harmed(aggregator: Aggregator, live: Live, action: Aggregate) -> tuple[Aggregated, Batch]:
        (path,) = (live.folder.path / "updates").glob("p2_*")
        harm(path)
        return await aggregate(aggregator, live, action)

    monkeypatch.setattr(Aggregator, "aggregate", harmed)
    found = policy(4)
    found.aggregation.f = 1
    federation, participants = await scene(hosting, found, 4)
    await train(participants)
    (done,) = await federation.rounds()
    assert (done.state, done.screened, done.f) == (pb.ROUND_STATE_DONE, 1, 0)
    verdicts = await federation.verdicts(1)
    assert (verdicts["p2"].kind, verdicts["p2"].reason) == (pb.VERDICT_KIND_SCREENED, pb.VERDICT_REASON_DIGEST)
    assert {verdicts[name].kind for name in ("p0", "p1", "p3")} == {pb.VERDICT_KIND_ACCEPTED}
    rng = np.random.default_rng(1)
    deltas = [rng.standard_normal(5000).astype("<f4") for _ in range(4)]
    sound = np.mean([deltas[0], deltas[1], deltas[3]], axis=0, dtype="f8")
    model = np.frombuffer(await federation.download((await federation.get()).model), "<f4")
    # Both round the same sum of three once: to half a unit in the last place of values below 8.
    assert np.abs(model - (MODEL + sound)).max() <= 2**-22


async def test_too_few_sound_updates_skip_the_round_and_name_the_damaged_one(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def harmed(aggregator: Aggregator, live: Live, action: Aggregate) -> tuple[Aggregated, Batch]:
        (path,) = (live.folder.path / "updates").glob("p0_*")
        damage(path)
        return await aggregate(aggregator, live, action)

    monkeypatch.setattr(Aggregator, "aggregate", harmed)
    federation, participants = await scene(hosting, policy(2), 2)
    await train(participants)
    (skipped,) = await federation.rounds()
    assert skipped.skip_reason == pb.SKIP_REASON_SCREENED_BEYOND_F
    verdicts = await federation.verdicts(1)
    assert verdicts["p0"].reason == pb.VERDICT_REASON_DIGEST
    assert verdicts["p1"].reason == pb.VERDICT_REASON_ROUND_SKIPPED
    sent = np.random.default_rng(1)
    _, second = (sent.standard_normal(5000).astype("<f4") for _ in range(2))
    # Both sum 5000 squares in float64.
    assert verdicts["p1"].norm == pytest.approx(np.linalg.norm(second.astype("f8")), rel=1e-12)


async def test_a_round_that_the_memory_never_holds_is_skipped(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "FLOAT_BYTES", 2**40)
    federation, participants = await scene(hosting, policy(2), 2)
    await train(participants)
    (skipped,) = await federation.rounds()
    assert skipped.skip_reason == pb.SKIP_REASON_FAILED


async def test_a_round_whose_aggregation_always_fails_is_skipped_and_the_next_one_starts(
    hosting: Hosting, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def failing(aggregator: Aggregator, live: Live, action: Aggregate) -> tuple[Aggregated, Batch]:
        if action.round == 1:
            raise ValueError("the eigenvalues did not converge")
        return await aggregate(aggregator, live, action)

    monkeypatch.setattr(chores, "SHORTEST_WAIT_S", 0.0)
    monkeypatch.setattr(Aggregator, "aggregate", failing)
    federation, participants = await scene(hosting, policy(2, rounds=2), 2)
    for _ in range(2):
        await asyncio.gather(*(participant.train(MODEL) for participant in participants))
    await participants[0].until("finished")
    done, skipped = await federation.rounds()
    assert (skipped.state, skipped.skip_reason) == (pb.ROUND_STATE_SKIPPED, pb.SKIP_REASON_FAILED)
    assert done.state == pb.ROUND_STATE_DONE
    assert {verdict.reason for verdict in (await federation.verdicts(1)).values()} == {pb.VERDICT_REASON_ROUND_SKIPPED}
    assert "the eigenvalues did not converge" in caplog.text


async def test_payloads_go_when_they_are_needed_no_more_and_only_the_last_velocity_stays(hosting: Hosting) -> None:
    found = policy(2, rounds=4, server_optimizer=pb.ServerOptimizer(momentum=0.5))
    found.retention.model_versions = 2
    host = await hosting()
    federation, participants = await host.operator.gathering("f", MODEL, found, 2)

    async def life(participant: Participant) -> None:
        for _ in range(4):
            await participant.train(MODEL)

    await asyncio.gather(*map(life, participants))
    await participants[0].until("finished")
    live = host.live("f")
    await eventually(lambda: not live._chores._tasks)
    assert not list((live.folder.path / "updates").iterdir())
    kept = {path.stem for path in (live.folder.path / "models").iterdir()}
    assert kept == {"model-0", "model-3", "model-4", "velocity-4"}
    assert len(await federation.download((await federation.get()).model)) == MODEL.nbytes


async def test_a_sealed_federation_gives_the_same_model_and_shows_nothing_on_the_disk(
    hosting: Hosting, tmp_path: Path
) -> None:
    key = "k1:" + "ab" * 32  # pragma: allowlist secret
    host = await hosting(federation_keys=key)
    federation, participants = await host.operator.gathering("f", MODEL, policy(2), 2)
    await train(participants)
    sealed = await federation.download((await federation.get()).model)
    for path in (tmp_path / "federations" / "f" / "models").iterdir():
        assert MODEL.tobytes()[:64] not in path.read_bytes()
        assert sealed[:64] not in path.read_bytes()
    plain = await hosting()
    other, members = await plain.operator.gathering("g", MODEL, policy(2), 2)
    await train(members)
    assert await other.download((await other.get()).model) == sealed
