"""How many streams one principal may have open."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from mfn_server.limiting.refusals import too_many_streams
from mfn_server.limiting.subjects import subject_of
from mfn_server.rpc.call import Call

APART = frozenset({"/mfn.v1.FederationService/Federate"})
"""Streams that do not count: all participants of a federation may share one credential, and the server bounds them by
federation_max_participants."""


class Streams:
    """At most `most` streams a subject at a time."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = Counter[str]()

    @contextmanager
    def held(self, call: Call) -> Iterator[None]:
        """Count a stream for as long as it is open; RATE_LIMITED beyond the most."""
        if call.method.path in APART:
            yield
            return
        subject = subject_of(call)
        if self._open[subject] >= self._most:
            raise too_many_streams(subject, self._most)
        self._open[subject] += 1
        try:
            yield
        finally:
            self._open[subject] -= 1
            if not self._open[subject]:
                del self._open[subject]
