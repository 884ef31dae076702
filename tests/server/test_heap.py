"""What lasts as long as the server is not collected."""

import gc

from mfn_server import heap


def test_what_is_there_is_frozen_and_what_comes_later_is_not() -> None:
    there: list[object] = []
    try:
        heap.freeze()
        later: list[object] = []
        collected = {id(each) for each in gc.get_objects()}
        assert id(there) not in collected
        assert id(later) in collected
    finally:
        gc.unfreeze()
