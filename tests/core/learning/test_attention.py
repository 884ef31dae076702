import itertools
import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import softmax

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.learning import Projections, multi_head_attention, sparse_attention, top_k_weights
from mfn_grpc.core.limits import InvalidInput

# Softmax and matrix products of numbers near 1, summed in another order than the loop's.
ROUNDING = 1e-13


def loop_weights(row: list[float], k: int) -> list[float]:
    """Softmax over the k largest of a row; of equal ones the first."""
    taken = sorted(range(len(row)), key=lambda place: (-row[place], place))[:k]
    total = math.fsum(math.exp(row[place] - max(row)) for place in taken)
    return [math.exp(row[place] - max(row)) / total if place in taken else 0.0 for place in range(len(row))]


def loop_attention(queries: Array, keys: Array, values: Array, k: int) -> Array:
    """One head, query by query: [queries, d], [keys, d], [keys, width]."""
    outputs = []
    for query in queries:
        scores = [math.fsum(query * key) / math.sqrt(len(query)) for key in keys]
        outputs.append(sum(w * value for w, value in zip(loop_weights(scores, k), values, strict=True)))
    return np.array(outputs)


def loop_heads(tokens: Array, projections: Projections, k: int) -> Array:
    """All heads, one after the other, side by side, and through one output matrix."""
    query, key, value, output = (np.asarray(part) for part in projections)
    heads = [loop_attention(tokens @ query[h], tokens @ key[h], tokens @ value[h], k) for h in range(query.shape[0])]
    return np.asarray(np.concatenate(heads, axis=1) @ np.concatenate(list(output), axis=0))


def random_projections(rng: np.random.Generator, heads: int, width: int) -> Projections:
    shapes = (heads, width, 3), (heads, width, 3), (heads, width, 5), (heads, 5, 7)
    return Projections(*(rng.standard_normal(shape) for shape in shapes))


@given(st.lists(st.lists(st.integers(-3, 3), min_size=6, max_size=6), min_size=1, max_size=5), st.integers(1, 6))
def test_weights_are_a_softmax_over_the_k_largest_and_of_equal_ones_over_the_first(
    scores: list[list[int]], k: int
) -> None:
    expected = [loop_weights([float(score) for score in row], k) for row in scores]
    weights = top_k_weights(scores, k)
    assert np.allclose(weights, expected, rtol=0, atol=ROUNDING)
    assert (np.count_nonzero(weights, axis=1) == k).all()


@pytest.mark.parametrize("k", [1, 4, 250, 499])
def test_long_rows_keep_their_k_largest_as_well(k: int) -> None:
    # Long enough that a partial sort leaves both sides of the k-th unsorted.
    scores = np.random.default_rng(2).standard_normal((4, 500))
    weights = top_k_weights(scores, k)
    assert np.allclose(weights, [loop_weights(row, k) for row in scores.tolist()], rtol=0, atol=ROUNDING)
    assert (np.count_nonzero(weights, axis=1) == k).all()


def test_equal_scores_give_way_in_order_of_the_keys() -> None:
    assert top_k_weights([[1, 2, 1, 1, 2]], 3).round(3).tolist() == [[0.155, 0.422, 0, 0, 0.422]]
    assert top_k_weights(np.zeros((1, 8)))[0].tolist() == [0.25] * 4 + [0] * 4


@given(st.integers(0, 2**32), st.integers(1, 9), st.integers(1, 9))
def test_one_head_agrees_with_the_plain_loop(seed: int, queries: int, k: int) -> None:
    rng = np.random.default_rng(seed)
    q, keys, values = (rng.standard_normal(shape) for shape in ((queries, 4), (9, 4), (9, 3)))
    attended = sparse_attention(q, keys, values, k)
    assert np.allclose(attended, loop_attention(q, keys, values, k), rtol=0, atol=ROUNDING)


def test_leading_axes_are_attentions_of_their_own() -> None:
    rng = np.random.default_rng(1)
    q, keys, values = (rng.standard_normal(shape) for shape in ((2, 3, 5, 4), (3, 6, 4), (2, 1, 6, 2)))
    attended = sparse_attention(q, keys, values, 2)
    assert attended.shape == (2, 3, 5, 2)
    for i, j in itertools.product(range(2), range(3)):
        expected = loop_attention(q[i, j], keys[j], values[i, 0], 2)
        assert np.allclose(attended[i, j], expected, rtol=0, atol=ROUNDING)


@pytest.mark.parametrize("heads", [1, 2, 4])
@pytest.mark.parametrize("k", [1, 4, 10])
def test_many_heads_agree_with_the_plain_loop(heads: int, k: int) -> None:
    rng = np.random.default_rng(heads)
    tokens, projections = rng.standard_normal((2, 10, 6)), random_projections(rng, heads, 6)
    attended = multi_head_attention(tokens, projections, k)
    assert attended.shape == (2, 10, 7)
    for batch in range(2):
        # Ten products deep, on numbers near 100.
        assert np.allclose(attended[batch], loop_heads(tokens[batch], projections, k), rtol=0, atol=1e-11)


def test_with_as_many_keys_as_tokens_attention_is_dense() -> None:
    rng = np.random.default_rng(3)
    q, keys, values = (rng.standard_normal((8, 4)) for _ in range(3))
    dense = softmax(q @ keys.T / 2, axis=1) @ values
    assert np.allclose(sparse_attention(q, keys, values, 8), dense, rtol=0, atol=ROUNDING)
    assert not np.allclose(sparse_attention(q, keys, values, 7), dense, rtol=0, atol=1e-6)


def test_one_key_a_query_hands_its_value_on_unchanged() -> None:
    q = 5 * np.eye(4)
    values = np.arange(12.0).reshape(4, 3)
    assert np.array_equal(sparse_attention(q, q[::-1], values, 1), values[::-1])


def test_four_keys_a_query_are_the_default() -> None:
    rng = np.random.default_rng(4)
    q, keys, values = (rng.standard_normal((8, 4)) for _ in range(3))
    assert np.array_equal(sparse_attention(q, keys, values), sparse_attention(q, keys, values, 4))


def test_a_softmax_over_all_scores_cut_to_the_largest_afterwards_is_not_this_one() -> None:
    # The cut loses weight: its rows no longer sum to 1.
    scores = np.random.default_rng(5).standard_normal((6, 12))
    full = softmax(scores, axis=1)
    cut = np.where(full >= np.sort(full, axis=1)[:, -4:-3], full, 0)
    weights = top_k_weights(scores)
    assert np.allclose(weights.sum(axis=1), 1, rtol=0, atol=ROUNDING)
    assert (cut.sum(axis=1) < 0.95).all()
    assert np.allclose(weights, cut / cut.sum(axis=1, keepdims=True), rtol=0, atol=ROUNDING)


def test_scores_far_apart_neither_overflow_nor_lose_their_sum() -> None:
    weights = top_k_weights([[1e30, -1e30, 0, 1e3]], 3)
    assert weights.tolist() == [[1, 0, 0, 0]]


def test_the_order_of_the_tokens_is_carried_through() -> None:
    rng = np.random.default_rng(6)
    tokens, projections = rng.standard_normal((9, 6)), random_projections(rng, 2, 6)
    order = rng.permutation(9)
    # No two scores are equal, so the tie rule has no say; the sums run in another order.
    attended = multi_head_attention(tokens, projections, 3)
    assert np.allclose(multi_head_attention(tokens[order], projections, 3), attended[order], rtol=0, atol=1e-11)


def faulty_fields(call: Callable[[], object]) -> dict[str, str]:
    with pytest.raises(InvalidInput) as caught:
        call()
    return {violation.field: violation.description for violation in caught.value.violations}


def test_every_fault_of_an_attention_is_named_at_once() -> None:
    queries, keys, values = np.zeros((2, 5, 4)), np.zeros((3, 6, 3)), np.zeros((7, 2))
    queries[1, 2, 3] = math.nan
    found = faulty_fields(lambda: sparse_attention(queries, keys, values, 9))
    assert set(found) == {"queries[1,2,3]", "keys", "values", "queries", "k"}
    assert found["keys"].startswith("is [3, 6, 3], must have 4 entries along axis -1")
    assert found["values"].startswith("is [7, 2], must have 6 entries along axis -2")
    assert found["queries"].startswith("leading axes queries [2], keys [3], values [] do not broadcast")
    assert found["k"].startswith("is 9, must be 1 to 6 ")


def test_every_fault_of_the_projections_is_named_at_once() -> None:
    projections = Projections(
        query=np.zeros((2, 6, 3)), key=np.zeros((3, 6, 4)), value=np.zeros((2, 5, 3)), output=np.full((2, 4, 1), 2e30)
    )
    with pytest.raises(InvalidInput) as caught:
        multi_head_attention(np.zeros((4, 6)), projections, 5)
    found = [violation.field for violation in caught.value.violations]
    assert found == [
        "k",
        "projections.output[0,0,0]",
        "projections.value",
        "projections.key",
        "projections.key",
        "projections.output",
    ]


@pytest.mark.parametrize("part", Projections._fields)
def test_no_heads_are_refused(part: str) -> None:
    projections = random_projections(np.random.default_rng(0), 2, 6)._replace(**{part: np.empty((0, 6, 3))})
    found = faulty_fields(lambda: multi_head_attention(np.zeros((4, 6)), projections))
    assert found == {f"projections.{part}": "is [0, 6, 3], must have no axis of length 0"}


@pytest.mark.parametrize("k", [0, -1, 9, 2.5, math.nan])
def test_a_k_that_is_no_number_of_keys_is_refused(k: float) -> None:
    assert list(faulty_fields(lambda: top_k_weights(np.zeros((2, 8)), k))) == ["k"]  # type: ignore[arg-type] # refused


@pytest.mark.parametrize(
    ("scores", "says"),
    [
        (np.zeros(4), "has 1 axes, must have 2 to 16"),
        (np.zeros((2, 0)), "must have no axis of length 0"),
        (np.zeros((2, 4), complex), "must hold integers or real numbers"),
        ([[1, 2], [3]], "is ragged"),
    ],
)
def test_scores_that_are_no_rows_of_numbers_are_refused(scores: object, says: str) -> None:
    found = faulty_fields(lambda: top_k_weights(scores, 1))  # type: ignore[arg-type] # what is refused
    assert says in found["scores"]
