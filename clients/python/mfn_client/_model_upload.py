"""Handing a federation its first model: in pieces, going on where a broken stream left off, under one request id."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
from numpy.typing import ArrayLike

from mfn_client._decoding import decoded
from mfn_client._exceptions import FieldViolation, RpcError, StreamCorrupted, Unavailable, invalid
from mfn_client._federation_calls import new_request_id
from mfn_client._federation_names import federation_name
from mfn_client._federation_results import ModelRef
from mfn_client._messages import enum_names
from mfn_client._resume import Backoff, is_busy
from mfn_grpc.arrays import ArrayError
from mfn_grpc.tensors import Payload, chunks, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType

UPLOAD_MODEL = "/mfn.v1.FederationService/UploadModel"
ModelArrays = Mapping[str, ArrayLike] | str | Path
TypeNames = str | Mapping[str, str] | None
_PASSING = frozenset({"STREAM_IDLE", "STORAGE_FULL", "CHECKSUM_MISMATCH", "OFFSET_MISMATCH"})


class ModelUpload:
    """One upload over as many streams as it takes, without its I/O.

    Raises:
        InvalidArgument: the arrays are no model: names every array at fault.
    """

    def __init__(self, federation: str, model: ModelArrays, element_type: TypeNames, backoff: Backoff) -> None:
        self._payload = _payload(_arrays_of(model), element_type)
        self._begin = pb.UploadModelBegin(
            parent=federation_name(federation),
            manifest=self._payload.manifest,
            total_bytes=self._payload.size,
            sha256=self._payload.sha256(),
            request_id=new_request_id(),
        )
        self._backoff = backoff
        self._durable: int | None = 0
        self._furthest = 0

    def requests(self) -> Iterator[pb.UploadModelRequest]:
        """The messages of the next stream; while it is not known what is durable, only the question."""
        yield pb.UploadModelRequest(begin=self._begin)
        if self._durable is not None:
            for chunk in chunks(self._payload.read, self._payload.size, self._durable):
                yield pb.UploadModelRequest(chunk=chunk)

    def answered(self, answer: pb.UploadModelResponse) -> ModelRef | None:
        """The model once all of it is there.

        Raises:
            StreamCorrupted: the server claims more bytes than there are, or stops taking any.
        """
        if answer.HasField("model"):
            return decoded(ModelRef, answer.model)
        asked_only = self._durable is None
        if answer.durable_bytes > self._payload.size or not (asked_only or answer.durable_bytes > self._furthest):
            raise StreamCorrupted(f"The server holds {answer.durable_bytes} bytes of {self._payload.size} and no model")
        self._went_on(answer.durable_bytes)
        return None

    def _went_on(self, durable: int) -> None:
        self._durable = durable
        if durable > self._furthest:
            self._furthest = durable
            self._backoff.progress()

    def failed(self, error: RpcError) -> float:
        """Seconds to wait before the server is asked how far it came; raises the error when there is no going on."""
        passes = isinstance(error, Unavailable) or is_busy(error) or error.reason in _PASSING
        delay = self._backoff.delay(error.retry_after) if passes else None
        if delay is None:
            raise error
        self._durable = None
        return delay


def _arrays_of(model: ModelArrays) -> Mapping[str, Any]:
    """The arrays of a mapping, or of an .npz file."""
    if isinstance(model, Mapping):
        return model
    try:
        with Path(model).open("rb") as opened, np.lib.npyio.NpzFile(opened, allow_pickle=False) as archive:
            return dict(archive)
    except (ValueError, EOFError, BadZipFile):  # numpy's words are about pickles, which nobody meant
        raise invalid([FieldViolation("begin.manifest", f"{model} is no .npz archive of arrays of numbers")]) from None


def _payload(arrays: Mapping[str, Any], element_type: TypeNames) -> Payload:
    named = {name: np.asarray(values) for name, values in arrays.items()}
    try:
        return Payload(manifest_of(named, _types(named, element_type)), named)
    except ArrayError as error:
        violations = [FieldViolation("begin.manifest", str(fault)) for fault in error.faults]
        raise invalid(violations) from None


def _types(arrays: Mapping[str, Any], said: TypeNames) -> Any:
    """Element types by name of the tensor; None where none was said."""
    if said is None or isinstance(said, str):
        return None if said is None else _type(said)
    own: Callable[[Any], str] = lambda values: values.dtype.name  # noqa: E731  # only a default
    return {name: _type(said.get(name, own(values))) for name, values in arrays.items()}


def _type(word: str) -> ElementType:
    known = enum_names(ElementType.DESCRIPTOR)
    if word not in known:
        text = f"has the element type {word!r}, must be one of {', '.join(known)}"
        raise invalid([FieldViolation("begin.manifest", text)])
    return known[word]  # type: ignore[return-value]  # its numbers are the enum's
