"""The stored updates of one round: read back, verified against what was signed, and handed to the rule."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from mfn_grpc.core.aggregation import ClientVerdict, Source, Update, VerdictKind, VerdictReason
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.tensors import Elements, Layout, payload_bytes, retyped
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from mfn_server.federation.machine.actions import Weighted
from mfn_server.federation.machine.discarding import payload_of
from mfn_server.federation.next_model.sources import Difference, Scaled
from mfn_server.federation.payload_keys import manifest_key, model_key, update_key
from mfn_server.federation.storage.errors import PayloadMissing, SealBroken
from mfn_server.federation.storage.folder import FederationFolder
from mfn_server.federation.storage.payload import Payload

HASHED_AT_ONCE = 4 * 1024 * 1024


@dataclass(frozen=True)
class Form:
    """How updates of a federation look. manifest: the model's. kind, element_type: the policy's."""

    manifest: pb.TensorManifest
    kind: pb.UpdateKind
    element_type: ElementType

    def usual(self) -> pb.TensorManifest:
        """The manifest of updates that bring no scales."""
        if not self.element_type:
            return self.manifest
        names = (tensor.name for tensor in self.manifest.tensors)
        return retyped(self.manifest, dict.fromkeys(names, self.element_type))


@dataclass(frozen=True)
class _Stored:
    """An update that is whole."""

    weighted: Weighted
    elements: Elements


class Contributions:
    """The updates of one round, opened. Methods block. damaged: those that are not what was acknowledged."""

    def __init__(self, folder: FederationFolder, form: Form, contributions: tuple[Weighted, ...]) -> None:
        self._folder, self._form, self._contributions = folder, form, contributions
        self._usual = Layout(form.usual())
        self._usual_bytes = payload_bytes(form.usual())
        self._model = Layout(form.manifest)
        self._stored: list[_Stored] = []
        self._bases: dict[int, Elements] = {}
        self.damaged: list[ClientVerdict] = []

    def verify(self) -> Pieces[None]:
        """Open and hash all of them; a file that was damaged since is the loss of one update, never of the round."""
        for weighted in self._contributions:
            try:
                yield from self._verify(weighted)
            except (PayloadMissing, SealBroken) as error:
                self._note(weighted, str(error).rsplit("/", 1)[-1])

    def updates(self) -> list[Update]:
        """What the rule gets of those that are sound."""
        return [
            Update(
                stored.weighted.contribution.participant,
                self._source(stored),
                float(stored.weighted.contribution.num_examples),
            )
            for stored in self._stored
        ]

    def _verify(self, weighted: Weighted) -> Pieces[None]:
        key = payload_of(weighted.contribution)
        payload = self._folder.updates.open(update_key(key))
        layout, size = self._usual, self._usual_bytes
        if self._form.element_type == ElementType.ELEMENT_TYPE_INT8:
            manifest = pb.TensorManifest.FromString(_whole(self._folder.updates.open(manifest_key(key))))
            layout, size = Layout(manifest), payload_bytes(manifest)
        digest = hashlib.sha256()
        for piece in _pieces(payload):
            digest.update(piece)
            yield
        if payload.size != size or digest.digest() != weighted.contribution.payload_sha256:
            self._note(weighted, "the stored bytes no longer have the digest that was acknowledged")
        else:
            self._stored.append(_Stored(weighted, Elements(layout, payload.read)))

    def _source(self, stored: _Stored) -> Source:
        source: Source = stored.elements
        if self._form.kind == pb.UPDATE_KIND_WEIGHTS:
            source = Difference(source, self._base(stored.weighted.contribution.model.version))
        return source if stored.weighted.weight == 1 else Scaled(source, stored.weighted.weight)

    def _base(self, version: int) -> Elements:
        """The model of a version, which is kept for as long as an update refers to it."""
        if version not in self._bases:
            payload = self._folder.models.open(model_key(version))
            self._bases[version] = Elements(self._model, payload.read)
        return self._bases[version]

    def _note(self, weighted: Weighted, detail: str) -> None:
        name = weighted.contribution.participant
        verdict = ClientVerdict(name, VerdictKind.SCREENED, VerdictReason.DIGEST, detail, None, None, None)
        self.damaged.append(verdict)


def _pieces(payload: Payload) -> Iterator[memoryview]:
    for start in range(0, payload.size, HASHED_AT_ONCE):
        yield payload.read(start, min(start + HASHED_AT_ONCE, payload.size))


def _whole(payload: Payload) -> bytes:
    return bytes(payload.read(0, payload.size))
