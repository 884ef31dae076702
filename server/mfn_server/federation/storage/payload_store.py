"""The payload files of one folder: drafts that survive restarts, finished payloads, and the end of both.

A payload is known by its key. Its file is KEY.raw, or KEY.sealed where keys are configured; a draft's name carries its
claim as well, so that what one claim left behind never becomes part of another.
"""

import re
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mfn_server.federation.storage.crash_points import crash_point
from mfn_server.federation.storage.draft import Claim, Draft
from mfn_server.federation.storage.errors import PayloadMissing
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.layouts import Layout, PlainLayout, SealedLayout
from mfn_server.federation.storage.payload import Payload, PlainPayload, SealedPayload

KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,127}")
FINISHED = re.compile(rf"({KEY.pattern})\.(?:raw|sealed)")
DRAFT = re.compile(rf"({KEY.pattern})\.([0-9a-f]{{32}}|local)\.(?:raw|sealed)-draft")
LOCAL = "local"
"""Stands for the claim of a draft that has none."""
COPY_BYTES = 1 << 20
LOCKS = 64


@dataclass(frozen=True)
class DraftFile:
    """A draft that an earlier process, or an earlier stream, left behind. modified: Unix time, s."""

    key: str
    modified: float


class PayloadStore:
    """The payloads in an existing folder. Methods block: call them on a thread of their own; any thread may.

    identity: what seals bind the files to, such as the federation's uid. keys: when given, new payloads are sealed.
    Plain ones are read either way.
    """

    def __init__(self, folder: Path, identity: str, keys: KeyRing | None) -> None:
        self._folder, self._identity, self._keys = folder, identity, keys
        self._live: dict[str, Draft] = {}
        self._files: dict[str, set[Path]] = {}
        for path, found in self._found(DRAFT):
            self._files.setdefault(found[1], set()).add(path)
        self._locks = tuple(threading.Lock() for _ in range(LOCKS))

    def draft(self, key: str, claim: Claim | None = None) -> Draft:
        """A draft of the payload; older ones of the key end.

        With a claim it goes on where the last one of the same claim stopped, and hashes what is there already, which
        takes its time; drafts of other claims are deleted. Without a claim it begins anew.
        """
        with self._alone(key):
            path = self._draft_path(key, claim)
            self._delete_drafts(key, but=path)
            self._files[key] = {path}
            final = self._folder / f"{key}.{self._kind}"
            draft = Draft(key, path, final, claim, self._layout(key, path), self._ended)
            self._live[key] = draft
            return draft

    def drafted(self, key: str) -> bool:
        """Whether a draft of the payload may be there; does not block."""
        return key in self._files

    def discard_drafts(self, of: str, but: str) -> None:
        """Delete the drafts of all keys that begin with `of`, open ones too, except one key's."""
        for key in [key for key in list(self._files) if key.startswith(of) and key != but]:
            with self._alone(key):
                self._delete_drafts(key)

    def open(self, key: str) -> Payload:
        """A finished payload; raises PayloadMissing and SealBroken."""
        for _ in range(2):  # resealing may take the plain file away between the looks at the two
            with suppress(FileNotFoundError):
                return self._opened(key)
        raise PayloadMissing(key)

    def finished_keys(self) -> list[str]:
        """Keys of the finished payloads, in order."""
        return sorted({found[1] for _, found in self._found(FINISHED)})

    def delete(self, key: str) -> None:
        """Delete a payload and its drafts, where there are any. Those who read it may go on."""
        crash_point("before-payload-delete")
        with self._alone(key):
            self._delete_drafts(key)
            for path in self._paths(key):
                path.unlink(missing_ok=True)
        crash_point("after-payload-delete")

    def sweep(self, keep: Collection[str]) -> None:
        """Delete finished payloads whose keys are not in keep. Not while one is on its way into keep."""
        for key in self.finished_keys():
            if key not in keep:
                self.delete(key)

    def sweep_drafts(self, keep: Callable[[DraftFile], bool]) -> None:
        """Delete drafts that are neither open nor wanted; looks at the folder only where there may be drafts."""
        if not self._files:
            return
        for path, found in self._found(DRAFT):
            key, tag = found.groups()
            with self._alone(key):
                if key in self._live or path not in self._files.get(key, ()):
                    continue
                if tag == LOCAL or not keep(DraftFile(key, path.stat().st_mtime)):
                    self._delete_drafts(key)

    def reseal(self, key: str) -> bool:
        """Seal a finished payload with the newest key, unless it is; whether that was to be done."""
        if self._keys is None:
            return False
        payload = self.open(key)
        old = not isinstance(payload, SealedPayload) or payload.key_id != self._keys.newest
        if old:
            draft = self.draft(key)
            if not any(path.exists() for path in self._paths(key)):  # deleted meanwhile
                draft.discard()
                raise PayloadMissing(key)
            for start in range(0, payload.size, COPY_BYTES):
                draft.append(payload.read(start, min(start + COPY_BYTES, payload.size)))
            draft.finish(draft.digest())
        plain, _ = self._paths(key)
        plain.unlink(missing_ok=True)
        return old

    def close(self) -> None:
        """End all drafts; others may go on with them."""
        for draft in list(self._live.values()):
            draft.close()

    def _opened(self, key: str) -> Payload:
        plain, sealed = self._paths(key)
        return SealedPayload(sealed, self._bound(key), self._keys) if sealed.exists() else PlainPayload(plain)

    @property
    def _kind(self) -> str:
        return "raw" if self._keys is None else "sealed"

    @contextmanager
    def _alone(self, key: str) -> Iterator[None]:
        """Nobody else begins or deletes this key meanwhile. Keys share locks, so that there is no end of them."""
        _require_key(key)
        with self._locks[hash(key) % LOCKS]:
            yield

    def _layout(self, key: str, path: Path) -> Callable[[int], Layout]:
        if self._keys is None:
            return PlainLayout
        return partial(SealedLayout, path=path, identity=self._bound(key), keys=self._keys)

    def _bound(self, key: str) -> str:
        return f"{self._identity}/{self._folder.name}/{key}"

    def _paths(self, key: str) -> tuple[Path, Path]:
        _require_key(key)
        return self._folder / f"{key}.raw", self._folder / f"{key}.sealed"

    def _draft_path(self, key: str, claim: Claim | None) -> Path:
        return self._folder / f"{key}.{LOCAL if claim is None else claim.tag}.{self._kind}-draft"

    def _found(self, names: re.Pattern[str]) -> list[tuple[Path, re.Match[str]]]:
        return [(path, found) for path in self._folder.iterdir() if (found := names.fullmatch(path.name))]

    def _delete_drafts(self, key: str, but: Path | None = None) -> None:
        """End the live draft of a key, and delete the files of all."""
        if live := self._live.get(key):
            live.close()
        for path in self._files.pop(key, set()) - {but}:
            path.unlink(missing_ok=True)

    def _ended(self, draft: Draft) -> None:
        if not draft.path.exists():
            self._files.pop(draft.key, None)
        if self._live.get(draft.key) is draft:
            del self._live[draft.key]


def _require_key(key: str) -> None:
    if not KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no key of a payload")
