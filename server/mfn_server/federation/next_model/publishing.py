"""The next model, written block by block as the rule gives the aggregate, with what its successor needs of it."""

from contextlib import ExitStack

import numpy as np

from mfn_grpc.arrays import ArrayError
from mfn_grpc.core.aggregation import AggregationFailure, AggregationPolicy, ArraySource, ServerOptimizer, Source
from mfn_grpc.core.arrays import Array
from mfn_grpc.tensors import Elements, Encoder
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_server.federation.machine.records import Model
from mfn_server.federation.payload_keys import centre_key, model_key, velocity_key
from mfn_server.federation.storage.draft import Draft
from mfn_server.federation.storage.errors import PayloadMissing
from mfn_server.federation.storage.payload_store import PayloadStore


class NotStorable(AggregationFailure):
    """The new model would not be finite in its own types."""


class NewModel:
    """The version after `base`. Methods block; `write` takes ascending blocks of the aggregate.

    centre: where centred clipping starts, None for 0. total_bytes: written of the model so far.
    """

    def __init__(
        self,
        models: PayloadStore,
        manifest: pb.TensorManifest,
        base: Model,
        optimizer: ServerOptimizer,
        aggregation: AggregationPolicy,
    ) -> None:
        self._models, self._version, self._optimizer = models, base.version + 1, optimizer
        self._encoder = Encoder(manifest)
        self._base = Elements(manifest, models.open(model_key(base.version)).read)
        centred = aggregation.rule.centred
        self.centre = self._kept(centre_key(base.version), base) if centred else None
        self._last_velocity = self._kept(velocity_key(base.version), base) if optimizer.momentum else None
        with ExitStack() as opened:
            self._model = self._draft(model_key(self._version), opened)
            self._velocity = self._draft(velocity_key(self._version), opened) if optimizer.momentum else None
            self._aggregate = self._draft(centre_key(self._version), opened) if centred else None
            self._drafts = opened.pop_all()

    @property
    def total_bytes(self) -> int:
        """Length of the model's payload so far."""
        return self._model.size

    def write(self, start: int, block: Array) -> None:
        """Move the elements from `start` on by a block of the aggregate; raises NotStorable."""
        stop = start + len(block)
        velocity = None if self._last_velocity is None else self._last_velocity.read(start, stop)
        with np.errstate(over="ignore", invalid="ignore"):  # looked at right away
            base = self._base.read(start, stop).astype(np.float64)
            model, moved = self._optimizer.apply(base, block, velocity)
        if not np.isfinite(model).all():
            raise NotStorable(f"the new model is not finite from element {start} on")
        try:
            self._model.append(self._encoder.encode(start, model))
        except ArrayError as error:
            raise NotStorable(str(error)) from error
        if self._velocity is not None:
            self._velocity.append(moved.tobytes())
        if self._aggregate is not None:
            self._aggregate.append(block.tobytes())

    def finish(self) -> Model:
        """Make all of it durable; the model last, for it is what counts."""
        for draft in (self._velocity, self._aggregate, self._model):
            if draft is not None:
                sha256 = draft.digest()
                draft.finish(sha256)
        return Model(self._version, sha256)

    def discard(self) -> None:
        """Delete what was not finished."""
        self._drafts.close()

    def _draft(self, key: str, opened: ExitStack) -> Draft:
        draft = self._models.draft(key)
        opened.callback(draft.discard)
        return draft

    def _kept(self, key: str, base: Model) -> Source | None:
        """What the last round left beside its model, as float64; nothing beside the first model."""
        try:
            payload = self._models.open(key)
        except PayloadMissing:
            if base.version:
                raise
            return None
        return ArraySource(np.frombuffer(payload.read(0, payload.size), np.float64))
