"""A federation's folder as it is found: who it is, where its machine stands, whom it knows."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.admitting import Expected, admit, task_of
from mfn_server.federation.machine.codecs import decode_event, decode_state
from mfn_server.federation.machine.discarding import payloads_in_use
from mfn_server.federation.machine.events import Event
from mfn_server.federation.machine.machine import step
from mfn_server.federation.machine.records import Claim
from mfn_server.federation.machine.state import State
from mfn_server.federation.payload_keys import drafted_update, keys_of_version, manifest_key, model_key, update_key
from mfn_server.federation.resources.policies import Policy, policy_of
from mfn_server.federation.storage.errors import StorageDamaged
from mfn_server.federation.storage.folder import FederationFolder
from mfn_server.federation.storage.journal import Journal
from mfn_server.federation.storage.payload_store import DraftFile
from mfn_server.federation.storage.rows import Batch, ModelRow, ParticipantRow

CREATED, MANIFEST = "created", "manifest"
"""Where the journal keeps what never changes of a federation, and the manifest of its model."""
DRAFT_KEPT_S = 86_400.0
"""How long the bytes of an update or a model that stopped coming are kept."""


@dataclass(frozen=True)
class Found:
    """A federation as its folder tells it.

    created: what never changes of it: name, uid, title, policy with every default, create_time. replayed: events after
    the last snapshot. sequence: of the last kept event. enrolled: what is stored of the participants, by name.
    manifest: of the model; None before there is one.
    """

    created: pb.Federation
    policy: Policy
    state: State
    replayed: int
    sequence: int
    enrolled: dict[str, pb.Participant]
    manifest: pb.TensorManifest | None


def first_rows(created: pb.Federation) -> Batch:
    """What the journal of a new federation begins with."""
    return Batch(meta={CREATED: created.SerializeToString()})


def find(folder: FederationFolder) -> Found:
    """Read a federation's journal; blocks. Raises StorageDamaged."""
    journal = folder.journal
    raw, manifest = journal.meta(CREATED), journal.meta(MANIFEST)
    if raw is None:
        raise StorageDamaged(folder.path, "its journal does not say what was created")
    created = pb.Federation.FromString(raw)
    policy = policy_of(created.policy)
    snapshot, events = journal.load()
    state = State.initial(policy.rounds) if snapshot is None else decode_state(snapshot)
    return Found(
        created=created,
        policy=policy,
        state=reduce(_next, map(decode_event, events), state),
        replayed=len(events),
        sequence=journal.last_sequence(),
        enrolled={row.name: pb.Participant.FromString(row.message) for row in _participants(journal)},
        manifest=None if manifest is None else pb.TensorManifest.FromString(manifest),
    )


def tidy(folder: FederationFolder, state: State, now: float) -> None:
    """Delete the payloads and drafts that nobody needs any more, and forget old requests; blocks."""
    updates = payloads_in_use(state)
    folder.updates.sweep({*map(update_key, updates), *map(manifest_key, updates)})
    folder.models.sweep(set(_model_keys(folder.journal, state)))
    tidy_drafts(folder, state, now)
    folder.journal.sweep_requests(now)


def tidy_drafts(folder: FederationFolder, state: State, now: float) -> None:
    """Delete drafts that stopped growing a day ago, and those of updates that count in no round any more; blocks."""

    def recent(draft: DraftFile) -> bool:
        return now - draft.modified < DRAFT_KEPT_S

    name = f"federations/{folder.federation_id}"
    folder.updates.sweep_drafts(lambda draft: recent(draft) and _still_counts(state, name, draft.key))
    folder.models.sweep_drafts(recent)


def _still_counts(state: State, federation: str, key: str) -> bool:
    """Whether the update under this key would be taken if it came now."""
    participant_id, number = drafted_update(key)
    name = f"{federation}/participants/{participant_id}"
    enrolled = state.participants.get(name)
    task = None if enrolled is None else task_of(enrolled, number)
    return task is not None and isinstance(admit(state, name, Claim(number, task.model, b"")), Expected)


def _model_keys(journal: Journal, state: State) -> Iterator[str]:
    """Of the models, and of what the next round needs beside the current one."""
    if state.model is None:
        yield model_key(0)  # whole, but not yet said to be the model
    else:
        yield from keys_of_version(state.model.version)
    for row in _models(journal):
        yield model_key(row.version)


def _next(state: State, event: Event) -> State:
    return step(state, event).state


def _participants(journal: Journal) -> Iterator[ParticipantRow]:
    last, more = "", True
    while more:
        page = journal.participants(last, 1000)
        yield from page.rows
        last, more = page.rows[-1].name if page.rows else last, page.more


def _models(journal: Journal) -> Iterator[ModelRow]:
    before: int | None = None
    more = True
    while more:
        page = journal.models(before, 1000)
        yield from page.rows
        before, more = page.rows[-1].version if page.rows else before, page.more
