"""Checkpoints on disk: one file a run, replaced as the run goes on, bounded by quota and age.

A checkpoint only saves work: without it a resumed run is computed again from its spec. So nothing here is fatal: a
full disk or a damaged file is logged, and the run goes on.
"""

import logging
import os
import secrets
from io import BufferedWriter
from pathlib import Path

import numpy as np

from mfn_grpc.core.reaction_diffusion import Checkpoint
from mfn_server.shelf import Shelf

KEY_BYTES = 32
NOTHING_WATCHED = -1
"""Stands in a file for the species of a checkpoint without a history."""
log = logging.getLogger(__name__)


class CheckpointStore:
    """A directory that servers may share. Methods block: call them on a thread of their own.

    quota_bytes: what one principal may keep; its oldest runs give way. ttl_s: age at which a file is deleted.
    """

    def __init__(self, directory: Path, *, quota_bytes: int, ttl_s: float) -> None:
        self._directory, self._quota_bytes = directory, quota_bytes
        self._shelf = Shelf(directory, ".npz", ttl_s=ttl_s)

    def shared_key(self) -> bytes:
        """The token key kept in the directory, made at first use; all that share it honour its tokens."""
        path = self._directory / "token.key"
        if not path.exists():
            draft = path.with_suffix(f".{secrets.token_hex(8)}")
            draft.touch(mode=0o600)
            draft.write_bytes(secrets.token_bytes(KEY_BYTES))
            try:
                os.link(draft, path)
            except FileExistsError:
                log.debug("another server made the token key first")
            finally:
                draft.unlink()
        key = path.read_bytes()
        if len(key) != KEY_BYTES:
            raise OSError(
                f"{path} has {len(key)} bytes, must have {KEY_BYTES}; delete it, and resume tokens end with it"
            )
        return key

    def save(
        self, principal: str, run_id: bytes, spec_hash: bytes, checkpoint: Checkpoint, watched: int | None = None
    ) -> bool:
        """Replace the run's checkpoint; False when it does not fit the quota or the disk.

        watched: the species whose history the checkpoint holds, None when it holds none.
        """
        if checkpoint.state.nbytes > self._quota_bytes:
            return False

        def write(file: BufferedWriter) -> None:
            _write(file, spec_hash, checkpoint, watched)

        try:
            newest = self._shelf.write(principal, run_id.hex(), write)
            self._shelf.make_room(principal, self._quota_bytes, keep=newest)
        except OSError:
            log.exception("a checkpoint could not be written")
            return False
        return True

    def load(self, principal: str, run_id: bytes, spec_hash: bytes, watched: int | None = None) -> Checkpoint | None:
        """The run's checkpoint, or None when there is none of this spec that can be read.

        With `watched` only one that holds the history of this species is any use; without it none holds a history.
        """
        try:
            with np.load(self._shelf.path(principal, run_id.hex()), allow_pickle=False) as stored:
                if stored["spec_hash"].tobytes() != spec_hash or watched not in (None, int(stored["watched"])):
                    return None
                history = None if watched is None else stored["history"]
                return Checkpoint(int(stored["step"]), stored["state"], int(stored["growth_events"]), history)
        except FileNotFoundError:
            return None
        except Exception:  # a damaged archive makes zipfile and numpy raise a dozen kinds
            log.exception("a checkpoint could not be read; the run is computed again from its spec")
            return None

    def delete(self, principal: str, run_id: bytes) -> None:
        """Forget a run."""
        try:
            self._shelf.path(principal, run_id.hex()).unlink(missing_ok=True)
        except OSError:
            log.exception("a checkpoint could not be deleted; it expires instead")

    def sweep(self) -> None:
        """Delete what is older than the time to live."""
        self._shelf.sweep()


def _write(file: BufferedWriter, spec_hash: bytes, checkpoint: Checkpoint, watched: int | None) -> None:
    np.savez(
        file,
        spec_hash=np.frombuffer(spec_hash, np.uint8),
        step=np.int64(checkpoint.step),
        growth_events=np.int64(checkpoint.growth_events),
        state=checkpoint.state,
        watched=np.int64(NOTHING_WATCHED if watched is None else watched),
        history=np.empty(0) if checkpoint.history is None else checkpoint.history,
    )
