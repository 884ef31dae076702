"""The life of a federation, as a program that can be killed anywhere and started again: it goes on where it stopped.

Says on standard output what a participant would have been told: "created", "counted 1", ..., "deleted".
"""

import hashlib
import sys
from contextlib import suppress
from pathlib import Path

from mfn_server.federation.storage.draft import Claim
from mfn_server.federation.storage.errors import AlreadyCreated
from mfn_server.federation.storage.folder import FederationFolder
from mfn_server.federation.storage.folders import FederationFolders, NewFederation
from mfn_server.federation.storage.rows import Batch, ModelRow, RequestRow, Retention

REQUEST = RequestRow("request", b"fingerprint", b"answer", 0.0)
UPDATES = 5
PIECES = 3


def update(number: int) -> bytes:
    """The payload of an update: three pieces of 50,000 bytes."""
    return b"".join(hashlib.sha256(f"{number}/{place}".encode()).digest() for place in range(4688))[: 50_000 * PIECES]


def claim(number: int) -> Claim:
    """What is claimed of it."""
    return Claim(hashlib.sha256(update(number)).digest(), len(update(number)))


def said(text: str) -> None:
    """Tell the world; it has been heard even when this process dies next."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main(directory: Path, until: str) -> None:
    """From wherever the last run stopped to the end; until: "counted" leaves the federation, "deleted" removes it."""
    folders = FederationFolders(directory, "here")
    folders.tidy()
    with suppress(AlreadyCreated):
        folders.create(NewFederation("one", "uid-one", Batch(meta={"m": b"1"}), REQUEST)).close()
    said("created")
    if "one" in folders.names():
        folder = folders.open("one")
        count_all(folder)
        if until == "deleted":
            folders.delete(folder)
    if until == "deleted":
        said("deleted")


def count_all(folder: FederationFolder) -> None:
    """Take the updates that do not count yet."""
    stored = {row.version for row in folder.journal.models().rows}
    folder.models.sweep({str(version) for version in stored})
    folder.models.sweep_drafts(lambda _: True)
    _, events = folder.journal.load()
    for number in range(len(events) + 1, UPDATES + 1):
        draft = folder.models.draft(str(number), claim(number))
        for start in range(draft.size, len(update(number)), 50_000):
            draft.append(update(number)[start : start + 50_000])
        draft.sync()
        draft.finish(claim(number).sha256)
        folder.journal.commit(
            Batch(events=[b"%d" % number], models=[ModelRow(number, draft.digest(), draft.size, b"")])
        )
        said(f"counted {number}")
        for version in folder.journal.trim(Retention(model_versions=1)):
            folder.models.delete(str(version))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
