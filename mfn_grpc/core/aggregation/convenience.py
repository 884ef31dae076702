"""Aggregating what is in memory: for notebooks, simulations and tests."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.aggregation.aggregate import aggregate
from mfn_grpc.core.aggregation.in_memory import center_violations, numbers, numbers_in, rows_violations
from mfn_grpc.core.aggregation.policy import AggregationPolicy
from mfn_grpc.core.aggregation.results import Aggregation, ClientVerdict, VerdictKind, VerdictReason
from mfn_grpc.core.aggregation.updates import ArraySource, Update
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import Violation, refuse
from mfn_grpc.core.pieces import finish


def aggregate_arrays(
    x: ArrayLike,
    policy: AggregationPolicy | None = None,
    *,
    weights: Sequence[float] | None = None,
    round_number: int = 0,
    center: ArrayLike | None = None,
) -> tuple[Array, Aggregation]:
    """The aggregate [d], float64, of the rows of x [n, d], and its record. Clients are named by row: "00000", "00001".

    float32 rows are taken as they are, all other types as float64. weights: one for each row, default 1. center: [d].
    policy: by default AggregationPolicy(). Raises as `aggregate`, and InvalidInput naming every fault of x, weights and
    center.
    """
    rows = numbers("x", x)
    start = None if center is None else numbers("center", center)
    claims = None if weights is None else numbers("weights", weights)
    refuse([*rows_violations(rows, claims), *center_violations(rows, start)])
    claimed = np.ones(len(rows)) if claims is None else claims
    updates = [
        Update(f"{k:05d}", ArraySource(row), float(weight))
        for k, (row, weight) in enumerate(zip(rows, claimed, strict=True))
    ]
    return _in_memory(updates, rows.shape[1], policy, round_number, start, ())


def aggregate_models(
    models: Mapping[str, Mapping[str, ArrayLike]],
    policy: AggregationPolicy | None = None,
    *,
    weights: Mapping[str, float] | None = None,
    round_number: int = 0,
) -> tuple[dict[str, Array], Aggregation]:
    """The aggregate of named tensors by client, distances being over all tensors together; float64, and its record.

    What most clients agree on in names, order and shapes is the model (of equally many, what the first by id has);
    clients with another are screened out. weights: by client, default 1. Raises as `aggregate`, and InvalidInput
    without models or elements, for tensors that hold no numbers, and for weights of clients without a model.
    """
    claimed = {client: numbers_in(f"weights[{client}]", weight) for client, weight in (weights or {}).items()}
    refuse(_violations(models, claimed))
    arrays = {client: _tensors(client, models[client]) for client in sorted(models)}
    shapes = {client: tuple((name, a.shape) for name, a in tensors.items()) for client, tensors in arrays.items()}
    model = max(shapes.values(), key=list(shapes.values()).count)
    if not any(np.prod(shape) for _, shape in model):
        refuse([Violation("models", "", "hold no elements, must hold one at least")])
    updates = [
        Update(client, ArraySource(_flat(tensors)), claimed.get(client, 1.0))
        for client, tensors in arrays.items()
        if shapes[client] == model
    ]
    others = tuple(_another(client) for client in arrays if shapes[client] != model)
    size = sum(int(np.prod(shape)) for _, shape in model)
    vector, record = _in_memory(updates, size, policy, round_number, None, others)
    return _named(vector, model), record


def _in_memory(
    updates: Sequence[Update],
    size: int,
    policy: AggregationPolicy | None,
    round_number: int,
    center: Array | None,
    screened_before: Sequence[ClientVerdict],
) -> tuple[Array, Aggregation]:
    vector = np.empty(size)

    def write(start: int, block: Array) -> None:
        vector[start : start + len(block)] = block

    source = None if center is None else ArraySource(center)
    chosen = policy or AggregationPolicy()
    record = finish(
        aggregate(
            updates,
            size,
            chosen,
            round_number=round_number,
            center=source,
            write=write,
            screened_before=screened_before,
        )
    )
    return vector, record


def _violations(models: Mapping[str, object], weights: Mapping[str, float]) -> list[Violation]:
    found = [] if models else [Violation("models", "", "has no models, must have one at least")]
    unknown = [client for client in weights if client not in models]
    return found + [Violation(f"weights[{client}]", client, "is of a client without a model") for client in unknown]


def _tensors(client: str, tensors: Mapping[str, ArrayLike]) -> dict[str, Array]:
    return {name: numbers(f"models[{client}][{name}]", tensor) for name, tensor in tensors.items()}


def _flat(tensors: Mapping[str, Array]) -> Array:
    return np.concatenate([tensor.ravel() for tensor in tensors.values()])


def _another(client: str) -> ClientVerdict:
    detail = "its tensors differ from the model's in name, order or shape"
    return ClientVerdict(client, VerdictKind.SCREENED, VerdictReason.MANIFEST, detail, None, None, None)


def _named(vector: Array, model: tuple[tuple[str, tuple[int, ...]], ...]) -> dict[str, Array]:
    named, start = dict[str, Array](), 0
    for name, shape in model:
        length = int(np.prod(shape))
        named[name] = vector[start : start + length].reshape(shape)
        start += length
    return named
