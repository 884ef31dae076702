"""The rule at work on a round's updates: on the workers, in slices, its failures in the catalogue's words."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mfn_grpc.arrays import ArrayError
from mfn_grpc.core.aggregation import (
    Aggregation,
    AggregationFailure,
    AggregationPolicy,
    ClientVerdict,
    Hands,
    NotFinite,
    ScreenedBeyondF,
    Source,
    TooFewUpdates,
    Update,
    aggregate,
    name_of,
)
from mfn_grpc.core.aggregation.hands import ALONE
from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import InvalidInput, Violation
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.tensors import element_count
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_server.aggregation.requests import Plan
from mfn_server.errors import Fault
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime
from mfn_server.slices import Helped, Sliced, Stopped
from mfn_server.telemetry.tracing.spans import span


@dataclass(frozen=True)
class Computed:
    """The record of an aggregation, and the time that it took."""

    record: Aggregation
    seconds: float


async def compute(
    runtime: Runtime, call: Call, plan: Plan, pieces: Pieces[Aggregation], helped: Helped | None = None
) -> Computed:
    """Run an aggregation on the workers; refused when there is no time for it. Raises AggregationFailure.

    helped: who the hands are that the pieces were made with.
    """
    work = Sliced(runtime, call, pieces, helped=helped)
    try:
        return Computed(await aggregated(work, plan.policy, plan.round), work.seconds)
    except Stopped as stopped:
        raise stopped.fault() from None
    except ArrayError as error:
        raise _too_narrow(error) from None


async def aggregated(work: Sliced[Aggregation], policy: AggregationPolicy, round_number: int) -> Aggregation:
    """The result of an aggregation, with a span around it."""
    with span("aggregate", rule=name_of(policy.rule), round=round_number) as made:
        try:
            record = await work.result()
            made.set_attribute("mfn.updates", record.accepted + record.rejected + record.screened)
            return record
        finally:
            made.set_attribute("mfn.compute_seconds", work.seconds)


def refusal_of(failure: AggregationFailure) -> Fault | InvalidInput:
    """Why a round has no aggregate, in the catalogue's words."""
    if isinstance(failure, NotFinite):
        return _not_finite(failure)
    metadata = _numbers(failure, len(failure.verdicts))
    return Fault(reasons.ERROR_REASON_QUORUM_NOT_REACHED, str(failure), metadata=metadata)


def aggregation_of(
    plan: Plan,
    updates: Sequence[Update],
    screened: Sequence[ClientVerdict],
    center: Source | None,
    write: Callable[[int, Array], None],
    hands: Hands = ALONE,
) -> Pieces[Aggregation]:
    """The aggregation of a round, in pieces."""
    return aggregate(
        updates,
        element_count(plan.manifest),
        plan.policy,
        round_number=plan.round,
        center=center,
        write=write,
        screened_before=screened,
        hands=hands,
    )


def _numbers(failure: AggregationFailure, n: int) -> dict[str, str]:
    """How many sound updates would have been needed, and how many there were."""
    if isinstance(failure, TooFewUpdates):
        return {"needed": str(failure.needed), "present": str(failure.present)}
    if isinstance(failure, ScreenedBeyondF):
        return {"needed": str(n - failure.f), "present": str(n - failure.screened)}
    return {}


def _not_finite(failure: NotFinite) -> InvalidInput:
    text = f"is missing or too large: it lets updates through whose aggregate is not finite ({failure})"
    return InvalidInput([Violation("begin.aggregation.screens.max_norm", "", text)])


def _too_narrow(error: ArrayError) -> InvalidInput:
    """The aggregate's values are beyond the type that it was to be sent in."""
    text = f"must be a wider type, such as FLOAT64: the aggregate does not fit ({error})"
    return InvalidInput([Violation("begin.result_element_type", "", text)])
