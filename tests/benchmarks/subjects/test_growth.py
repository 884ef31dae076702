"""The ladders of cost, short ones, once."""

import pytest

from benchmarks.growth import aggregating, serving, simulating
from benchmarks.growth.ladder import QUADRATIC, Climb, climb
from benchmarks.subjects import growth


@pytest.fixture(scope="module")
def computed() -> dict[str, Climb]:
    ladders = [*simulating.ladders(True), *aggregating.ladders(True)]
    return {f"{each.what}/{each.axis}": climb(each, turns=1) for each in ladders}


def test_every_kind_of_cost_has_ladders_over_its_sizes(computed: dict[str, Climb]) -> None:
    assert {key.partition("/")[2] for key in computed} == {"cells", "steps", "clients", "parameters"}
    assert all(each.law.exponent == each.law.exponent for each in computed.values())
    assert all(min(each.costs) > 0 for each in computed.values())


def test_memory_which_no_load_disturbs_grows_as_it_may(computed: dict[str, Climb]) -> None:
    memory = {key: each for key, each in computed.items() if "memory" in key}
    assert len(memory) == 4 + len(aggregating.PER_COORDINATE) + len(aggregating.OF_PAIRS)
    for key, each in memory.items():
        assert each.ladder.limit is not None
        assert each.law.exponent <= each.ladder.limit, key


def test_only_rules_of_pairs_may_grow_faster_than_linearly_and_only_in_clients(computed: dict[str, Climb]) -> None:
    quadratic = {key for key, each in computed.items() if each.ladder.limit == QUADRATIC}
    assert quadratic == {f"{rule}, time/clients" for rule in aggregating.OF_PAIRS}


def test_a_server_with_more_streams_works_more_and_a_subject_yields_a_row_for_each_ladder(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with serving.ladders(True) as ladders:
        memory, work, waiting = (climb(each, turns=1) for each in ladders)
    assert work.law.exponent > 0
    assert min(*memory.costs, *waiting.costs) > 0
    monkeypatch.setattr(growth, "climbs", lambda quick: iter((work, waiting) if quick else ()))
    assert [row.what for row in growth.measure(True)] == [work.row().what, waiting.row().what]
