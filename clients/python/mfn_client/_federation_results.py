"""What the calls about federations return: frozen dataclasses with the contract's field names, enums as short words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True)
class ModelRef:
    """One version of one federation's model, beyond doubt: 0 is the uploaded one, each round that publishes adds 1."""

    federation_uid: str
    version: int
    sha256: bytes


@dataclass(frozen=True)
class Tensor:
    """One tensor of a model: `element_type` as "float32", `shape` slowest axis first, its bytes in the payload."""

    name: str
    element_type: str
    shape: tuple[int, ...]
    offset: int
    encoding: str
    scale: float | None
    size_bytes: int


@dataclass(frozen=True)
class TensorManifest:
    """The tensors of a model in the order of their bytes."""

    tensors: tuple[Tensor, ...]


@dataclass(frozen=True)
class Federation:
    """One federation. `policy` has every default filled in.

    `state`: "awaiting_model", "running", "paused" or "finished"; `finish_reason` then "max_rounds", "early_stop",
    "skipped_rounds" or "deleted", else "unspecified". `manifest` comes with `get_federation` only.
    """

    name: str
    uid: str
    title: str
    policy: Mapping[str, Any]
    state: str
    finish_reason: str
    model: ModelRef | None
    best_model: ModelRef | None
    best_score: float | None
    round: int
    participants_enrolled: int
    participants_connected: int
    create_time: datetime | None
    finish_time: datetime | None
    manifest: TensorManifest | None
    stored_bytes: int


@dataclass(frozen=True)
class Capabilities:
    """What a participant's last session could do."""

    element_types: tuple[str, ...]
    encodings: tuple[str, ...]
    can_evaluate: bool
    client: str


@dataclass(frozen=True)
class Participant:
    """One enrolled participant; `public_key` is Ed25519, 32 bytes."""

    name: str
    uid: str
    public_key: bytes
    title: str
    create_time: datetime | None
    connected: bool
    last_seen_time: datetime | None
    capabilities: Capabilities | None
    rounds_accepted: int
    rounds_rejected: int
    rounds_missed: int


@dataclass(frozen=True)
class Round:
    """One round. `state`: "collecting", "aggregating", "evaluating", "done" or "skipped".

    `skip_reason`: "quorum", "screened_beyond_f", "precondition", "not_finite" or "failed" where it was skipped, else
    "unspecified". `f`: what the rule worked with. `metrics`: the median of each over the `reports`.
    """

    federation: str
    round: int
    state: str
    skip_reason: str
    base_model: ModelRef | None
    model: ModelRef | None
    selected: int
    counted: int
    screened: int
    rejected: int
    f: int | None
    start_time: datetime | None
    end_time: datetime | None
    aggregate_seconds: float
    score: float | None
    metrics: Mapping[str, float]
    reports: int


@dataclass(frozen=True)
class Verdict:
    """What became of one participant in one round, or of one client in `aggregate`.

    `kind`: "accepted", "rejected", "screened", "deferred", "late" or "missing". `reason`, when not accepted: such as
    "not_finite", "norm", "outlier" or "declined"; `detail` says it with the numbers behind it. `norm`: Euclidean, of
    the update as a difference. `score`: distance from the others as the rule saw it. `weight`: share of the aggregate,
    0 to 1. `num_examples` and `metrics` are what the participant claims.
    """

    participant: str
    round: int
    kind: str
    reason: str
    detail: str
    norm: float | None
    score: float | None
    weight: float | None
    num_examples: int
    metrics: Mapping[str, float]
    payload_sha256: bytes
    receive_time: datetime | None


@dataclass(frozen=True)
class UpdateAck:
    """An acknowledged update: `status` is "counted", "deferred" (to `counts_in_round`), "late" or "duplicate"."""

    round: int
    payload_sha256: bytes
    status: str
    counts_in_round: int | None


@dataclass(frozen=True)
class ParticipantEvent:
    """A participant was "enrolled", "removed", "connected" or "disconnected"."""

    change: str
    participant: Participant | None


@dataclass(frozen=True)
class UpdateEvent:
    """An update of a participant became durable."""

    participant: str
    ack: UpdateAck | None
    total_bytes: int


@dataclass(frozen=True)
class EvaluationReport:
    """What a participant measured of a model."""

    round: int
    model: ModelRef | None
    num_examples: int
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class EvaluationEvent:
    """A report of a participant came in."""

    participant: str
    report: EvaluationReport | None


Event = Federation | ParticipantEvent | Round | UpdateEvent | Verdict | ModelRef | EvaluationEvent


@dataclass(frozen=True)
class FederationEvent:
    """One event of a federation.

    `kind`: "federation_changed", "participant_changed", "round_started", "update_received", "verdict",
    "model_published", "evaluation_received" or "round_ended"; `event` is what it is about, as it then stood.
    `sequence` rises by 1 with every kept event; those of connections are not kept and carry that of the one before.
    """

    sequence: int
    event_time: datetime | None
    kind: str
    event: Event


@dataclass(frozen=True)
class AggregateRecord:
    """The record of one aggregation: how many clients came to what, and `aggregation`, the policy in full."""

    round: int
    clients: int
    accepted: int
    rejected: int
    screened: int
    missing: int
    f: int
    aggregation: Mapping[str, Any]
    aggregate_seconds: float
    numerics_version: str
