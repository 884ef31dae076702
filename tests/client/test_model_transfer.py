"""Models on their way in and out: pieces, breaks, files, damage, on both faces."""

import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mfn_client import AlreadyExists, AsyncClient, Client, InvalidArgument, MfnError, ModelRef, StreamCorrupted
from mfn_client._model_download import current_model
from mfn_client._model_upload import ModelUpload
from mfn_client._resume import Backoff
from mfn_grpc.tensors import decode
from mfn_grpc.v1 import federation_pb2 as pb
from tests.client.faces import Face
from tests.client.federations import Wishes, federations


@pytest.fixture
def wishes() -> Wishes:
    return Wishes()


@pytest.fixture(params=[Client, AsyncClient], ids=["sync", "asyncio"])
def call(request: pytest.FixtureRequest, wishes: Wishes) -> Iterator[Face]:
    with federations(wishes) as target:
        yield Face(request.param, target)


def same(found: Any, expected: Any) -> None:
    assert list(found) == list(expected)
    for name, values in expected.items():
        np.testing.assert_array_equal(found[name], values)
        assert found[name].dtype == values.dtype


def test_arrays_become_the_first_model(call: Face, wishes: Wishes) -> None:
    ref = call("upload_model", "digits", wishes.model)
    assert ref == ModelRef("uid-1", 0, wishes.ref.sha256)
    assert bytes(wishes.uploaded) == wishes.payload


def test_an_archive_serves_as_well(call: Face, wishes: Wishes, tmp_path: Path) -> None:
    np.savez(tmp_path / "model.npz", **wishes.model)
    call("upload_model", "digits", tmp_path / "model.npz")
    assert bytes(wishes.uploaded) == wishes.payload


def test_a_file_that_is_no_archive_of_numbers_is_told_without_a_word_about_pickles(call: Face, tmp_path: Path) -> None:
    (tmp_path / "policy.json").write_text("{}")
    (tmp_path / "empty.npz").write_bytes(b"")
    np.save(tmp_path / "array.npy", np.ones(2))
    np.savez(tmp_path / "objects.npz", w=np.array([{}]))
    for name in ("policy.json", "empty.npz", "array.npy", "objects.npz"):
        with pytest.raises(InvalidArgument, match=rf"{name} is no \.npz archive of arrays of numbers") as caught:
            call("upload_model", "digits", tmp_path / name)
        assert "pickle" not in str(caught.value)


def test_element_types_may_be_said_for_all_or_by_name(call: Face, wishes: Wishes) -> None:
    call("upload_model", "digits", {"w": np.array([0.1]), "b": np.ones(1)}, element_type={"w": "bfloat16"})
    found: Any = decode(wishes.requests[-1].manifest, bytes(wishes.uploaded))
    assert (found["w"].dtype, found["b"].dtype) == (np.float32, np.float64)
    np.testing.assert_allclose(found["w"], 0.1, rtol=2**-8)  # 8 bits of precision
    wishes.uploaded.clear()
    call("upload_model", "digits", {"w": np.array([0.5])}, element_type="float16")
    assert bytes(wishes.uploaded) == np.array([0.5], np.float16).tobytes()


def test_an_upload_goes_on_where_it_broke_under_one_id(call: Face, wishes: Wishes) -> None:
    wishes.cut_after = [2, 10**9, 1]
    call("upload_model", "digits", wishes.model)
    assert bytes(wishes.uploaded) == wishes.payload
    assert len({begin.request_id for begin in wishes.requests}) == 1
    # Two of four pieces, then the question, the third, the question, the rest: no piece is taken twice.
    taken = [offset for offset in wishes.offsets if wishes.offsets.count(offset) == 1]
    assert {0, 262144} <= set(taken)


def test_an_upload_that_is_refused_while_it_runs_tells_why(call: Face, wishes: Wishes) -> None:
    wishes.refuse_after = 1
    large = {"w": np.zeros(4_000_000)}  # the client is still writing
    with pytest.raises(AlreadyExists, match="it has a model"):
        call("upload_model", "digits", large)


@pytest.mark.parametrize(
    ("model", "element_type", "words"),
    [
        ({"w": np.arange(3)}, None, "'w' is of int64, must be floating point"),
        ({"w": np.ones((2, 0))}, None, "must be"),
        ({}, None, "must have 1"),
        ({"w": np.ones(1)}, "float8", "must be one of float64"),
    ],
)
def test_what_is_no_model_is_refused_before_anything_is_sent(
    call: Face, wishes: Wishes, model: Any, element_type: Any, words: str
) -> None:
    with pytest.raises(InvalidArgument, match=words):
        call("upload_model", "digits", model, element_type=element_type)
    assert wishes.requests == []


def test_a_server_that_claims_what_it_cannot_have_is_not_trusted() -> None:
    upload = ModelUpload("digits", {"w": np.ones(4)}, None, Backoff(60))
    for durable in (0, 99):
        with pytest.raises(StreamCorrupted, match=f"holds {durable} bytes of 32 and no model"):
            upload.answered(pb.UploadModelResponse(durable_bytes=durable))


def test_the_current_model_comes_as_arrays(call: Face, wishes: Wishes) -> None:
    found = call("download_model", "digits")
    assert list(found) == list(wishes.model)
    same(found, wishes.model)


def test_a_model_comes_as_an_archive_and_nothing_else_is_left(call: Face, wishes: Wishes, tmp_path: Path) -> None:
    ref = ModelRef("uid-1", 0, wishes.ref.sha256)
    path = tmp_path / "model.npz"
    assert call("download_model", "digits", ref, path=path) == path
    with np.load(path) as found:
        same(dict(found), wishes.model)
    assert list(tmp_path.iterdir()) == [path]


def test_a_download_goes_on_where_it_broke(call: Face, wishes: Wishes) -> None:
    wishes.cut_after = [2, 0, 1]
    ref = ModelRef("uid-1", 0, wishes.ref.sha256)
    same(call("download_model", "digits", ref), wishes.model)
    assert [request.offset for request in wishes.requests] == [0, 524288, 524288, 786432]


def reversed_with(checksum: bool) -> Any:
    import google_crc32c

    def damage(chunk: pb.Chunk) -> pb.Chunk:
        data = chunk.data[::-1]
        return pb.Chunk(offset=chunk.offset, data=data, crc32c=google_crc32c.value(data) if checksum else chunk.crc32c)

    return damage


@pytest.mark.parametrize(("checksum", "words"), [(False, "crc32c"), (True, "another digest")])
def test_a_damaged_model_is_not_handed_out(
    call: Face, wishes: Wishes, tmp_path: Path, checksum: bool, words: str
) -> None:
    wishes.damage = reversed_with(checksum)
    with pytest.raises(StreamCorrupted, match=words):
        call("download_model", "digits", path=tmp_path / "model.npz")
    assert list(tmp_path.iterdir()) == []


def test_another_model_than_the_one_asked_for_is_not_handed_out(call: Face) -> None:
    with pytest.raises(StreamCorrupted, match="does not begin with the model"):
        call("download_model", "digits", ModelRef("uid-2", 0, b"x" * 32))


def test_a_federation_without_a_model_says_so(wishes: Wishes) -> None:
    with federations(wishes) as target, Client(target) as client:
        found = client.get_federation("digits")
    bare = type(found)(**{**vars(found), "model": None})
    with pytest.raises(MfnError, match="has no model yet"):
        current_model(bare)


def test_an_upload_holds_no_second_copy_of_the_model() -> None:
    model = {"w": np.zeros(4_000_000)}
    tracemalloc.start()
    upload = ModelUpload("digits", model, None, Backoff(60))
    for _ in upload.requests():
        pass
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 8 * 2**20  # the model has 32 MB; pieces of 1 MiB and chunks of 256 KiB pass through
