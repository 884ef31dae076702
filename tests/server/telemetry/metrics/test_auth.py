"""Every way in which a credential fares, and every reading of its file, is counted as such."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest

from mfn_server import app
from mfn_server.access.keys import ApiKeys
from mfn_server.access.managing import create, revoke
from mfn_server.access.slowing import FREE_FAILURES, PLACES_PER_PEER, Slowing
from mfn_server.rpc.call import OK, Outcome
from mfn_server.telemetry.metrics.auth import AuthMetrics, AuthOutcome
from tests.server.access.calls import Recorded, call_with
from tests.server.calling import NERNST, Refusal, refusal_of
from tests.server.conftest import Running, Start
from tests.server.gates import eventually
from tests.server.interceptors.guarded import HEALTH
from tests.server.telemetry.metrics.scraping import Samples, scrape, undeclared, value

PEPPER = "p" * 32  # pragma: allowlist secret
NERNST_PATH = "/mfn.v1.ElectrochemistryService/ComputeNernst"


class Keys:
    """A file of keys."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "keys.json"
        self.good = self.made("ann", ["read"])

    def made(self, principal: str, scopes: list[str], lifetime: timedelta | None = None) -> str:
        """A new one."""
        return create(self.file, PEPPER.encode(), principal, scopes, lifetime, Recorded())

    def revoked(self) -> str:
        """A new one that holds no longer."""
        key = self.made("eve", ["read"])
        revoke(self.file, key.split("_")[1], Recorded())
        return key


@pytest.fixture
def keys(tmp_path: Path) -> Keys:
    return Keys(tmp_path)


async def guarded_by(start: Start, keys: Keys) -> Running:
    return await start(metrics_port=0, api_keys_file=keys.file, api_key_pepper=PEPPER)


async def calls(server: Running, key: str | None, path: str = NERNST_PATH) -> Refusal | None:
    """How the call is refused, None when it is not."""
    metadata = [] if key is None else [("x-api-key", key)]
    method: Any = server.channel.unary_unary(path)
    try:
        await method(NERNST.SerializeToString(), metadata=metadata)
    except grpc.aio.AioRpcError as error:
        return refusal_of(error)
    return None


def by_outcome(samples: Samples) -> dict[str, float]:
    """Those that there were."""
    counts = {each.value: value(samples, "mfn_auth_total", outcome=each) for each in AuthOutcome}
    return {outcome: count for outcome, count in counts.items() if count}


async def ended(server: Running, count: int) -> Samples:
    """The samples once so many calls have ended: callers may hear of it a moment before they are counted."""
    auth = server.application.metrics.auth
    await eventually(lambda: sum(sample.value for sample in auth.collect()[0].samples) >= count)
    return await scrape(server)


async def test_calls_are_counted_by_what_became_of_their_credential(start: Start, keys: Keys) -> None:
    expired, revoked = keys.made("bob", ["read"], timedelta(0)), keys.revoked()
    server = await guarded_by(start, keys)
    for key in (keys.good, None, None, "wrong", expired, revoked):
        await calls(server, key)
    await calls(server, keys.good, "/mfn.v1.SimulationService/RunSimulation")
    await calls(server, None, f"/{HEALTH.full_name}/Check")
    samples = await ended(server, 7)
    assert by_outcome(samples) == {
        "accepted": 1,
        "missing": 2,
        "invalid": 1,
        "expired": 1,
        "revoked": 1,
        "forbidden": 1,
    }
    text = repr(list(samples))
    assert not any(secret in text for secret in ("ann", "bob", keys.good, expired, revoked))
    assert not undeclared(samples)


async def test_credentials_that_are_not_looked_at_any_more_are_slowed(
    start: Start, keys: Keys, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def at_once(_: float) -> None: ...

    monkeypatch.setattr(app, "Slowing", lambda: Slowing(now=lambda: 0.0, sleep=at_once))
    server = await guarded_by(start, keys)
    before = FREE_FAILURES + PLACES_PER_PEER
    for number in range(before + 2):
        await calls(server, f"wrong-{number}")
    assert by_outcome(await ended(server, before + 2)) == {"invalid": before, "slowed": 2}


@pytest.mark.parametrize("outcome", [None, OK, Outcome(grpc.StatusCode.CANCELLED)])
def test_a_call_that_ended_before_anybody_knew_it_is_not_accepted(outcome: Outcome | None) -> None:
    metrics, call = AuthMetrics(), call_with()
    call.outcome = outcome
    metrics.add(call)
    assert {sample.value for sample in metrics.collect()[0].samples} == {0}


async def test_reloads_are_counted_by_file_and_outcome(start: Start, keys: Keys) -> None:
    server = await guarded_by(start, keys)
    (found,) = server.application.authenticators
    assert isinstance(found, ApiKeys)

    async def looked_at() -> Samples:
        found._keys._next_look = 0.0
        await calls(server, keys.good)
        assert found._keys._look is not None
        await asyncio.wait_for(found._keys._look, 30)
        return await scrape(server)

    assert value(await scrape(server), "mfn_reloads_total") == 0
    keys.made("bob", ["read"])
    assert value(await looked_at(), "mfn_reloads_total", file="api_keys_file", outcome="succeeded") == 1
    keys.file.write_text("garbage")
    samples = await looked_at()
    assert value(samples, "mfn_reloads_total", file="api_keys_file", outcome="failed") == 1
    assert value(samples, "mfn_reloads_total") == 2
