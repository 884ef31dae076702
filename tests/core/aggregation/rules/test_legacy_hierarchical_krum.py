import numpy as np
import pytest

from mfn_grpc.core.aggregation import LegacyHierarchicalKrumRule, VerdictKind, aggregate_arrays
from tests.core.aggregation import oracles
from tests.core.aggregation.cases import normal, policy


@pytest.mark.parametrize(("n", "clusters", "f"), [(40, 10, 2), (7, 10, 3), (23, 4, 1)])
def test_it_blends_krum_over_the_clusters_krums_with_their_median(n: int, clusters: int, f: int) -> None:
    x = normal(n, 30)
    parts = np.array_split(np.arange(n), min(clusters, n))
    picked = [int(part[np.argmin(oracles.krum_scores(x[part], f))]) for part in parts]
    chosen = picked[int(np.argmin(oracles.krum_scores(x[picked], f)))]
    found, record = aggregate_arrays(x, policy(LegacyHierarchicalKrumRule(clusters), f))
    np.testing.assert_allclose(found, 0.7 * x[chosen] + 0.3 * np.median(x[picked], axis=0), rtol=1e-13, atol=1e-15)
    accepted = {k for k, verdict in enumerate(record.verdicts) if verdict.kind is VerdictKind.ACCEPTED}
    assert chosen in accepted
    assert accepted <= set(picked)
    assert (record.verdicts[chosen].weight or 0) >= 0.7


def test_its_f_is_never_checked() -> None:
    assert LegacyHierarchicalKrumRule().needed(4999) == LegacyHierarchicalKrumRule().least(4999) == 1
