"""Updates: made once from what training returned, and sent from the same bytes until they are acknowledged."""

import hashlib
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mfn_client.federated._models import Model
from mfn_grpc.arrays import AnyArray
from mfn_grpc.signing import update_message
from mfn_grpc.tensors import Payload, manifest_like
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType

_SLICE = 1024 * 1024


@dataclass(frozen=True)
class UpdateForm:
    """What the policy wants of an update, and where it is kept: above `memory_bytes` in a file in `scratch`."""

    kind: pb.UpdateKind
    element_type: ElementType
    memory_bytes: int
    scratch: Path | None


@dataclass(frozen=True)
class Trained:
    """What training came to, frozen: what the training code does to its arrays afterwards changes nothing here."""

    payload: Payload
    sha256: bytes
    num_examples: int
    metrics: Mapping[str, float]


class Update:
    """One update, signed; `ack` once the server has settled it, `refused` if it wants it no more."""

    def __init__(self, begin: pb.UpdateBegin, round_number: int, trained: Trained) -> None:
        self.begin, self.round = begin, round_number
        self.payload, self.sha256 = trained.payload, trained.sha256
        self.durable_bytes = 0
        self.ack: pb.UpdateAck | None = None
        self.refused = False

    @property
    def settled(self) -> bool:
        """Whether nothing is left to be sent."""
        return self.ack is not None or self.refused


def freeze(model: Model, result: Any, form: UpdateForm) -> Trained:
    """What `fit` returned, as the update that the policy wants.

    Raises:
        ValueError: it is not (arrays, num_examples, metrics), or the arrays are not the model's in name and shape.
        TypeError: a part of it is of the wrong kind.
    """
    arrays, num_examples, metrics = measured(result, 3)
    arrays = {name: np.asarray(values) for name, values in arrays.items()}
    manifest_like(model.manifest, arrays)  # before anything is computed from them
    if form.kind == pb.UPDATE_KIND_DELTA:
        frozen = _differences(arrays, model.base(), form)
    else:
        frozen = _differences(arrays, {}, form)
    manifest = manifest_like(model.manifest, frozen, form.element_type or None)
    payload = Payload(manifest, frozen)
    return Trained(payload, payload.sha256(), num_examples, metrics)


def measured(result: Any, parts: int) -> Any:
    """What `fit` (3 parts) or `evaluate` (2 parts) returned, with plain numbers at its end; raises as `freeze`."""
    wanted = "(arrays, num_examples, metrics)" if parts == 3 else "(num_examples, metrics)"
    if not isinstance(result, tuple) or len(result) != parts:
        raise ValueError(f"the function must return {wanted}, not {type(result).__name__}")
    *arrays, num_examples, metrics = result
    if int(num_examples) != num_examples or num_examples < 1:
        raise ValueError(f"num_examples is {num_examples!r}, must be a whole number of at least 1")
    return (*arrays, int(num_examples), {str(name): float(value) for name, value in dict(metrics).items()})


def _differences(arrays: Mapping[str, AnyArray], base: Mapping[str, AnyArray], form: UpdateForm) -> dict[str, AnyArray]:
    """New arrays: the trained ones, minus those of the base where there are any, slice by slice."""
    kinds = {name: np.result_type(values, base.get(name, values), np.float32) for name, values in arrays.items()}
    total = sum(values.size * kinds[name].itemsize for name, values in arrays.items())
    folder = form.scratch if total > form.memory_bytes else None
    frozen = {}
    for name, values in arrays.items():
        found = _empty(values.shape, kinds[name], on_disk=total > form.memory_bytes, folder=folder)
        _subtract(values.reshape(-1), base.get(name), found.reshape(-1))
        frozen[name] = found
    return frozen


def _empty(shape: tuple[int, ...], kind: Any, *, on_disk: bool, folder: Path | None) -> AnyArray:
    if not on_disk:
        return np.empty(shape, kind)
    with tempfile.TemporaryFile(dir=folder) as file:  # the mapping keeps it until the array is gone
        return np.memmap(file, kind, "w+", shape=shape)


def _subtract(values: Any, base: Any, out: Any) -> None:
    flat = None if base is None else base.reshape(-1)
    for start in range(0, len(values), _SLICE):
        part = slice(start, start + _SLICE)
        out[part] = values[part]
        if flat is not None:
            with np.errstate(invalid="ignore"):  # values that are not finite stay so, and are the server's to judge
                out[part] -= flat[part]


def signed(
    key: Ed25519PrivateKey, federation_uid: str, participant: str, round_number: int, model: pb.ModelRef,
    kind: pb.UpdateKind, trained: Trained,
) -> Update:  # fmt: skip
    """The update with its claim, signed."""
    manifest = trained.payload.manifest.SerializeToString(deterministic=True)
    claim = pb.UpdateClaim(
        federation_uid=federation_uid,
        participant=participant,
        round=round_number,
        model=model,
        kind=kind,
        manifest_sha256=hashlib.sha256(manifest).digest(),
        payload_sha256=trained.sha256,
        num_examples=trained.num_examples,
        metrics=trained.metrics,
    ).SerializeToString(deterministic=True)
    begin = pb.UpdateBegin(claim=claim, signature=key.sign(update_message(claim)), manifest=manifest)
    return Update(begin, round_number, trained)
