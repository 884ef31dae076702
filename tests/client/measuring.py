"""Made-up back ends of the feature and validation services; what they saw is kept in `Seen`."""

import math
from collections.abc import Iterator
from typing import Any

import grpc
import numpy as np
from google.rpc import error_details_pb2

from mfn_grpc.arrays import AnyArray, PartAssembler, from_array
from mfn_grpc.v1 import features_pb2 as pb
from mfn_grpc.v1 import features_pb2_grpc as pb_grpc
from mfn_grpc.v1 import validation_pb2 as validation
from mfn_grpc.v1 import validation_pb2_grpc as validation_grpc
from mfn_grpc.v1.types_pb2 import Features, UndefinedValue
from tests.client.fakes import status_bytes

CHECKS = ("nernst_k", "growth_rate", "koch")
FINISHED = (2, 0, 1)
"""In which order the checks finish."""
FAILING_SEED = 13


def features_of(history: AnyArray) -> Features:
    """Statistics of the last field; the mean change where there are two fields, else NaN."""
    last = np.asarray(history[-1], np.float64)
    found = Features(v_min=last.min(), v_max=last.max(), v_mean=last.mean(), v_std=last.std(), d_box=math.nan)
    found.dv_mean = np.abs(np.diff(history, axis=0)).mean() if len(history) > 1 else math.nan
    return found


def undefined_of(found: Features) -> list[UndefinedValue]:
    return [
        UndefinedValue(name=name, reason=f"there is no [{name}] here")
        for name in ("d_box", "dv_mean")
        if math.isnan(getattr(found, name))
    ]


def _beginning(messages: Iterator[pb.ExtractFeatureStreamRequest], context: Any) -> pb.FeatureStreamBegin:
    for message in messages:
        return message.begin
    context.abort(grpc.StatusCode.INVALID_ARGUMENT, "nothing came")
    raise AssertionError("abort() raises")


class FeatureBackend(pb_grpc.FeatureServiceServicer):
    """Answers from what it is sent, so that a wrong array or option shows."""

    def __init__(self, seen: Any) -> None:
        self._seen = seen

    def _array(self, request: Any) -> AnyArray:
        array = from_array(request.array) if request.HasField("array") else self._seen.uploaded[request.array_ref]
        self._seen.arrays.append(array)
        return array

    def ExtractFeatures(self, request: pb.ExtractFeaturesRequest, context: Any) -> pb.ExtractFeaturesResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        array = self._array(request)
        if not np.isfinite(array).all():
            bad = error_details_pb2.BadRequest()
            bad.field_violations.add(field="array", description="holds NaN")
            context.set_trailing_metadata((("grpc-status-details-bin", status_bytes("INVALID_FIELD", bad)),))
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, "not finite")
        found = features_of(array if array.ndim == 3 else array[None])
        thresholds = request.options.thresholds
        found.f_active = float(np.mean(np.asarray(array, np.float64) > thresholds[1])) if thresholds else math.nan
        return pb.ExtractFeaturesResponse(features=found, undefined=undefined_of(found))

    def ExtractFeatureStream(  # noqa: N802  # grpc's name
        self, request_iterator: Iterator[pb.ExtractFeatureStreamRequest], context: Any
    ) -> Iterator[pb.ExtractFeatureStreamResponse]:
        self._seen.note(context)
        context.add_callback(self._seen.cancelled.set)
        begin, frames = _beginning(request_iterator, context), list[AnyArray]()
        stride = begin.report_stride if begin.HasField("report_stride") else 1
        self._seen.begins.append(begin)
        assembler = PartAssembler(2**24)
        for message in request_iterator:
            whole = assembler.add(message.part)
            if whole is None:
                continue
            frames.append(whole.elements)
            if len(frames) % stride == 0:
                yield self._report(begin, frames)
        if len(frames) % stride and not self._seen.forgets_the_last:
            yield self._report(begin, frames)

    @staticmethod
    def _report(begin: pb.FeatureStreamBegin, frames: list[AnyArray]) -> pb.ExtractFeatureStreamResponse:
        found = features_of(np.stack(frames))
        report = pb.ExtractFeatureStreamResponse(frame=len(frames) - 1, features=found, undefined=undefined_of(found))
        window = begin.early_warning.window_frames if begin.HasField("early_warning") else len(frames) + 1
        for name in (begin.early_warning.features or ["v_mean"]) if len(frames) >= window else ():
            report.early_warnings.add(feature=name, indicator="EARLY_WARNING_INDICATOR_VARIANCE", value=0.5)
            report.early_warnings.add(
                feature=name,
                indicator="EARLY_WARNING_INDICATOR_SKEWNESS",
                value=math.nan,
                kendall_tau=0.25,
                p_value=0.1,
                undefined_reason="all [values] are equal",
            )
        return report

    def AnalyzeFractal(self, request: pb.AnalyzeFractalRequest, context: Any) -> pb.AnalyzeFractalResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        field = np.asarray(self._array(request), np.float64)
        cells = field > request.threshold if request.HasField("threshold") else field != 0
        answer = pb.AnalyzeFractalResponse(set_cells=int(cells.sum()), total_cells=cells.size)
        for estimator in request.estimators or [pb.FRACTAL_ESTIMATOR_BOX_COUNT]:
            answer.dimensions.append(_dimension(estimator, request))
        for edge in request.lacunarity_box_edges_cells:
            answer.lacunarity.add(box_edge_cells=edge, lacunarity=1.5)
        for q in request.generalized_orders:
            answer.generalized_dimensions.add(q=q, dimension=1.25, standard_error=math.nan, r_squared=1.0)
        return answer


def _dimension(estimator: Any, request: pb.AnalyzeFractalRequest) -> pb.DimensionEstimate:
    found = pb.DimensionEstimate(
        estimator=estimator, dimension=1.58, dimension_low=1.5, dimension_high=1.7, r_squared=0.999
    )
    found.counts.add(box_edge_cells=1, boxes=2187, local_dimension=1.5849, used=True)
    found.counts.add(box_edge_cells=2, boxes=729)
    found.verdict, found.verdict_reason = pb.FRACTAL_VERDICT_FRACTAL, "one power law over [8] scales"
    if request.HasField("null_comparison"):
        found.null_comparison.null_model = request.null_comparison.null_model
        found.null_comparison.samples = 40
        found.null_comparison.dimension_mean, found.null_comparison.dimension_std = 1.5, 0.1
        found.null_comparison.p_value = 0.25
    return found


class ValidationBackend(validation_grpc.ValidationServiceServicer):
    """Three checks of which the second fails for one seed."""

    def __init__(self, seen: Any) -> None:
        self._seen = seen

    def Validate(self, request: validation.ValidateRequest, context: Any) -> validation.ValidateResponse:  # noqa: N802  # grpc's name
        self._seen.note(context)
        checks = [check(number, request.seed) for number in range(len(CHECKS))]
        return validation.ValidateResponse(checks=checks, summary=summary(request))

    def ValidateStream(  # noqa: N802  # grpc's name
        self, request: validation.ValidateStreamRequest, context: Any
    ) -> Iterator[validation.ValidateStreamResponse]:
        self._seen.note(context)
        self._seen.refuse_if_overloaded(context)
        yield from validation_messages(request)


def validation_messages(request: validation.ValidateStreamRequest) -> list[validation.ValidateStreamResponse]:
    """What a server says to a request, whole."""
    kind = validation.ValidateStreamResponse
    started = validation.ValidationStarted(suite=request.suite, seed=request.seed, check_names=CHECKS)
    finished = [kind(check=check(number, request.seed)) for number in FINISHED]
    return [kind(started=started), *finished, kind(summary=summary(request))]


def check(number: int, seed: int) -> validation.Check:
    passed = not (number == 1 and seed == FAILING_SEED)
    return validation.Check(
        name=CHECKS[number],
        suite=validation.VALIDATION_SUITE_PHYSICS,
        measured=1.25 if passed else math.nan,
        expected=1.5,
        tolerance=0.5,
        unit="mV" if number == 0 else "1",
        relation=validation.CHECK_RELATION_WITHIN if number == 0 else validation.CHECK_RELATION_AT_LEAST,
        passed=passed,
        why_this_tolerance="half of the [last] digit",
        reference="Hille 2001",
        description="What comes out",
        seconds=0.25,
        detail="" if passed else "nothing came out [at all]",
    )


def summary(request: Any) -> validation.ValidationSummary:
    failed = int(request.seed == FAILING_SEED)
    found = validation.ValidationSummary(
        suite=request.suite,
        seed=request.seed,
        passed=not failed,
        passed_count=len(CHECKS) - failed,
        failed_count=failed,
        seconds=0.75,
        numerics_version="7",
        server_version="0.1.0",
    )
    if request.suite == validation.VALIDATION_SUITE_QUICK:
        found.training.loss_start, found.training.growth_events = 1.0, 12
        found.training.test_loss, found.training.mean_loss = 0.25, 1.75
        found.training.shuffled_test_loss, found.training.shuffled_mean_loss = 1.5, 1.25
    return found
