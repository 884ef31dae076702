"""Long computations in pieces: generators that yield wherever they may be paused, and return their result.

Whoever runs one decides between two pieces whether to go on: a server gives other callers their turn there and notices
that its caller has left. A piece is meant to take less than 50 ms. The result does not depend on the pauses.
"""

from collections.abc import Generator
from typing import TypeVar

T = TypeVar("T")
Pieces = Generator[None, None, T]


def finish(pieces: Pieces[T]) -> T:
    """Run all pieces without a pause; what the computation returns."""
    while True:
        try:
            next(pieces)
        except StopIteration as ended:
            result: T = ended.value
            return result
