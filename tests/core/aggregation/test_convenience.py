from typing import Any

import numpy as np
import pytest

from mfn_grpc.core.aggregation import (
    AggregationPolicy,
    CenteredClippingRule,
    CoordinateMedianRule,
    KrumRule,
    MeanRule,
    VerdictKind,
    VerdictReason,
    WeightedMeanRule,
    aggregate_arrays,
    aggregate_models,
)
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import InvalidInput
from tests.core.aggregation.cases import normal, policy


def model(row: Array) -> dict[str, Array]:
    return {"weight": row[:6].reshape(2, 3), "bias": row[6:8], "scale": row[8].reshape(())}


def test_a_rule_by_vectors_looks_at_all_tensors_together() -> None:
    x = normal(9, 9)
    x[3, 8] += 100  # far away in one tensor only
    merged, record = aggregate_models({f"c{k}": model(row) for k, row in enumerate(x)}, policy(KrumRule(), 1))
    vector, expected = aggregate_arrays(x, policy(KrumRule(), 1))
    assert {name: tensor.shape for name, tensor in merged.items()} == {"weight": (2, 3), "bias": (2,), "scale": ()}
    assert np.concatenate([tensor.ravel() for tensor in merged.values()]).tolist() == vector.tolist()
    assert [v.score for v in record.verdicts] == [v.score for v in expected.verdicts]
    assert record.verdicts[3].kind is VerdictKind.REJECTED


def test_a_model_of_another_shape_is_screened_out() -> None:
    models = {f"c{k}": model(row) for k, row in enumerate(normal(5, 9))}
    models["c1"] = {**models["c1"], "bias": np.ones(3)}
    merged, record = aggregate_models(models, policy(MeanRule(), 1))
    assert (record.verdicts[1].kind, record.verdicts[1].reason) == (VerdictKind.SCREENED, VerdictReason.MANIFEST)
    others = [models[f"c{k}"]["bias"] for k in (0, 2, 3, 4)]
    np.testing.assert_allclose(merged["bias"], np.mean(others, axis=0), rtol=1e-14)
    assert record.f == 0


def test_weights_go_by_client() -> None:
    models = {"b": {"w": np.array([4.0])}, "a": {"w": np.array([0.0])}}
    merged, _ = aggregate_models(models, policy(WeightedMeanRule(), 0), weights={"a": 3.0})
    assert merged["w"].tolist() == [1.0]


ONE: dict[str, Any] = {"a": {"w": np.ones(2)}}


@pytest.mark.parametrize(
    ("models", "weights", "words"),
    [
        ({}, None, "models: has no models"),
        ({"a": {}}, None, "models: hold no elements"),
        ({"a": {"w": np.ones((2, 0))}}, None, "models: hold no elements"),
        ({"a": {"w": np.ones(2) * 1j}}, None, r"models\[a\]\[w\]: holds complex128, must hold real numbers"),
        ({"a": {"w": [[1], [1, 2]]}}, None, r"models\[a\]\[w\]: is no array"),
        (ONE, {"b": 1.0}, r"weights\[b\]: is of a client without a model"),
        (ONE, {"a": "heavy"}, r"weights\[a\]: holds "),
        (ONE, {"a": [1.0, 2.0]}, r"weights\[a\]: has shape \[2\], must be one number"),
    ],
)
def test_models_and_weights_that_make_no_sense_are_refused_by_name(models: Any, weights: Any, words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        aggregate_models(models, policy(MeanRule(), 0), weights=weights)


@pytest.mark.parametrize(
    ("x", "options", "words"),
    [
        (np.ones(3), {}, r"x: has shape \[3\], must be \[updates, elements\]"),
        ([[1.0], [1.0, 2.0]], {}, "x: is no array"),
        (np.ones((3, 2)) * 1j, {}, "x: holds complex128, must hold real numbers"),
        ([["a", "b"]], {}, "x: holds "),
        (np.ones((3, 2)), {"weights": [1.0, 2.0]}, r"weights: has shape \[2\], must be \[3\], one for each row"),
        (np.ones((3, 2)), {"center": np.ones(3)}, r"center: has shape \[3\], must be \[2\]"),
        (np.ones((3, 2)), {"center": [0.0, np.nan]}, "center: holds nan at element 1, must hold finite numbers"),
        (np.ones((3, 2)), {"center": [1e200, 0.0]}, r"center: has norm 1e\+200, must be at most 1e\+150"),
        (np.ones((3, 2)), {"center": [1e308, 1e308]}, r"center: has norm 1.41421e\+308, must be"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_arrays_that_make_no_sense_are_refused_by_name(x: Any, options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput, match=words):
        aggregate_arrays(x, policy(CenteredClippingRule(), 1), **options)


def test_every_fault_of_the_arrays_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as refused:
        aggregate_arrays(np.ones((3, 2)), weights=[1.0], center=np.ones(1))
    assert [fault.field for fault in refused.value.violations] == ["weights", "center"]


def test_the_default_policy_serves_both() -> None:
    x = normal(10, 9)
    merged, record = aggregate_models({f"{k:05d}": model(row) for k, row in enumerate(x)})
    vector, expected = aggregate_arrays(x)
    assert np.concatenate([tensor.ravel() for tensor in merged.values()]).tolist() == vector.tolist()
    assert record == expected
    assert expected == aggregate_arrays(x, AggregationPolicy())[1]


@pytest.mark.parametrize("dtype", [np.int64, np.float16, np.float32, np.float64])
def test_whatever_can_be_a_number_is_taken(dtype: type) -> None:
    assert aggregate_arrays(np.array([[1], [2], [9]], dtype), policy(CoordinateMedianRule(), 1))[0].tolist() == [2.0]
