import numpy as np
import pytest

from benchmarks.stencils.bandwidth import TRANSFERS, OrdinaryStores
from benchmarks.stencils.races import gray_scott
from benchmarks.subjects import large_grids
from mfn_grpc.core.reaction_diffusion.programs import blocks


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_grids, "EDGES", (24, 32))
    monkeypatch.setattr(large_grids, "CELLS", {True: 10_000})
    monkeypatch.setattr(large_grids, "NUMBERS", 2**12)
    monkeypatch.setattr(blocks, "PAYS_FROM_BYTES", 0)


def test_each_edge_has_a_row_against_the_bandwidth_and_one_against_single_steps() -> None:
    rows = list(large_grids.measure(True))
    assert [row.what.split()[0] for row in rows] == ["24", "24", "32", "32"]
    assert [row.bar for row in rows] == [large_grids.BAR, None] * 2
    assert all(row.value is not None and row.value > 0 for row in rows)


def test_single_steps_are_made_of_no_block_and_come_to_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    blocked, plain = gray_scott(24), gray_scott(24)
    blocked.advance(16)
    monkeypatch.setattr(plain, "_finish_block", lambda steps: pytest.fail(f"a block of {steps}"))
    large_grids.one_by_one(plain, 16)
    assert plain.state.tobytes() == blocked.state.tobytes()


def test_a_write_transfers_what_is_read_and_twice_what_is_written() -> None:
    memory = OrdinaryStores(1000)
    memory._target[:] = 0.0
    memory.write()
    assert np.array_equal(memory._target, np.full(1000, 0.5))
    assert memory.nbytes == TRANSFERS * 1000 * 8
