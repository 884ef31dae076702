"""Faults built into the aggregation and the attacks on purpose: each makes the checks fail that are named here."""

import sys
from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    BulyanRule,
    BulyanSelection,
    GeometricMedianRule,
    KrumNeighbors,
    MeanRule,
    MinimumDiameterRule,
    ServerOptimizer,
    TrimmedMeanRule,
    policy,
    stages,
)
from mfn_grpc.core.aggregation.geometry import Geometry
from mfn_grpc.core.aggregation.measuring import measure
from mfn_grpc.core.aggregation.preaggregators import nearest_neighbor_mixing
from mfn_grpc.core.aggregation.rules import bulyan, trimmed_mean
from mfn_grpc.core.aggregation.rules.coordinates import Middle
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.attacks import a_little_is_enough
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.validation import Suite, checks_of, run_check

CHECKS = [check for check in checks_of(Suite.AGGREGATION) if not check.name.startswith("training")]
# The package's function of the same name hides the module.
AGGREGATE = sys.modules["mfn_grpc.core.aggregation.aggregate"]


def failing() -> set[str]:
    return {check.name for check in CHECKS if not finish(run_check(check, 0)).passed}


def test_without_a_fault_nothing_fails() -> None:
    assert failing() == set()


def test_a_share_rounded_down_in_binary_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trimmed_mean, "ceiling_of", lambda share, n: int(share * n))
    assert failing() == {"exact_ceiling"}


def test_an_f_rounded_down_in_binary_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "floor_of", lambda share, n: int(share * n))
    assert failing() == {"exact_floor"}


def test_a_neighbour_more_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = KrumNeighbors.others
    monkeypatch.setattr(KrumNeighbors, "others", lambda self, n, f: min(exact(self, n, f) + 1, n - 1))
    assert {"krum_tie", "krum_score_error"} <= failing()


def test_inner_products_in_float32_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def cancelling(reader: Any, size: int, norms: Array, hands: Any) -> Pieces[Geometry]:
        found: Geometry = yield from measure(reader, size, norms, hands)
        rows = (yield from reader.read(0, size))[: found.n].astype(np.float32)
        products = rows @ rows.T
        lengths = np.diagonal(products)
        found.squared[: found.n, : found.n] = np.maximum(lengths[:, None] + lengths - 2 * products, 0)
        return found

    monkeypatch.setattr(stages, "measure", cancelling)
    assert {"krum_score_error", "krum_picks_close_updates"} <= failing()


def test_updates_in_the_order_of_arrival_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AGGREGATE, "sorted", lambda updates, key: list(updates), raising=False)
    assert failing() == {"order_of_arrival"}


def test_screened_updates_that_leave_f_as_it_was_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AGGREGATE, "faulty_left", lambda chosen, n, screened: chosen.f(n))
    assert "screened_counts_as_faulty" in failing()


def test_a_sum_minus_its_extremes_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def subtracting(self: Middle, block: Array, out: Array, distances: Array) -> None:
        trimmed = block.sum(axis=0) - block.min(axis=0) - block.max(axis=0)
        out[:] = trimmed / (len(block) - 2)

    monkeypatch.setattr(Middle, "_combine", subtracting)
    caught = failing()
    assert "trimmed_beside_1e30" in caught
    assert "krum_tie" not in caught


@pytest.mark.parametrize(
    ("rule", "caught"),
    [
        (TrimmedMeanRule, {"breakdown_point", "kappa_trimmed_mean", "trimmed_beside_1e30", "exact_ceiling"}),
        (GeometricMedianRule, {"geometric_median_of_corners", "geometric_median_reach", "kappa_geometric_median"}),
        (MinimumDiameterRule, {"minimum_diameter_scalars", "breakdown_point"}),
        (BulyanRule, {"bulyan_scalars", "breakdown_point"}),
    ],
)
def test_a_plain_mean_in_a_rules_place_is_caught(rule: Any, caught: set[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rule, "prepare", MeanRule.prepare)
    assert failing() == caught


def test_a_bulyan_that_picks_all_at_once_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    exact = BulyanRule.prepare
    monkeypatch.setattr(bulyan.BulyanRule, "prepare", lambda _, seen: exact(BulyanRule(BulyanSelection.ONE_SHOT), seen))
    assert failing() == {"bulyan_scalars"}


def test_equally_near_ones_of_which_the_last_counts_are_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def last_first(squared: Array) -> Pieces[Array]:
        yield
        distances = squared + np.diag(np.full(len(squared), np.inf))
        return len(squared) - 1 - np.argsort(distances[:, ::-1], axis=1, kind="stable")

    monkeypatch.setattr(nearest_neighbor_mixing, "nearest_first", last_first)
    assert failing() == {"mixing_of_three"}


def test_a_velocity_that_is_lost_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    def forgetful(self: ServerOptimizer, model: Array, aggregate: Array, _: Any) -> tuple[Array, Array]:
        return model + self.learning_rate * aggregate, aggregate

    monkeypatch.setattr(ServerOptimizer, "apply", forgetful)
    assert failing() == {"server_momentum"}


def test_a_deviation_over_all_in_place_of_the_samples_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(a_little_is_enough, "spread", lambda honest: honest.std(axis=0))
    assert failing() == {"attack_a_little_is_enough"}
