import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    AggregationPolicy,
    HierarchicalKrumRule,
    TooFewUpdates,
    VerdictKind,
    aggregate_arrays,
)
from mfn_grpc.core.randomness import Stream, generator
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy


@pytest.mark.parametrize("round_number", [0, 7])
def test_it_is_krum_in_clusters_dealt_anew_each_round_then_krum_over_those_picked(round_number: int) -> None:
    x, rule = normal(60, 5), HierarchicalKrumRule(cluster_size=12, seed=4)
    order = generator(4, Stream.CLUSTERS, step=round_number).permutation(60)
    clusters = [np.sort(order[k : k + 12]) for k in range(0, 60, 12)]
    # f = 4: clusters of 12 bear (12 - 3) // 2 = 4, so none is spoilt and the Krum over them allows for none.
    picked = sorted(int(c[np.argmin(oracles.krum_scores(x[c], 4))]) for c in clusters)
    expected = picked[int(np.argmin(oracles.krum_scores(x[picked], 0)))]
    found, record = aggregate_arrays(x, policy(rule, 4), round_number=round_number)
    assert found.tolist() == x[expected].tolist()
    assert [k for k, v in enumerate(record.verdicts) if v.kind is VerdictKind.ACCEPTED] == [expected]


@pytest.mark.parametrize(
    ("n", "size", "clusters"), [(100, 10, 10), (95, 10, 10), (104, 10, 10), (105, 10, 11), (3, 10, 1), (25, 10, 3)]
)
def test_clusters_are_about_as_large_as_stated(n: int, size: int, clusters: int) -> None:
    assert HierarchicalKrumRule(size).clusters(n) == clusters


@pytest.mark.parametrize(
    ("n", "f", "expected"), [(100, 3, (3, 0)), (100, 10, (3, 2)), (130, 20, (3, 5)), (100, 0, (0, 0))]
)
def test_the_f_of_clusters_and_of_their_representatives_follow_from_the_policys(
    n: int, f: int, expected: tuple[int, int]
) -> None:
    """Four faulty ones spoil a cluster of ten: f of them spoil f // 4 at most."""
    assert HierarchicalKrumRule(10).faulty(n, f) == expected


@pytest.mark.parametrize(("size", "f"), [(3, 1), (5, 2), (10, 3), (10, 20), (100, 60)])
def test_what_it_needs_is_the_first_number_with_both_preconditions(size: int, f: int) -> None:
    rule = HierarchicalKrumRule(size)

    def suffices(n: int) -> bool:
        clusters = rule.clusters(n)
        within, over = rule.faulty(n, f)
        return n // clusters >= 2 * within + 3 and clusters >= 2 * over + 3

    assert rule.needed(f) == next(n for n in range(1, 5000) if suffices(n))


@pytest.mark.parametrize(("share", "least"), [(0.05, 25), (0.1, 25), (0.15, 33), (0.2, None)])
def test_clusters_of_ten_bear_less_than_a_fifth(share: float, least: int | None) -> None:
    assert AggregationPolicy(share, HierarchicalKrumRule()).least_updates() == least


def test_too_few_clusters_are_an_error_that_names_how_many_clients_suffice() -> None:
    with pytest.raises(TooFewUpdates) as refused:
        aggregate_arrays(normal(20, 2), policy(HierarchicalKrumRule(10), 3))
    needed = refused.value.needed
    assert needed == HierarchicalKrumRule(10).needed(3, 20)
    aggregate_arrays(normal(needed, 2), policy(HierarchicalKrumRule(10), 3))


@pytest.mark.parametrize("seed", range(20))
def test_however_the_faulty_ones_are_dealt_a_sound_one_is_picked(seed: int) -> None:
    x = normal(100, 4, seed=seed)
    x[:10] = 50 + normal(10, 4, spread=1e-3)
    found, _ = aggregate_arrays(x, policy(HierarchicalKrumRule(10, seed), 10))
    assert np.abs(found).max() < 10
