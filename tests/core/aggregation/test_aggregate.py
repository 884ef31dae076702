from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mfn_grpc.core.aggregation import (
    Aggregation,
    AggregationPolicy,
    ArraySource,
    BulyanRule,
    ClientVerdict,
    CoordinateMedianRule,
    KrumRule,
    MeanRule,
    NotFinite,
    PreAggregator,
    Rule,
    ScreenedBeyondF,
    ScreenedConvention,
    Screens,
    TooFewUpdates,
    Update,
    VerdictKind,
    VerdictReason,
    aggregate,
    aggregate_arrays,
    name_of,
)
from mfn_grpc.core.aggregation.blocks import width_for
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import InvalidInput
from mfn_grpc.core.pieces import finish
from tests.core.aggregation.cases import ALL_RULES, STEPS, normal, policy, updates

KINDS = VerdictKind.ACCEPTED, VerdictKind.REJECTED, VerdictKind.SCREENED


def run(given_updates: Sequence[Update], size: int, chosen: AggregationPolicy) -> tuple[Array, Aggregation]:
    result = np.full(size, np.nan)

    def write(start: int, block: Array) -> None:
        assert np.isnan(result[start:]).all(), "blocks come in ascending order"
        assert block.dtype == np.float64
        result[start : start + len(block)] = block

    return result, finish(aggregate(given_updates, size, chosen, round_number=3, write=write))


@settings(max_examples=8, deadline=None)
@given(updates(9, 12), st.data())
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("rule", ALL_RULES, ids=name_of)
def test_the_order_of_arrival_changes_no_bit(
    rule: Rule, steps: tuple[PreAggregator, ...], x: Array, data: st.DataObject
) -> None:
    chosen = AggregationPolicy(1, rule, steps, ignore_precondition=True)
    arrived = [Update(f"c{k:02d}", ArraySource(row), 1.0 + k) for k, row in enumerate(x)]
    shuffled = data.draw(st.permutations(arrived))
    one, other = run(arrived, x.shape[1], chosen), run(shuffled, x.shape[1], chosen)
    assert one[0].tobytes() == other[0].tobytes()
    assert one[1] == other[1]


@settings(max_examples=8, deadline=None)
@given(updates(9, 12))
@pytest.mark.parametrize("steps", STEPS.values(), ids=STEPS)
@pytest.mark.parametrize("rule", ALL_RULES, ids=name_of)
def test_the_record_is_whole(rule: Rule, steps: tuple[PreAggregator, ...], x: Array) -> None:
    _, record = aggregate_arrays(x, AggregationPolicy(1, rule, steps, ignore_precondition=True))
    assert [verdict.client_id for verdict in record.verdicts] == [f"{k:05d}" for k in range(len(x))]
    assert (record.accepted + record.rejected, record.screened) == (len(x), 0)
    assert record.accepted >= 1
    for verdict in record.verdicts:
        assert verdict.weight is not None
        assert 0 <= verdict.weight <= 1
        assert verdict.norm is not None
        assert verdict.score is not None
        assert verdict.score >= 0
        assert verdict.detail
        accepted = verdict.kind is VerdictKind.ACCEPTED
        assert accepted or verdict.weight == 0
        assert verdict.reason is (VerdictReason.UNSPECIFIED if accepted else VerdictReason.OUTLIER)
    assert sum(verdict.weight or 0 for verdict in record.verdicts) <= 1 + 1e-12


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("rule", [MeanRule(), KrumRule(), CoordinateMedianRule(), BulyanRule()])
def test_mapped_files_give_what_arrays_give(rule: Rule, dtype: type, tmp_path_factory: pytest.TempPathFactory) -> None:
    n = 11
    x = normal(n, width_for(n) + 13, dtype=dtype)
    path = tmp_path_factory.mktemp("updates") / "x.npy"
    np.save(path, x)
    mapped = np.load(path, mmap_mode="r")
    arrived = [Update(f"{k:05d}", ArraySource(mapped[k])) for k in range(n)]
    assert run(arrived, x.shape[1], policy(rule, 2))[0].tolist() == aggregate_arrays(x, policy(rule, 2))[0].tolist()


class TestScreened:
    """The screens and what those that fail them do to n and f."""

    def with_liars(self, liars: int, chosen: AggregationPolicy) -> Aggregation:
        x = normal(12, 3)
        x[:liars, 1] = np.nan
        return aggregate_arrays(x, chosen)[1]

    def test_they_count_as_faulty_by_default(self) -> None:
        record = self.with_liars(2, policy(KrumRule(), 3))
        assert (record.f, record.screened, record.accepted + record.rejected) == (1, 2, 10)

    def test_more_than_may_be_faulty_end_the_round(self) -> None:
        with pytest.raises(ScreenedBeyondF) as refused:
            self.with_liars(4, policy(KrumRule(), 3))
        assert (refused.value.screened, refused.value.f) == (4, 3)
        told = refused.value.verdicts
        kinds = [(verdict.kind, verdict.reason) for verdict in told]
        assert kinds.count((VerdictKind.SCREENED, VerdictReason.NOT_FINITE)) == 4
        assert kinds.count((VerdictKind.REJECTED, VerdictReason.ROUND_SKIPPED)) == len(told) - 4 == 8
        assert [verdict.client_id for verdict in told] == sorted(verdict.client_id for verdict in told)
        assert all(verdict.norm for verdict in told if verdict.kind is VerdictKind.REJECTED)

    def test_f_can_be_kept_instead(self) -> None:
        chosen = policy(KrumRule(), 3, screened=ScreenedConvention.KEEP_F)
        assert self.with_liars(2, chosen).f == 3
        with pytest.raises(TooFewUpdates) as refused:
            self.with_liars(4, chosen)
        assert (refused.value.needed, refused.value.present, refused.value.f) == (9, 8, 3)

    def test_a_share_is_taken_of_all_that_came(self) -> None:
        assert self.with_liars(1, policy(MeanRule(), 0.25)).f == 2

    def test_clients_screened_before_count_and_stand_in_the_record(self) -> None:
        before = ClientVerdict("zoe", VerdictKind.SCREENED, VerdictReason.DIGEST, "another", None, None, None)
        arrived = [Update(f"{k}", ArraySource(row)) for k, row in enumerate(normal(7, 2))]

        def write(_start: int, _block: Array) -> None:
            return

        record = finish(aggregate(arrived, 2, policy(KrumRule(), 2), write=write, screened_before=[before]))
        assert (record.f, record.screened) == (1, 1)
        assert record.verdicts[-1] == before
        with pytest.raises(ScreenedBeyondF):
            finish(aggregate(arrived, 2, policy(KrumRule(), 0), write=write, screened_before=[before]))

    def test_bounds_on_norm_and_weight_are_the_policys(self) -> None:
        x = np.ones((5, 1)) * [[1], [1], [1], [9], [1]]
        chosen = policy(MeanRule(), 2, screens=Screens(max_norm=2.0, max_weight=10.0))
        found, record = aggregate_arrays(x, chosen, weights=[1, 1, 11, 1, 1])
        assert found.tolist() == [1.0]
        reasons = [verdict.reason for verdict in record.verdicts if verdict.kind is VerdictKind.SCREENED]
        assert reasons == [VerdictReason.WEIGHT, VerdictReason.NORM]


@pytest.mark.parametrize("rule", [rule for rule in ALL_RULES if rule.needed(2) > 1], ids=name_of)
def test_too_few_updates_are_an_error_that_names_how_many_suffice(rule: Rule) -> None:
    needed = rule.needed(2)
    with pytest.raises(TooFewUpdates, match=f"needs {needed} updates for f = 2; {needed - 1} passed") as refused:
        aggregate_arrays(normal(needed - 1, 2), policy(rule, 2))
    assert (refused.value.needed, refused.value.present, refused.value.f) == (needed, needed - 1, 2)
    aggregate_arrays(normal(needed, 2), policy(rule, 2))


def test_nobody_is_too_few() -> None:
    with pytest.raises(TooFewUpdates) as refused:
        aggregate_arrays(np.empty((0, 3)), policy(MeanRule(), 0))
    assert (refused.value.needed, refused.value.present) == (1, 0)


def test_an_aggregate_that_is_not_finite_is_refused() -> None:
    class Overflowing(ArraySource):
        """Changes after it was screened."""

        reads = 0

        def read(self, start: int, stop: int) -> Array:
            type(self).reads += 1
            return np.ones(stop - start) if self.reads == 1 else np.full(stop - start, np.inf)

    with pytest.raises(NotFinite, match="element 0"):
        run([Update("a", Overflowing(np.empty(0)))], 4, policy(MeanRule(), 0))


def test_every_fault_of_the_call_is_named() -> None:
    twice = [Update("a", ArraySource(np.ones(1)))] * 2
    with pytest.raises(InvalidInput) as refused:
        run(twice, 0, policy(KrumRule(), -1))
    assert [violation.field for violation in refused.value.violations] == ["f", "size", "client_id"]


def test_pieces_are_short_of_many_rows() -> None:
    """No piece reads more than a block or multiplies more than a panel of it: as many pieces as there is work."""
    x = normal(600, 4000, dtype=np.float32)
    arrived = [Update(f"{k:03d}", ArraySource(row)) for k, row in enumerate(x)]
    pieces = aggregate(arrived, 4000, policy(KrumRule(), 100), write=lambda _start, _block: None)
    blocks = -(-4000 // width_for(600))
    assert sum(1 for _ in pieces) >= 600 + 3 * 2 * blocks
