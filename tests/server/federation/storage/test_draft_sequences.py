"""Any sequence of appends, syncs, reopenings and crashes gives the bytes that were appended."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mfn_server.federation.storage.draft import Claim
from mfn_server.federation.storage.keys import KeyRing
from mfn_server.federation.storage.sealing import SEGMENT_BYTES
from tests.server.federation.storage.payloads import BOTH, content, payload, store_in

DATA = payload(8 * SEGMENT_BYTES)
lengths = st.integers(0, 3000) | st.sampled_from([SEGMENT_BYTES - 1, SEGMENT_BYTES, SEGMENT_BYTES + 1])


class DraftSequences(RuleBasedStateMachine):
    """One draft, beside the bytes that it should hold."""

    @initialize(keys=st.sampled_from(list(BOTH.values())))
    def begin(self, keys: KeyRing | None) -> None:
        self.folder = Path(tempfile.mkdtemp())
        self.keys = keys
        self.taken = 0
        self.claim = Claim(hashlib.sha256(b"any").digest(), len(DATA))
        self._open()

    @rule(length=lengths)
    def append(self, length: int) -> None:
        data = DATA[self.taken : self.taken + length]
        self.draft.append(data)
        self.taken += len(data)

    @rule()
    def sync(self) -> None:
        durable = self.draft.sync()
        assert self._least() <= durable <= self.taken

    @rule()
    def reopen(self) -> None:
        self.draft.close()
        self._open()
        assert self._least() <= self.draft.size <= self.taken
        self.taken = self.draft.size

    @rule(lost=st.integers(0, 2 * SEGMENT_BYTES))
    def lose_the_end(self, lost: int) -> None:
        """As when the power fails before the end reached the disk."""
        self.draft.close()
        (file,) = self.folder.iterdir()
        file.write_bytes(file.read_bytes()[: max(0, file.stat().st_size - lost)])
        self._open()
        assert self.draft.size <= self.taken
        self.taken = self.draft.size

    @rule()
    def finish(self) -> None:
        self.draft.finish(hashlib.sha256(DATA[: self.taken]).digest())
        assert content(self.store, "a") == DATA[: self.taken]
        self.store.delete("a")
        self.taken = 0
        self._open()

    @invariant()
    def size_and_digest_are_those_of_the_bytes(self) -> None:
        assert self.draft.size == self.taken
        assert self.draft.digest() == hashlib.sha256(DATA[: self.taken]).digest()

    def teardown(self) -> None:
        if hasattr(self, "folder"):
            self.store.close()
            shutil.rmtree(self.folder)

    def _open(self) -> None:
        self.store = store_in(self.folder, self.keys)
        self.draft = self.store.draft("a", self.claim)

    def _least(self) -> int:
        """Bytes that must be in the file: all, or all but the segment that is held back."""
        return self.taken if self.keys is None else max(0, self.taken - SEGMENT_BYTES)


TestDraftSequences = DraftSequences.TestCase
TestDraftSequences.settings = settings(max_examples=40, stateful_step_count=15)
