"""What callers do to a server while Prometheus looks on: a little of everything that a panel shows."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

from mfn_client import Client, RpcError, Tls
from mfn_client.federated import Participation, participate
from tests.e2e.federation.crew import Progress
from tests.e2e.federation.training import Plan, trained
from tests.e2e.operator.site import Production
from tests.e2e.process import PATIENCE_S

SCOPES = "read,simulate,features,validate,federate,admin"
PLAN = Plan("monitored", ("ada", "bob"), 1_000, {})
ROUNDS = 3
FEATURES_ALLOWED = 2
GRID: dict[str, Any] = {"rows": 64, "cols": 64, "steps": 60}


def simulate(client: Client) -> None:
    """Runs and streams of two models."""
    for model in ("mycelium", "gray_scott"):
        client.run(model, with_features=True, thresholds=(0.1, 0.2, 0.3), **GRID)
        assert len(list(client.simulate(model, stride=20, **GRID))) > 1


def call_the_rest(client: Client) -> None:
    """Quick calls, features beyond the limit, a validation."""
    client.nernst(1, 0.005, 0.14)
    client.models()
    field = np.random.default_rng(0).random((32, 32))
    for _ in range(FEATURES_ALLOWED):
        client.extract_features(field)
    with pytest.raises(RpcError):
        client.extract_features(field, timeout=1)
    client.validate()


def be_refused(server: Production) -> None:
    """Without a key, with a wrong one, and with one that lacks the scope."""
    reader = server.site.first_key
    server.nernst()
    server.nernst(f"{reader[:-4]}0000")
    with client_of(server, reader) as client, pytest.raises(RpcError):
        client.run("gray_scott", **GRID)


def client_of(server: Production, key: str) -> Client:
    """One that trusts the server's authority."""
    return Client(server.target, api_key=key, tls=_trust(server))


@contextmanager
def federating(server: Production, key: str, client: Client) -> Iterator[None]:
    """A federation some rounds of which are over while one is under way, until the end."""
    folder, progress = server.site.folder, Progress(ROUNDS)
    PLAN.found(client, folder, ROUNDS)
    client.upload_model(PLAN.name, PLAN.first_model())

    def take_part(name: str) -> Participation:
        def fit(arrays: dict[str, Any], config: Any) -> tuple[dict[str, Any], int, dict[str, float]]:
            progress.begin(config.round)
            return trained(name, config.round, arrays), 10, {}

        own: dict[str, Any] = {"name": name, "key": folder / f"{name}.pem", "record": folder / f"{name}.acks"}
        return participate(server.target, PLAN.name, fit, api_key=key, tls=_trust(server), **own)

    with ThreadPoolExecutor(len(PLAN.participants)) as threads:
        taking_part: list[Future[Participation]] = [threads.submit(take_part, name) for name in PLAN.participants]
        try:
            progress.wait_for(ROUNDS)
            yield
        finally:
            progress.open_gate()
            assert [each.result(PATIENCE_S).reason for each in taking_part] == ["max_rounds"] * len(taking_part)


def _trust(server: Production) -> Tls:
    return Tls(ca_file=server.site.folder / "certs" / "ca.pem")
