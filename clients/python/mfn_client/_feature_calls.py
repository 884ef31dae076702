"""The calls about fields that the caller brings: features and fractal analysis.

An array that fits into the request travels in it; a larger one is uploaded first and the request refers to it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from mfn_client._calls import UnaryCall
from mfn_client._decoding import decoded
from mfn_client._features import EarlyWarningOptions, ExtractedFeatures
from mfn_client._fractals import BoxCountOptions, FractalAnalysis, NullComparisonOptions
from mfn_client._messages import ENVELOPE_BYTES, MESSAGE_BYTES
from mfn_client._spec import Faults, set_thresholds
from mfn_client._uploads import UploadedArray
from mfn_grpc.arrays import AnyArray, to_array
from mfn_grpc.v1 import features_pb2 as pb

T_co = TypeVar("T_co", covariant=True)
_SERVICE = "/mfn.v1.FeatureService"
_INLINE_BYTES = MESSAGE_BYTES - ENVELOPE_BYTES
_BOX_COUNT_VALUES = tuple(name for name in BoxCountOptions.__dataclass_fields__ if name != "base")
_EXACT_IN_FLOAT32 = (np.int8, np.uint8, np.int16, np.uint16, np.float16)
Request = pb.ExtractFeaturesRequest | pb.AnalyzeFractalRequest


@dataclass(frozen=True)
class FieldCall(Generic[T_co]):
    """A unary call about one array; `large` is that array when it must be uploaded first."""

    call: UnaryCall[T_co]
    large: AnyArray | None

    def about(self, kept: UploadedArray) -> UnaryCall[T_co]:
        """The call about an array that the server keeps."""
        request: Any = type(self.call.request)()
        request.CopyFrom(self.call.request)
        request.array_ref = kept.array_ref
        return replace(self.call, request=request)


def as_field(values: Any, path: str, faults: Faults) -> AnyArray:
    """A field or a history as float64 or float32; whole numbers and halves become what holds them exactly."""
    try:
        array: AnyArray = np.asarray(values)
    except ValueError:
        faults.add(path, "is ragged, must be an array of numbers")
        return np.empty(0)
    if array.dtype.kind in "iu" or array.dtype == np.float16:
        return array.astype(np.float32 if array.dtype in _EXACT_IN_FLOAT32 else np.float64)
    if array.dtype.newbyteorder("=") not in {np.dtype(np.float32), np.dtype(np.float64)}:
        faults.add(path, f"is of dtype {array.dtype}, must be float64, float32 or whole numbers")
        return np.empty(0)
    return array


def as_cells(values: Any, threshold: float | None, path: str, faults: Faults) -> AnyArray:
    """What AnalyzeFractal takes: without a threshold, whole numbers become the set of cells that are not 0."""
    array = np.asarray(values) if isinstance(values, np.ndarray | list | tuple) else values
    kind = array.dtype.kind if isinstance(array, np.ndarray) else ""
    if kind == "b" or (kind in "iu" and threshold is None):
        return np.asarray(array != 0)
    return as_field(values, path, faults)


def extract_features(
    field: ArrayLike | UploadedArray, thresholds: Sequence[float] | None
) -> FieldCall[ExtractedFeatures]:
    """The 18 features of a field or a history."""
    request, faults = pb.ExtractFeaturesRequest(), Faults()
    array = None if isinstance(field, UploadedArray) else as_field(field, "array", faults)
    set_thresholds(request.options, thresholds, "options.thresholds", faults)
    faults.check()
    large = _place(request, field, array)
    answer = pb.ExtractFeaturesResponse
    return FieldCall(UnaryCall(f"{_SERVICE}/ExtractFeatures", request, answer, _features, timeout=120), large)


def analyze_fractal(
    field: ArrayLike | UploadedArray,
    threshold: float | None,
    estimators: Sequence[str],
    box_count: BoxCountOptions | None,
    null_comparison: NullComparisonOptions | None,
    lacunarity_box_edges: Sequence[int],
    generalized_orders: Sequence[float],
) -> FieldCall[FractalAnalysis]:
    """Dimensions with their evidence, lacunarity and generalised dimensions."""
    request, faults = pb.AnalyzeFractalRequest(), Faults()
    array = None if isinstance(field, UploadedArray) else as_cells(field, threshold, "array", faults)
    faults.assign(request, "threshold", threshold, "threshold")
    faults.choose_all(request, "estimators", estimators, "estimators")
    _set_box_count(request, box_count, faults)
    _set_null_comparison(request, null_comparison, faults)
    edges = "lacunarity_box_edges_cells"
    faults.extend(request.lacunarity_box_edges_cells, lacunarity_box_edges, edges, "a list of whole numbers")
    faults.extend(request.generalized_orders, generalized_orders, "generalized_orders", "a list of numbers")
    faults.check()
    large = _place(request, field, array)
    answer = pb.AnalyzeFractalResponse
    return FieldCall(UnaryCall(f"{_SERVICE}/AnalyzeFractal", request, answer, _analysis, timeout=300), large)


def stream_begin(
    thresholds: Sequence[float] | None,
    report_stride: int | None,
    early_warning: EarlyWarningOptions | None,
) -> pb.FeatureStreamBegin:
    """The first message of a feature stream, without the shape, which the first frame tells.

    Raises:
        InvalidArgument: something in it is unknown or of the wrong kind; every such field is named.
    """
    begin, faults = pb.FeatureStreamBegin(), Faults()
    set_thresholds(begin.options, thresholds, "begin.options.thresholds", faults)
    faults.assign(begin, "report_stride", report_stride, "begin.report_stride")
    if early_warning is not None:
        _set_early_warning(begin.early_warning, early_warning, faults)
    faults.check()
    return begin


def _set_early_warning(message: pb.EarlyWarningOptions, said: EarlyWarningOptions, faults: Faults) -> None:
    message.SetInParent()
    path = "begin.early_warning"
    faults.extend(message.features, said.features, f"{path}.features", "a list of names of features")
    faults.choose_all(message, "indicators", said.indicators, f"{path}.indicators")
    for name in ("window_frames", "detrend_bandwidth_frames", "surrogates", "seed", "trend_frames"):
        faults.assign(message, name, getattr(said, name), f"{path}.{name}")


def _set_box_count(request: pb.AnalyzeFractalRequest, said: BoxCountOptions | None, faults: Faults) -> None:
    if said is None:
        return
    message = request.box_count
    faults.choose(message, "base", said.base, "box_count.base")
    for name in _BOX_COUNT_VALUES:
        faults.assign(message, name, getattr(said, name), f"box_count.{name}")


def _set_null_comparison(request: pb.AnalyzeFractalRequest, said: NullComparisonOptions | None, faults: Faults) -> None:
    if said is None:
        return
    request.null_comparison.SetInParent()
    faults.choose(request.null_comparison, "null_model", said.null_model, "null_comparison.null_model")
    for name in ("samples", "seed"):
        faults.assign(request.null_comparison, name, getattr(said, name), f"null_comparison.{name}")


def _place(request: Request, field: ArrayLike | UploadedArray, array: AnyArray | None) -> AnyArray | None:
    """Put the array or the reference to it into the request; returns the array when it is too large for that."""
    if isinstance(field, UploadedArray):
        request.array_ref = field.array_ref
    if array is None or array.nbytes > _INLINE_BYTES:
        return array
    request.array.CopyFrom(to_array(array))
    return None


def _features(answer: pb.ExtractFeaturesResponse) -> ExtractedFeatures:
    return decoded(ExtractedFeatures, answer)


def _analysis(answer: pb.AnalyzeFractalResponse) -> FractalAnalysis:
    return decoded(FractalAnalysis, answer)
