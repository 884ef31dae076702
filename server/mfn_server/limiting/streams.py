"""How many streams one principal, and how many health watches one peer, may have open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mfn_server.limiting.refusals import too_many_streams
from mfn_server.limiting.subjects import subject_of
from mfn_server.rpc.call import Call

APART = frozenset({"/mfn.v1.FederationService/Federate"})
"""Streams that do not count: all participants of a federation may share one credential, and the server bounds them by
federation_max_participants."""
MOST_WATCHES = 1000
"""Health watches of one peer: behind a mesh's sidecar all callers may have one address, and an idle watch is cheap."""


class Streams:
    """At most `most` streams a principal, and `most_watches` a peer, at a time."""

    def __init__(self, most: int, most_watches: int = MOST_WATCHES) -> None:
        self._most, self._most_watches = most, most_watches
        self._open = Counter[str]()

    @contextmanager
    def held(self, call: Call) -> Iterator[None]:
        """Count a stream for as long as it is open; RATE_LIMITED beyond the most."""
        if call.method.path in APART:
            yield
            return
        subject, most = subject_of(call), self._most_watches if call.method.is_open else self._most
        if self._open[subject] >= most:
            raise too_many_streams(subject, most)
        self._open[subject] += 1
        try:
            yield
        finally:
            self._open[subject] -= 1
            if not self._open[subject]:
                del self._open[subject]
