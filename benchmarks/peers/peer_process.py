"""The aggregation rules of other libraries, in their own environment."""

from typing import Any

from benchmarks.peers.program import HOW_TO_GET, PeerProgram, installed

__all__ = ["HOW_TO_GET", "PeerProcess", "installed"]

PROGRAM = "aggregation.py"


class PeerProcess(PeerProgram):
    """Aggregates the same random vectors as ours while the context is entered."""

    def __init__(self, clients: int, size: int, f: int) -> None:
        super().__init__(PROGRAM, clients, size, f)

    def __enter__(self) -> "PeerProcess":
        super().__enter__()
        return self

    def ask(self, library: str, rule: str) -> dict[str, Any]:
        """`seconds` of processor time that a library took for a rule, and the `sum` of its result."""
        return self.answer({"library": library, "rule": rule})
