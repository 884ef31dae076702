import os
import threading
from contextlib import closing
from pathlib import Path

import pytest

from mfn_server.federation.storage.crash_points import CrashPlanInvalid, crash_plan
from mfn_server.federation.storage.creations import Creations
from mfn_server.federation.storage.draft import Draft
from mfn_server.federation.storage.errors import (
    AlreadyCreated,
    FederationExists,
    FederationMissing,
    OwnedElsewhere,
    StorageDamaged,
    StorageFull,
)
from mfn_server.federation.storage.folder import FederationFolder
from mfn_server.federation.storage.folders import FederationFolders, NewFederation
from mfn_server.federation.storage.journal import REQUEST_KEPT_S
from mfn_server.federation.storage.rows import Batch, RequestRow
from tests.server.federation.storage.payloads import KEYS, OLD_KEYS, content, keep

REQUEST = RequestRow("request", b"fingerprint", b"answer", 1000.0)


@pytest.fixture
def folders(tmp_path: Path) -> FederationFolders:
    return FederationFolders(tmp_path / "federations", "here:1")


def new(name: str = "one", uid: str = "uid-1", request: RequestRow | None = None) -> NewFederation:
    return NewFederation(name, uid, Batch(events=[b"created"]), request)


def test_a_federation_is_there_after_it_was_created(folders: FederationFolders) -> None:
    with closing(folders.create(new())) as folder:
        assert (folder.federation_id, folder.uid) == ("one", "uid-1")
        assert folder.journal.load() == (None, [b"created"])
    assert folders.names() == ["one"]
    assert folders.uid("one") == "uid-1"
    with closing(folders.open("one")) as folder:
        assert folder.journal.load() == (None, [b"created"])


def test_all_of_a_federation_is_synced_before_it_gets_its_name_and_the_name_after(
    folders: FederationFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[str] = []
    sync, rename = os.fsync, Path.rename

    def noted_sync(descriptor: int) -> None:
        made = next(folders.path.glob(".new-*"), folders.path / "one")
        places = {path.stat().st_ino: path.name for path in (made, made / "uid", folders.path) if path.exists()}
        done.append(f"sync {places[os.fstat(descriptor).st_ino].partition('-')[0]}")
        sync(descriptor)

    def noted_rename(path: Path, target: Path) -> Path:
        done.append(f"rename to {target.name}")
        return rename(path, target)

    monkeypatch.setattr(os, "fsync", noted_sync)
    monkeypatch.setattr(Path, "rename", noted_rename)
    folders.create(new()).close()
    assert done == ["sync uid", "sync .new", "rename to one", "sync federations"]


def test_federations_are_listed_by_name_and_nothing_else_is(folders: FederationFolders) -> None:
    for name in ("b", "a-1", "a"):
        folders.create(new(name, f"uid-{name}")).close()
    (folders.path / "Not a federation").mkdir()
    (folders.path / ".new-half").mkdir()
    assert folders.names() == ["a", "a-1", "b"]


def test_a_name_is_taken_once(folders: FederationFolders) -> None:
    folders.create(new()).close()
    with pytest.raises(FederationExists, match="'one'"):
        folders.create(new(uid="uid-2"))
    assert folders.uid("one") == "uid-1"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../a", ".lock", "A", "-a", "a-", "a" * 64])
def test_a_name_cannot_leave_the_directory(folders: FederationFolders, name: str) -> None:
    for use in (folders.open, folders.uid, lambda name: folders.create(new(name))):
        with pytest.raises(FederationMissing):
            use(name)


def test_what_does_not_exist_is_missing(folders: FederationFolders) -> None:
    for use in (folders.open, folders.uid):
        with pytest.raises(FederationMissing, match="'none'"):
            use("none")


def test_a_federation_has_one_owner(folders: FederationFolders) -> None:
    other = FederationFolders(folders.path, "there:2")
    with closing(folders.create(new())):
        with pytest.raises(OwnedElsewhere, match="here:1"):
            other.open("one")
        assert other.uid("one") == "uid-1"
    with closing(other.open("one")), pytest.raises(OwnedElsewhere, match="there:2"):
        folders.open("one")


def test_a_repeated_request_gets_the_first_answer_from_every_process(folders: FederationFolders) -> None:
    folders.create(new(request=REQUEST)).close()
    other = FederationFolders(folders.path, "there:2")
    assert other.creation("request") == REQUEST
    assert other.creation("another") is None
    for name in ("one", "two"):
        with pytest.raises(AlreadyCreated) as refusal:
            other.create(new(name, "uid-2", REQUEST))
        assert refusal.value.request == REQUEST
    assert folders.names() == ["one"]


def test_a_repeated_request_gets_the_first_answer_though_the_federation_was_deleted(
    folders: FederationFolders,
) -> None:
    folders.delete(folders.create(new(request=REQUEST)))
    assert folders.creation("request") == REQUEST
    with pytest.raises(AlreadyCreated):
        folders.create(new(uid="uid-2", request=REQUEST))
    assert folders.names() == []


def test_a_request_whose_end_was_not_noted_counts_once_its_federation_is_there_also_after_it_was_deleted(
    folders: FederationFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(creations: Creations, uid: str) -> None:
        raise StorageFull(folders.path)

    with monkeypatch.context() as patch:
        patch.setattr(Creations, "finish", full)
        folder = folders.create(new(request=REQUEST))
    assert folders.creation("request") == REQUEST
    folders.delete(folder)
    assert folders.creation("request") == REQUEST


def test_requests_are_forgotten_after_a_day(folders: FederationFolders) -> None:
    folders.create(new(request=REQUEST)).close()
    for days, kept in ((1, REQUEST), (1.1, None)):
        later = RequestRow(f"later-{days}", b"f", b"a", REQUEST.at + days * REQUEST_KEPT_S)
        folders.create(new(f"f{int(10 * days)}", f"uid-{days}", later)).close()
        assert folders.creation("request") == kept


def test_requests_at_the_same_time_create_one_federation(folders: FederationFolders) -> None:
    ends: list[FederationFolder | AlreadyCreated] = []

    def create(number: int) -> None:
        try:
            ends.append(folders.create(new(uid=f"uid-{number}", request=REQUEST)))
        except AlreadyCreated as error:
            ends.append(error)

    threads = [threading.Thread(target=create, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = [end for end in ends if isinstance(end, FederationFolder)]
    assert (len(made), len(ends)) == (1, 6)
    assert folders.uid("one") == made[0].uid
    made[0].close()


def test_a_deleted_federation_is_gone_and_its_name_free(folders: FederationFolders) -> None:
    folder = folders.create(new())
    keep(folder.models, "model-0", b"weights")
    folders.delete(folder)
    assert folders.names() == []
    assert [path.name for path in folders.path.iterdir() if path.is_dir()] == []
    with pytest.raises(FederationMissing):
        folders.open("one")
    with closing(folders.create(new(uid="uid-2"))) as again:
        assert again.models.finished_keys() == []


def test_what_dead_processes_left_is_tidied_and_what_lives_is_not(folders: FederationFolders) -> None:
    for name in (".new-dead", ".gone-dead"):
        (folders.path / name / "updates").mkdir(parents=True)
        (folders.path / name / "updates" / "a.raw").touch()
    living = folders.create(new())
    living.path.rename(folders.path / ".gone-living")
    (folders.path / "others-file").touch()
    folders.tidy()
    left = {path.name for path in folders.path.iterdir()}
    assert left == {".gone-living", ".lock", ".creations.db", "others-file"}
    living.close()
    folders.tidy()
    assert not (folders.path / ".gone-living").exists()


def test_a_federation_that_cannot_be_opened_is_not_owned(folders: FederationFolders) -> None:
    folders.create(new()).close()
    (folders.path / "one" / "journal.db").unlink()
    for _ in range(2):
        with pytest.raises(StorageDamaged, match=r"one/journal\.db: damaged: the file is missing"):
            folders.open("one")


def test_a_federation_without_its_uid_is_damaged(folders: FederationFolders) -> None:
    folders.create(new()).close()
    (folders.path / "one" / "uid").unlink()
    with pytest.raises(StorageDamaged, match="one/uid"):
        folders.open("one")
    with pytest.raises(StorageDamaged, match="one/uid"):
        folders.uid("one")


def test_stored_bytes_are_those_of_all_files(folders: FederationFolders) -> None:
    with closing(folders.create(new())) as folder:
        before = folder.stored_bytes()
        keep(folder.models, "model-0", bytes(10_000))
        draft = folder.updates.draft("a")
        draft.append(bytes(500))
        assert folder.stored_bytes() == before + 10_500
        assert before == sum(path.stat().st_size for path in folder.path.iterdir() if path.is_file())


def test_closing_ends_the_drafts_and_frees_the_federation(folders: FederationFolders) -> None:
    folder = folders.create(new())
    draft = folder.updates.draft("a")
    folder.close()
    assert draft.closed
    folders.open("one").close()


def test_resealing_covers_models_and_updates(tmp_path: Path) -> None:
    with closing(FederationFolders(tmp_path, "here", OLD_KEYS).create(new())) as folder:
        keep(folder.models, "model-0", b"weights")
        keep(folder.updates, "a_1", b"update")
    with closing(FederationFolders(tmp_path, "here", KEYS).open("one")) as folder:
        assert sum(folder.reseal()) == 2
        assert (content(folder.models, "model-0"), content(folder.updates, "a_1")) == (b"weights", b"update")
        assert sum(folder.reseal()) == 0


def test_a_payload_that_is_deleted_while_it_is_resealed_stays_deleted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(FederationFolders(tmp_path, "here", OLD_KEYS).create(new())) as folder:
        keep(folder.models, "model-0", b"weights")
    append = Draft.append

    def delete_then_append(draft: Draft, data: bytes) -> None:
        folder.models.delete("model-0")
        append(draft, data)

    with closing(FederationFolders(tmp_path, "here", KEYS).open("one")) as folder:
        monkeypatch.setattr(Draft, "append", delete_then_append)
        assert sum(folder.reseal()) == 0
        assert list((folder.path / "models").iterdir()) == []


def test_payloads_are_bound_to_their_federation_and_folder(tmp_path: Path) -> None:
    folders = FederationFolders(tmp_path, "here", KEYS)
    with closing(folders.create(new())) as one, closing(folders.create(new("two", "uid-2"))) as two:
        keep(one.models, "model-0", b"weights")
        sealed = (one.path / "models" / "model-0.sealed").read_bytes()
        for place, store in ((two.path / "models", two.models), (one.path / "updates", one.updates)):
            (place / "model-0.sealed").write_bytes(sealed)
            with pytest.raises(Exception, match="belongs elsewhere"):
                store.open("model-0")


def test_a_crash_plan_that_cannot_be_followed_is_refused_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MFN_CRASH_AT", "nowhere:1")
    crash_plan.cache_clear()
    with pytest.raises(CrashPlanInvalid):
        FederationFolders(tmp_path, "here")
    monkeypatch.delenv("MFN_CRASH_AT")
    crash_plan.cache_clear()
