"""Both sides' records of a federation: what participants were told, and what the server says became of it."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mfn_client import Client
from mfn_client.federated import read_acknowledgements

COUNTING = {"counted", "duplicate"}
KEPT = ("round_started", "update_received", "verdict", "model_published", "round_ended")


def last_model(client: Client, federation: str) -> bytes:
    """The SHA-256 of what a federation that is over came to; the model itself is whole and finite."""
    found = client.get_federation(federation)
    assert (found.state, found.finish_reason) == ("finished", "max_rounds")
    assert found.model is not None
    model = client.download_model(federation, found.model)
    assert all(np.isfinite(array).all() for array in model.values())
    return found.model.sha256


def acknowledged(record: Path) -> dict[int, set[bytes]]:
    """The digests of what a participant was told that counts, by round."""
    found: dict[int, set[bytes]] = {}
    for ack in read_acknowledgements(record):
        assert ack.status in COUNTING, ack
        found.setdefault(ack.round, set()).add(ack.payload_sha256)
    return found


def require_agreement(client: Client, federation: str, records: Mapping[str, Path], rounds: int) -> None:
    """Every update of every round was acknowledged, and counts exactly once, on both sides."""
    every = {(name, number) for name in records for number in range(1, rounds + 1)}
    told = {(name, number): digests for name, path in records.items() for number, digests in acknowledged(path).items()}
    verdicts = list(client.list_verdicts(federation))
    counted = [(verdict.participant.rsplit("/", 1)[1], verdict.round) for verdict in verdicts]
    assert sorted(counted) == sorted(every)
    assert {verdict.kind for verdict in verdicts} <= {"accepted", "rejected"}
    kept = {at: {verdict.payload_sha256} for at, verdict in zip(counted, verdicts, strict=True)}
    assert told == kept
    found = sorted(client.list_rounds(federation), key=lambda each: each.round)
    whole = [(number, "done", len(records)) for number in range(1, rounds + 1)]
    assert [(each.round, each.state, each.counted) for each in found] == whole
    require_events_once(client, federation, len(records), rounds)


def require_events_once(client: Client, federation: str, participants: int, rounds: int) -> None:
    """Whatever happened was told once to those who watch, without a gap."""
    kept = list(client.watch_federation(federation, after_sequence=0))
    assert [event.sequence for event in kept] == list(range(kept[0].sequence, kept[-1].sequence + 1))
    count = Counter(event.kind for event in kept)
    each = {"update_received": participants * rounds, "verdict": participants * rounds}
    assert {kind: count[kind] for kind in KEPT} == dict.fromkeys(KEPT, rounds) | each
