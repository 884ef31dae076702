"""The models that a participant holds: pieces, breaks, files, damage."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_client import StreamCorrupted
from mfn_client.federated._models import KEPT_MODELS, MOST_HELD, ModelStore
from mfn_grpc.tensors import chunks, encode, manifest_of
from mfn_grpc.v1 import federation_pb2 as pb
from mfn_grpc.v1.types_pb2 import ElementType
from tests.client.federated.taking_part import entries

ELEMENTS = 200_000  # float32: four chunks


class Source:
    """A model as the server has it."""

    def __init__(self, version: int = 0, uid: str = "uid-1", element_type: ElementType | None = None) -> None:
        self.arrays: dict[str, Any] = {
            "w": np.arange(ELEMENTS, dtype=np.float32) + version,
            "b": np.ones(3, np.float16),
        }
        self.manifest = manifest_of(self.arrays, element_type)
        self.payload = b"".join(encode(self.arrays, self.manifest))
        self.ref = pb.ModelRef(federation_uid=uid, version=version, sha256=hashlib.sha256(self.payload).digest())

    def begin(self, offset: int = 0) -> pb.ModelBegin:
        total = len(self.payload)
        return pb.ModelBegin(model=self.ref, manifest=self.manifest, total_bytes=total, offset=offset)

    def chunks(self, offset: int = 0) -> list[pb.Chunk]:
        return list(chunks(lambda start, stop: self.payload[start:stop], len(self.payload), offset))


async def fill(store: ModelStore, source: Source, offset: int = 0, most: int = 99) -> list[bool]:
    await store.begin(source.begin(offset))
    return [await store.add(chunk) for chunk in source.chunks(offset)[:most]]


@pytest.fixture(params=["memory", "temporary", "folder"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Any:
    kinds = {"memory": (None, 2**30), "temporary": (None, 0), "folder": (tmp_path / "models", 2**30)}
    found = ModelStore(*kinds[request.param])
    yield found
    found.close()


async def test_a_model_is_there_once_its_last_piece_is(store: ModelStore) -> None:
    source = Source()
    assert await fill(store, source) == [False, False, False, True]
    found = store.get(source.ref)
    assert found is not None
    for arrays in (found.base(), found.copies()):
        assert {name: values.dtype for name, values in arrays.items()} == {"w": np.float32, "b": np.float16}
        np.testing.assert_array_equal(arrays["w"], source.arrays["w"])


async def test_copies_may_be_changed_and_the_base_may_not(store: ModelStore) -> None:
    source = Source()
    await fill(store, source)
    found: Any = store.get(source.ref)
    first = found.copies()
    first["w"][:] = 0
    with pytest.raises(ValueError, match="read-only"):
        found.base()["w"][:] = 0
    for arrays in (found.base(), found.copies()):
        np.testing.assert_array_equal(arrays["w"], source.arrays["w"])


async def test_bfloat16_arrives_as_float32(store: ModelStore) -> None:
    source = Source(element_type=ElementType.ELEMENT_TYPE_BFLOAT16)
    await fill(store, source)
    found: Any = store.get(source.ref)
    # Nearest values of 8 bits of precision.
    np.testing.assert_allclose(found.copies()["w"], source.arrays["w"], rtol=2**-8)
    assert found.copies()["w"].dtype == np.float32


async def test_what_came_before_a_break_is_held_and_not_asked_for_again(store: ModelStore) -> None:
    source = Source()
    await fill(store, source, most=2)
    await store.interrupt()
    (held,) = store.held()
    assert (held.model, held.held_bytes) == (source.ref, 2 * 256 * 1024)
    assert await fill(store, source, held.held_bytes) == [False, True]


async def test_a_server_may_begin_again_before_what_is_held(store: ModelStore) -> None:
    source = Source()
    await fill(store, source, most=3)
    assert (await fill(store, source, 256 * 1024))[-1]


async def test_a_model_that_is_sent_again_whole_does_not_change_under_who_works_on_it(store: ModelStore) -> None:
    source = Source()
    await fill(store, source)
    await store.begin(source.begin())
    assert store.get(source.ref) is not None
    found: Any = store.get(source.ref)
    for chunk in source.chunks():
        assert await store.add(chunk)
        np.testing.assert_array_equal(found.copies()["w"], source.arrays["w"])


async def test_a_gap_is_refused(store: ModelStore) -> None:
    source = Source()
    with pytest.raises(StreamCorrupted, match="continues at byte 262144, but only 0"):
        await store.begin(source.begin(256 * 1024))


async def test_a_model_that_is_held_whole_needs_no_pieces(store: ModelStore) -> None:
    source = Source()
    await fill(store, source)
    await store.begin(source.begin(len(source.payload)))
    assert store.get(source.ref) is not None


async def test_a_damaged_piece_is_refused_and_the_sound_ones_before_it_stay(store: ModelStore) -> None:
    source = Source()
    damaged = source.chunks()
    damaged[1].data = damaged[1].data[::-1]
    await store.begin(source.begin())
    await store.add(damaged[0])
    with pytest.raises(StreamCorrupted, match="crc32c"):
        await store.add(damaged[1])
    await store.interrupt()
    assert [held.held_bytes for held in store.held()] == [256 * 1024]


async def test_a_model_of_another_digest_is_dropped_whole(store: ModelStore) -> None:
    source = Source()
    source.payload = source.payload[:-1] + b"!"
    with pytest.raises(StreamCorrupted, match="another digest"):
        await fill(store, source)
    assert store.get(source.ref) is None
    assert list(store.held()) == []
    assert (await fill(store, Source()))[-1]


@pytest.mark.parametrize("change", ["offset", "total", "none"])
async def test_a_manifest_that_cannot_be_is_refused(store: ModelStore, change: str) -> None:
    begin = Source().begin()
    if change == "offset":
        begin.manifest.tensors[1].offset += 1
    elif change == "total":
        begin.total_bytes += 1
    else:
        begin.manifest.Clear()
    with pytest.raises(StreamCorrupted, match="manifest is not valid"):
        await store.begin(begin)


async def test_a_piece_before_any_announcement_is_refused(store: ModelStore) -> None:
    with pytest.raises(StreamCorrupted, match="before its announcement"):
        await store.add(Source().chunks()[0])


async def test_only_the_newest_models_are_kept_and_arrays_outlive_them(store: ModelStore) -> None:
    first = Source(0)
    await fill(store, first)
    arrays = store.get(first.ref).base()  # type: ignore[union-attr]  # it is complete
    for version in range(1, 5):
        await fill(store, Source(version))
    assert sorted(held.model.version for held in store.held()) == [3, 4]
    np.testing.assert_array_equal(arrays["w"], first.arrays["w"])
    await fill(store, Source(0, uid="uid-2"))
    assert [held.model.federation_uid for held in store.held()] == ["uid-2"]


async def test_a_folder_serves_the_next_process_from_where_it_was(tmp_path: Path) -> None:
    whole, part = Source(1), Source(2)
    first = ModelStore(tmp_path, 2**30)
    await fill(first, whole)
    await fill(first, part, most=2)
    await first.interrupt()
    second = ModelStore(tmp_path, 2**30)
    held = {each.model.version: each.held_bytes for each in second.held()}
    assert held == {1: len(whole.payload), 2: 2 * 256 * 1024}
    await second.begin(whole.begin(held[1]))
    assert second.get(whole.ref) is not None
    assert await fill(second, part, held[2]) == [False, True]


async def test_a_file_that_was_damaged_on_disk_is_noticed(tmp_path: Path) -> None:
    source = Source()
    await fill(ModelStore(tmp_path, 2**30), source)
    (name,) = entries(tmp_path)
    path = tmp_path / name
    path.write_bytes(b"x" + path.read_bytes()[1:])
    store = ModelStore(tmp_path, 2**30)
    with pytest.raises(StreamCorrupted, match="another digest"):
        await store.begin(source.begin(len(source.payload)))
    assert (await fill(store, source))[-1]


async def test_other_files_of_the_folder_are_left_alone_and_names_cannot_leave_it(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    store = ModelStore(tmp_path, 2**30)
    evil = Source(uid="../../evil")
    with pytest.raises(StreamCorrupted, match="reference is not valid"):
        await store.begin(evil.begin())
    for version in range(KEPT_MODELS + 2):
        await fill(store, Source(version))
    assert (tmp_path / "notes.txt").read_text() == "mine"
    assert len(entries(tmp_path)) == KEPT_MODELS + 1


def test_no_more_models_are_named_than_joining_allows(tmp_path: Path) -> None:
    for version in range(MOST_HELD + 4):
        (tmp_path / f"uid-1.{version}.{'0' * 64}.model").write_bytes(b"x")
    assert len(list(ModelStore(tmp_path, 2**30).held())) == MOST_HELD
