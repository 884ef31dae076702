"""What the default promises, on few seeds; the table of all is a command's."""

from mfn_grpc.core.aggregation import AggregationPolicy
from mfn_grpc.core.attacks import ATTACKS
from mfn_grpc.core.pieces import finish
from mfn_grpc.core.robustness import PLAIN_MEAN, Table, compare
from tests.core.robustness.digits import digits

POINTS = 0.01
SEEDS = (0, 1)
WORST = "optimised_inner_product"


def table(policy: AggregationPolicy, *attacks: str) -> Table:
    features, labels = digits()
    chosen = {name: ATTACKS[name]() for name in attacks}
    return finish(compare(features, labels, rules={"rule": policy}, attacks=chosen, seeds=SEEDS))


def test_the_default_stays_close_to_clean_accuracy_under_attacks_made_for_it() -> None:
    found = table(AggregationPolicy(), "sign_flip", "colluding_copies", WORST)
    assert min(found.clean) > 0.94
    # Over ten seeds the worst loss is 0.9 points; two seeds scatter by a point.
    assert all(row.loss.mean < 2 * POINTS for row in found.rows), [(row.attack, row.loss) for row in found.rows]


def test_the_plain_mean_does_not() -> None:
    assert table(PLAIN_MEAN, WORST).worst("rule").loss.mean > 20 * POINTS
