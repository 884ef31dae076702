"""A model larger than what memory is allowed: nothing of its size is held."""

import hashlib
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np

from mfn_client.federated._models import ModelStore
from mfn_client.federated._updates import UpdateForm, freeze
from mfn_grpc.tensors import chunks, encode, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType

ELEMENTS = 8_000_000  # 32 MB as float32
MOST = 20 * 2**20
"""Half a model's size and more below it: slices of a million float32 or float64, batches of chunks, one flush."""


async def test_receiving_training_and_sending_hold_no_model_in_memory(tmp_path: Path) -> None:
    source = np.memmap(tmp_path / "source", np.float32, "w+", shape=(ELEMENTS,))
    source[:] = 1.5
    arrays: Any = {"w": source}
    manifest = manifest_of(arrays)
    digest = hashlib.sha256()
    for piece in encode(arrays, manifest):
        digest.update(piece)
    ref = pb.ModelRef(federation_uid="uid-1", version=0, sha256=digest.digest())
    size = source.nbytes
    payload: Any = memoryview(arrays["w"]).cast("B")
    tracemalloc.start()
    store = ModelStore(tmp_path / "cache", 2**20)
    await store.begin(pb.ModelBegin(model=ref, manifest=manifest, total_bytes=size))
    for chunk in chunks(lambda start, stop: payload[start:stop], size):
        await store.add(chunk)
    model = store.get(ref)
    assert model is not None
    mine = model.copies()
    mine["w"][:] += np.float32(0.25)
    form = UpdateForm(pb.UPDATE_KIND_DELTA, ElementType.ELEMENT_TYPE_FLOAT16, 2**20, tmp_path)
    trained = freeze(model, (mine, 1, {}), form)
    sent = sum(len(chunk.data) for chunk in chunks(trained.payload.read, trained.payload.size))
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert sent == size // 2
    np.testing.assert_array_equal(np.frombuffer(trained.payload.read(0, 200), np.float16), 0.25)
    assert most < MOST < size
