from mfn_grpc.v1 import scope_pb2 as _scope_pb2
from mfn_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class EarlyWarningIndicator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    EARLY_WARNING_INDICATOR_UNSPECIFIED: _ClassVar[EarlyWarningIndicator]
    EARLY_WARNING_INDICATOR_VARIANCE: _ClassVar[EarlyWarningIndicator]
    EARLY_WARNING_INDICATOR_LAG1_AUTOCORRELATION: _ClassVar[EarlyWarningIndicator]
    EARLY_WARNING_INDICATOR_SKEWNESS: _ClassVar[EarlyWarningIndicator]

class FractalEstimator(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRACTAL_ESTIMATOR_UNSPECIFIED: _ClassVar[FractalEstimator]
    FRACTAL_ESTIMATOR_BOX_COUNT: _ClassVar[FractalEstimator]
    FRACTAL_ESTIMATOR_BOUNDARY_COUNT: _ClassVar[FractalEstimator]

class BoxBase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BOX_BASE_UNSPECIFIED: _ClassVar[BoxBase]
    BOX_BASE_DYADIC: _ClassVar[BoxBase]
    BOX_BASE_TRIADIC: _ClassVar[BoxBase]

class NullModel(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NULL_MODEL_UNSPECIFIED: _ClassVar[NullModel]
    NULL_MODEL_DIFFUSION: _ClassVar[NullModel]
    NULL_MODEL_SHUFFLED: _ClassVar[NullModel]

class FractalVerdict(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRACTAL_VERDICT_UNSPECIFIED: _ClassVar[FractalVerdict]
    FRACTAL_VERDICT_FRACTAL: _ClassVar[FractalVerdict]
    FRACTAL_VERDICT_NOT_FRACTAL: _ClassVar[FractalVerdict]
    FRACTAL_VERDICT_NO_SCALING: _ClassVar[FractalVerdict]
    FRACTAL_VERDICT_LIKE_NULL: _ClassVar[FractalVerdict]
    FRACTAL_VERDICT_UNDEFINED: _ClassVar[FractalVerdict]
EARLY_WARNING_INDICATOR_UNSPECIFIED: EarlyWarningIndicator
EARLY_WARNING_INDICATOR_VARIANCE: EarlyWarningIndicator
EARLY_WARNING_INDICATOR_LAG1_AUTOCORRELATION: EarlyWarningIndicator
EARLY_WARNING_INDICATOR_SKEWNESS: EarlyWarningIndicator
FRACTAL_ESTIMATOR_UNSPECIFIED: FractalEstimator
FRACTAL_ESTIMATOR_BOX_COUNT: FractalEstimator
FRACTAL_ESTIMATOR_BOUNDARY_COUNT: FractalEstimator
BOX_BASE_UNSPECIFIED: BoxBase
BOX_BASE_DYADIC: BoxBase
BOX_BASE_TRIADIC: BoxBase
NULL_MODEL_UNSPECIFIED: NullModel
NULL_MODEL_DIFFUSION: NullModel
NULL_MODEL_SHUFFLED: NullModel
FRACTAL_VERDICT_UNSPECIFIED: FractalVerdict
FRACTAL_VERDICT_FRACTAL: FractalVerdict
FRACTAL_VERDICT_NOT_FRACTAL: FractalVerdict
FRACTAL_VERDICT_NO_SCALING: FractalVerdict
FRACTAL_VERDICT_LIKE_NULL: FractalVerdict
FRACTAL_VERDICT_UNDEFINED: FractalVerdict

class ExtractFeaturesRequest(_message.Message):
    __slots__ = ("array", "array_ref", "options")
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    ARRAY_REF_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    array: _types_pb2.Array
    array_ref: str
    options: _types_pb2.FeatureOptions
    def __init__(self, array: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ..., array_ref: _Optional[str] = ..., options: _Optional[_Union[_types_pb2.FeatureOptions, _Mapping[str, object]]] = ...) -> None: ...

class ExtractFeaturesResponse(_message.Message):
    __slots__ = ("features", "undefined")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    UNDEFINED_FIELD_NUMBER: _ClassVar[int]
    features: _types_pb2.Features
    undefined: _containers.RepeatedCompositeFieldContainer[_types_pb2.UndefinedValue]
    def __init__(self, features: _Optional[_Union[_types_pb2.Features, _Mapping[str, object]]] = ..., undefined: _Optional[_Iterable[_Union[_types_pb2.UndefinedValue, _Mapping[str, object]]]] = ...) -> None: ...

class ExtractFeatureStreamRequest(_message.Message):
    __slots__ = ("begin", "part")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    PART_FIELD_NUMBER: _ClassVar[int]
    begin: FeatureStreamBegin
    part: _types_pb2.ArrayPart
    def __init__(self, begin: _Optional[_Union[FeatureStreamBegin, _Mapping[str, object]]] = ..., part: _Optional[_Union[_types_pb2.ArrayPart, _Mapping[str, object]]] = ...) -> None: ...

class FeatureStreamBegin(_message.Message):
    __slots__ = ("shape", "options", "report_stride", "early_warning")
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    OPTIONS_FIELD_NUMBER: _ClassVar[int]
    REPORT_STRIDE_FIELD_NUMBER: _ClassVar[int]
    EARLY_WARNING_FIELD_NUMBER: _ClassVar[int]
    shape: _containers.RepeatedScalarFieldContainer[int]
    options: _types_pb2.FeatureOptions
    report_stride: int
    early_warning: EarlyWarningOptions
    def __init__(self, shape: _Optional[_Iterable[int]] = ..., options: _Optional[_Union[_types_pb2.FeatureOptions, _Mapping[str, object]]] = ..., report_stride: _Optional[int] = ..., early_warning: _Optional[_Union[EarlyWarningOptions, _Mapping[str, object]]] = ...) -> None: ...

class EarlyWarningOptions(_message.Message):
    __slots__ = ("features", "indicators", "window_frames", "detrend_bandwidth_frames", "surrogates", "seed", "trend_frames")
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    INDICATORS_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FRAMES_FIELD_NUMBER: _ClassVar[int]
    DETREND_BANDWIDTH_FRAMES_FIELD_NUMBER: _ClassVar[int]
    SURROGATES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    TREND_FRAMES_FIELD_NUMBER: _ClassVar[int]
    features: _containers.RepeatedScalarFieldContainer[str]
    indicators: _containers.RepeatedScalarFieldContainer[EarlyWarningIndicator]
    window_frames: int
    detrend_bandwidth_frames: float
    surrogates: int
    seed: int
    trend_frames: int
    def __init__(self, features: _Optional[_Iterable[str]] = ..., indicators: _Optional[_Iterable[_Union[EarlyWarningIndicator, str]]] = ..., window_frames: _Optional[int] = ..., detrend_bandwidth_frames: _Optional[float] = ..., surrogates: _Optional[int] = ..., seed: _Optional[int] = ..., trend_frames: _Optional[int] = ...) -> None: ...

class ExtractFeatureStreamResponse(_message.Message):
    __slots__ = ("frame", "features", "undefined", "early_warnings")
    FRAME_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    UNDEFINED_FIELD_NUMBER: _ClassVar[int]
    EARLY_WARNINGS_FIELD_NUMBER: _ClassVar[int]
    frame: int
    features: _types_pb2.Features
    undefined: _containers.RepeatedCompositeFieldContainer[_types_pb2.UndefinedValue]
    early_warnings: _containers.RepeatedCompositeFieldContainer[EarlyWarning]
    def __init__(self, frame: _Optional[int] = ..., features: _Optional[_Union[_types_pb2.Features, _Mapping[str, object]]] = ..., undefined: _Optional[_Iterable[_Union[_types_pb2.UndefinedValue, _Mapping[str, object]]]] = ..., early_warnings: _Optional[_Iterable[_Union[EarlyWarning, _Mapping[str, object]]]] = ...) -> None: ...

class EarlyWarning(_message.Message):
    __slots__ = ("feature", "indicator", "value", "kendall_tau", "p_value", "undefined_reason")
    FEATURE_FIELD_NUMBER: _ClassVar[int]
    INDICATOR_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    KENDALL_TAU_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    UNDEFINED_REASON_FIELD_NUMBER: _ClassVar[int]
    feature: str
    indicator: EarlyWarningIndicator
    value: float
    kendall_tau: float
    p_value: float
    undefined_reason: str
    def __init__(self, feature: _Optional[str] = ..., indicator: _Optional[_Union[EarlyWarningIndicator, str]] = ..., value: _Optional[float] = ..., kendall_tau: _Optional[float] = ..., p_value: _Optional[float] = ..., undefined_reason: _Optional[str] = ...) -> None: ...

class AnalyzeFractalRequest(_message.Message):
    __slots__ = ("array", "array_ref", "threshold", "estimators", "box_count", "null_comparison", "lacunarity_box_edges_cells", "generalized_orders")
    ARRAY_FIELD_NUMBER: _ClassVar[int]
    ARRAY_REF_FIELD_NUMBER: _ClassVar[int]
    THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    ESTIMATORS_FIELD_NUMBER: _ClassVar[int]
    BOX_COUNT_FIELD_NUMBER: _ClassVar[int]
    NULL_COMPARISON_FIELD_NUMBER: _ClassVar[int]
    LACUNARITY_BOX_EDGES_CELLS_FIELD_NUMBER: _ClassVar[int]
    GENERALIZED_ORDERS_FIELD_NUMBER: _ClassVar[int]
    array: _types_pb2.Array
    array_ref: str
    threshold: float
    estimators: _containers.RepeatedScalarFieldContainer[FractalEstimator]
    box_count: BoxCountOptions
    null_comparison: NullComparisonOptions
    lacunarity_box_edges_cells: _containers.RepeatedScalarFieldContainer[int]
    generalized_orders: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, array: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ..., array_ref: _Optional[str] = ..., threshold: _Optional[float] = ..., estimators: _Optional[_Iterable[_Union[FractalEstimator, str]]] = ..., box_count: _Optional[_Union[BoxCountOptions, _Mapping[str, object]]] = ..., null_comparison: _Optional[_Union[NullComparisonOptions, _Mapping[str, object]]] = ..., lacunarity_box_edges_cells: _Optional[_Iterable[int]] = ..., generalized_orders: _Optional[_Iterable[float]] = ...) -> None: ...

class BoxCountOptions(_message.Message):
    __slots__ = ("base", "crop_to_bounding_box", "minimize_over_offsets", "min_box_edge_cells", "max_box_edge_cells", "confidence_level")
    BASE_FIELD_NUMBER: _ClassVar[int]
    CROP_TO_BOUNDING_BOX_FIELD_NUMBER: _ClassVar[int]
    MINIMIZE_OVER_OFFSETS_FIELD_NUMBER: _ClassVar[int]
    MIN_BOX_EDGE_CELLS_FIELD_NUMBER: _ClassVar[int]
    MAX_BOX_EDGE_CELLS_FIELD_NUMBER: _ClassVar[int]
    CONFIDENCE_LEVEL_FIELD_NUMBER: _ClassVar[int]
    base: BoxBase
    crop_to_bounding_box: bool
    minimize_over_offsets: bool
    min_box_edge_cells: int
    max_box_edge_cells: int
    confidence_level: float
    def __init__(self, base: _Optional[_Union[BoxBase, str]] = ..., crop_to_bounding_box: _Optional[bool] = ..., minimize_over_offsets: _Optional[bool] = ..., min_box_edge_cells: _Optional[int] = ..., max_box_edge_cells: _Optional[int] = ..., confidence_level: _Optional[float] = ...) -> None: ...

class NullComparisonOptions(_message.Message):
    __slots__ = ("null_model", "samples", "seed")
    NULL_MODEL_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    null_model: NullModel
    samples: int
    seed: int
    def __init__(self, null_model: _Optional[_Union[NullModel, str]] = ..., samples: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class AnalyzeFractalResponse(_message.Message):
    __slots__ = ("dimensions", "lacunarity", "generalized_dimensions", "set_cells", "total_cells")
    DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    LACUNARITY_FIELD_NUMBER: _ClassVar[int]
    GENERALIZED_DIMENSIONS_FIELD_NUMBER: _ClassVar[int]
    SET_CELLS_FIELD_NUMBER: _ClassVar[int]
    TOTAL_CELLS_FIELD_NUMBER: _ClassVar[int]
    dimensions: _containers.RepeatedCompositeFieldContainer[DimensionEstimate]
    lacunarity: _containers.RepeatedCompositeFieldContainer[LacunarityPoint]
    generalized_dimensions: _containers.RepeatedCompositeFieldContainer[GeneralizedDimension]
    set_cells: int
    total_cells: int
    def __init__(self, dimensions: _Optional[_Iterable[_Union[DimensionEstimate, _Mapping[str, object]]]] = ..., lacunarity: _Optional[_Iterable[_Union[LacunarityPoint, _Mapping[str, object]]]] = ..., generalized_dimensions: _Optional[_Iterable[_Union[GeneralizedDimension, _Mapping[str, object]]]] = ..., set_cells: _Optional[int] = ..., total_cells: _Optional[int] = ...) -> None: ...

class DimensionEstimate(_message.Message):
    __slots__ = ("estimator", "dimension", "dimension_low", "dimension_high", "r_squared", "counts", "verdict", "verdict_reason", "null_comparison")
    ESTIMATOR_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_LOW_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_HIGH_FIELD_NUMBER: _ClassVar[int]
    R_SQUARED_FIELD_NUMBER: _ClassVar[int]
    COUNTS_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    VERDICT_REASON_FIELD_NUMBER: _ClassVar[int]
    NULL_COMPARISON_FIELD_NUMBER: _ClassVar[int]
    estimator: FractalEstimator
    dimension: float
    dimension_low: float
    dimension_high: float
    r_squared: float
    counts: _containers.RepeatedCompositeFieldContainer[BoxCount]
    verdict: FractalVerdict
    verdict_reason: str
    null_comparison: NullComparison
    def __init__(self, estimator: _Optional[_Union[FractalEstimator, str]] = ..., dimension: _Optional[float] = ..., dimension_low: _Optional[float] = ..., dimension_high: _Optional[float] = ..., r_squared: _Optional[float] = ..., counts: _Optional[_Iterable[_Union[BoxCount, _Mapping[str, object]]]] = ..., verdict: _Optional[_Union[FractalVerdict, str]] = ..., verdict_reason: _Optional[str] = ..., null_comparison: _Optional[_Union[NullComparison, _Mapping[str, object]]] = ...) -> None: ...

class BoxCount(_message.Message):
    __slots__ = ("box_edge_cells", "boxes", "local_dimension", "used")
    BOX_EDGE_CELLS_FIELD_NUMBER: _ClassVar[int]
    BOXES_FIELD_NUMBER: _ClassVar[int]
    LOCAL_DIMENSION_FIELD_NUMBER: _ClassVar[int]
    USED_FIELD_NUMBER: _ClassVar[int]
    box_edge_cells: int
    boxes: int
    local_dimension: float
    used: bool
    def __init__(self, box_edge_cells: _Optional[int] = ..., boxes: _Optional[int] = ..., local_dimension: _Optional[float] = ..., used: _Optional[bool] = ...) -> None: ...

class NullComparison(_message.Message):
    __slots__ = ("null_model", "samples", "dimension_mean", "dimension_std", "p_value")
    NULL_MODEL_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_MEAN_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_STD_FIELD_NUMBER: _ClassVar[int]
    P_VALUE_FIELD_NUMBER: _ClassVar[int]
    null_model: NullModel
    samples: int
    dimension_mean: float
    dimension_std: float
    p_value: float
    def __init__(self, null_model: _Optional[_Union[NullModel, str]] = ..., samples: _Optional[int] = ..., dimension_mean: _Optional[float] = ..., dimension_std: _Optional[float] = ..., p_value: _Optional[float] = ...) -> None: ...

class LacunarityPoint(_message.Message):
    __slots__ = ("box_edge_cells", "lacunarity")
    BOX_EDGE_CELLS_FIELD_NUMBER: _ClassVar[int]
    LACUNARITY_FIELD_NUMBER: _ClassVar[int]
    box_edge_cells: int
    lacunarity: float
    def __init__(self, box_edge_cells: _Optional[int] = ..., lacunarity: _Optional[float] = ...) -> None: ...

class GeneralizedDimension(_message.Message):
    __slots__ = ("q", "dimension", "standard_error", "r_squared")
    Q_FIELD_NUMBER: _ClassVar[int]
    DIMENSION_FIELD_NUMBER: _ClassVar[int]
    STANDARD_ERROR_FIELD_NUMBER: _ClassVar[int]
    R_SQUARED_FIELD_NUMBER: _ClassVar[int]
    q: float
    dimension: float
    standard_error: float
    r_squared: float
    def __init__(self, q: _Optional[float] = ..., dimension: _Optional[float] = ..., standard_error: _Optional[float] = ..., r_squared: _Optional[float] = ...) -> None: ...
