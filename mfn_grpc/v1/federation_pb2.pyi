import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from mfn_grpc.v1 import scope_pb2 as _scope_pb2
from mfn_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class TensorEncoding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TENSOR_ENCODING_UNSPECIFIED: _ClassVar[TensorEncoding]
    TENSOR_ENCODING_RAW: _ClassVar[TensorEncoding]

class UpdateKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPDATE_KIND_UNSPECIFIED: _ClassVar[UpdateKind]
    UPDATE_KIND_DELTA: _ClassVar[UpdateKind]
    UPDATE_KIND_WEIGHTS: _ClassVar[UpdateKind]

class LatePolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    LATE_POLICY_UNSPECIFIED: _ClassVar[LatePolicy]
    LATE_POLICY_REJECT: _ClassVar[LatePolicy]
    LATE_POLICY_NEXT_ROUND: _ClassVar[LatePolicy]
    LATE_POLICY_BUFFERED_ASYNC: _ClassVar[LatePolicy]

class ScoreDirection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCORE_DIRECTION_UNSPECIFIED: _ClassVar[ScoreDirection]
    SCORE_DIRECTION_LOWER_IS_BETTER: _ClassVar[ScoreDirection]
    SCORE_DIRECTION_HIGHER_IS_BETTER: _ClassVar[ScoreDirection]

class ScreenedConvention(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCREENED_CONVENTION_UNSPECIFIED: _ClassVar[ScreenedConvention]
    SCREENED_CONVENTION_COUNT_AS_FAULTY: _ClassVar[ScreenedConvention]
    SCREENED_CONVENTION_KEEP_F: _ClassVar[ScreenedConvention]

class FractionRounding(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FRACTION_ROUNDING_UNSPECIFIED: _ClassVar[FractionRounding]
    FRACTION_ROUNDING_EXACT_CEILING: _ClassVar[FractionRounding]
    FRACTION_ROUNDING_BINARY_FLOOR: _ClassVar[FractionRounding]

class KrumNeighbors(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    KRUM_NEIGHBORS_UNSPECIFIED: _ClassVar[KrumNeighbors]
    KRUM_NEIGHBORS_SUM_N_MINUS_F_MINUS_2: _ClassVar[KrumNeighbors]
    KRUM_NEIGHBORS_MEAN_N_MINUS_F_MINUS_1: _ClassVar[KrumNeighbors]

class BulyanSelection(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BULYAN_SELECTION_UNSPECIFIED: _ClassVar[BulyanSelection]
    BULYAN_SELECTION_ITERATED: _ClassVar[BulyanSelection]
    BULYAN_SELECTION_ONE_SHOT: _ClassVar[BulyanSelection]

class FederationState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FEDERATION_STATE_UNSPECIFIED: _ClassVar[FederationState]
    FEDERATION_STATE_AWAITING_MODEL: _ClassVar[FederationState]
    FEDERATION_STATE_RUNNING: _ClassVar[FederationState]
    FEDERATION_STATE_PAUSED: _ClassVar[FederationState]
    FEDERATION_STATE_FINISHED: _ClassVar[FederationState]

class FinishReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FINISH_REASON_UNSPECIFIED: _ClassVar[FinishReason]
    FINISH_REASON_MAX_ROUNDS: _ClassVar[FinishReason]
    FINISH_REASON_EARLY_STOP: _ClassVar[FinishReason]
    FINISH_REASON_SKIPPED_ROUNDS: _ClassVar[FinishReason]
    FINISH_REASON_DELETED: _ClassVar[FinishReason]

class RoundState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROUND_STATE_UNSPECIFIED: _ClassVar[RoundState]
    ROUND_STATE_COLLECTING: _ClassVar[RoundState]
    ROUND_STATE_AGGREGATING: _ClassVar[RoundState]
    ROUND_STATE_EVALUATING: _ClassVar[RoundState]
    ROUND_STATE_DONE: _ClassVar[RoundState]
    ROUND_STATE_SKIPPED: _ClassVar[RoundState]

class SkipReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SKIP_REASON_UNSPECIFIED: _ClassVar[SkipReason]
    SKIP_REASON_QUORUM: _ClassVar[SkipReason]
    SKIP_REASON_SCREENED_BEYOND_F: _ClassVar[SkipReason]
    SKIP_REASON_PRECONDITION: _ClassVar[SkipReason]
    SKIP_REASON_NOT_FINITE: _ClassVar[SkipReason]
    SKIP_REASON_FAILED: _ClassVar[SkipReason]

class VerdictKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_KIND_UNSPECIFIED: _ClassVar[VerdictKind]
    VERDICT_KIND_ACCEPTED: _ClassVar[VerdictKind]
    VERDICT_KIND_REJECTED: _ClassVar[VerdictKind]
    VERDICT_KIND_SCREENED: _ClassVar[VerdictKind]
    VERDICT_KIND_DEFERRED: _ClassVar[VerdictKind]
    VERDICT_KIND_LATE: _ClassVar[VerdictKind]
    VERDICT_KIND_MISSING: _ClassVar[VerdictKind]

class VerdictReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VERDICT_REASON_UNSPECIFIED: _ClassVar[VerdictReason]
    VERDICT_REASON_NOT_FINITE: _ClassVar[VerdictReason]
    VERDICT_REASON_MANIFEST: _ClassVar[VerdictReason]
    VERDICT_REASON_DIGEST: _ClassVar[VerdictReason]
    VERDICT_REASON_NORM: _ClassVar[VerdictReason]
    VERDICT_REASON_WEIGHT: _ClassVar[VerdictReason]
    VERDICT_REASON_OUTLIER: _ClassVar[VerdictReason]
    VERDICT_REASON_DEADLINE: _ClassVar[VerdictReason]
    VERDICT_REASON_STALE: _ClassVar[VerdictReason]
    VERDICT_REASON_DECLINED: _ClassVar[VerdictReason]
    VERDICT_REASON_SILENT: _ClassVar[VerdictReason]
    VERDICT_REASON_DISCONNECTED: _ClassVar[VerdictReason]
    VERDICT_REASON_ROUND_SKIPPED: _ClassVar[VerdictReason]
    VERDICT_REASON_SIGNATURE: _ClassVar[VerdictReason]

class ParticipantChange(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PARTICIPANT_CHANGE_UNSPECIFIED: _ClassVar[ParticipantChange]
    PARTICIPANT_CHANGE_ENROLLED: _ClassVar[ParticipantChange]
    PARTICIPANT_CHANGE_REMOVED: _ClassVar[ParticipantChange]
    PARTICIPANT_CHANGE_CONNECTED: _ClassVar[ParticipantChange]
    PARTICIPANT_CHANGE_DISCONNECTED: _ClassVar[ParticipantChange]

class UpdateAckStatus(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    UPDATE_ACK_STATUS_UNSPECIFIED: _ClassVar[UpdateAckStatus]
    UPDATE_ACK_STATUS_COUNTED: _ClassVar[UpdateAckStatus]
    UPDATE_ACK_STATUS_DEFERRED: _ClassVar[UpdateAckStatus]
    UPDATE_ACK_STATUS_LATE: _ClassVar[UpdateAckStatus]
    UPDATE_ACK_STATUS_DUPLICATE: _ClassVar[UpdateAckStatus]
TENSOR_ENCODING_UNSPECIFIED: TensorEncoding
TENSOR_ENCODING_RAW: TensorEncoding
UPDATE_KIND_UNSPECIFIED: UpdateKind
UPDATE_KIND_DELTA: UpdateKind
UPDATE_KIND_WEIGHTS: UpdateKind
LATE_POLICY_UNSPECIFIED: LatePolicy
LATE_POLICY_REJECT: LatePolicy
LATE_POLICY_NEXT_ROUND: LatePolicy
LATE_POLICY_BUFFERED_ASYNC: LatePolicy
SCORE_DIRECTION_UNSPECIFIED: ScoreDirection
SCORE_DIRECTION_LOWER_IS_BETTER: ScoreDirection
SCORE_DIRECTION_HIGHER_IS_BETTER: ScoreDirection
SCREENED_CONVENTION_UNSPECIFIED: ScreenedConvention
SCREENED_CONVENTION_COUNT_AS_FAULTY: ScreenedConvention
SCREENED_CONVENTION_KEEP_F: ScreenedConvention
FRACTION_ROUNDING_UNSPECIFIED: FractionRounding
FRACTION_ROUNDING_EXACT_CEILING: FractionRounding
FRACTION_ROUNDING_BINARY_FLOOR: FractionRounding
KRUM_NEIGHBORS_UNSPECIFIED: KrumNeighbors
KRUM_NEIGHBORS_SUM_N_MINUS_F_MINUS_2: KrumNeighbors
KRUM_NEIGHBORS_MEAN_N_MINUS_F_MINUS_1: KrumNeighbors
BULYAN_SELECTION_UNSPECIFIED: BulyanSelection
BULYAN_SELECTION_ITERATED: BulyanSelection
BULYAN_SELECTION_ONE_SHOT: BulyanSelection
FEDERATION_STATE_UNSPECIFIED: FederationState
FEDERATION_STATE_AWAITING_MODEL: FederationState
FEDERATION_STATE_RUNNING: FederationState
FEDERATION_STATE_PAUSED: FederationState
FEDERATION_STATE_FINISHED: FederationState
FINISH_REASON_UNSPECIFIED: FinishReason
FINISH_REASON_MAX_ROUNDS: FinishReason
FINISH_REASON_EARLY_STOP: FinishReason
FINISH_REASON_SKIPPED_ROUNDS: FinishReason
FINISH_REASON_DELETED: FinishReason
ROUND_STATE_UNSPECIFIED: RoundState
ROUND_STATE_COLLECTING: RoundState
ROUND_STATE_AGGREGATING: RoundState
ROUND_STATE_EVALUATING: RoundState
ROUND_STATE_DONE: RoundState
ROUND_STATE_SKIPPED: RoundState
SKIP_REASON_UNSPECIFIED: SkipReason
SKIP_REASON_QUORUM: SkipReason
SKIP_REASON_SCREENED_BEYOND_F: SkipReason
SKIP_REASON_PRECONDITION: SkipReason
SKIP_REASON_NOT_FINITE: SkipReason
SKIP_REASON_FAILED: SkipReason
VERDICT_KIND_UNSPECIFIED: VerdictKind
VERDICT_KIND_ACCEPTED: VerdictKind
VERDICT_KIND_REJECTED: VerdictKind
VERDICT_KIND_SCREENED: VerdictKind
VERDICT_KIND_DEFERRED: VerdictKind
VERDICT_KIND_LATE: VerdictKind
VERDICT_KIND_MISSING: VerdictKind
VERDICT_REASON_UNSPECIFIED: VerdictReason
VERDICT_REASON_NOT_FINITE: VerdictReason
VERDICT_REASON_MANIFEST: VerdictReason
VERDICT_REASON_DIGEST: VerdictReason
VERDICT_REASON_NORM: VerdictReason
VERDICT_REASON_WEIGHT: VerdictReason
VERDICT_REASON_OUTLIER: VerdictReason
VERDICT_REASON_DEADLINE: VerdictReason
VERDICT_REASON_STALE: VerdictReason
VERDICT_REASON_DECLINED: VerdictReason
VERDICT_REASON_SILENT: VerdictReason
VERDICT_REASON_DISCONNECTED: VerdictReason
VERDICT_REASON_ROUND_SKIPPED: VerdictReason
VERDICT_REASON_SIGNATURE: VerdictReason
PARTICIPANT_CHANGE_UNSPECIFIED: ParticipantChange
PARTICIPANT_CHANGE_ENROLLED: ParticipantChange
PARTICIPANT_CHANGE_REMOVED: ParticipantChange
PARTICIPANT_CHANGE_CONNECTED: ParticipantChange
PARTICIPANT_CHANGE_DISCONNECTED: ParticipantChange
UPDATE_ACK_STATUS_UNSPECIFIED: UpdateAckStatus
UPDATE_ACK_STATUS_COUNTED: UpdateAckStatus
UPDATE_ACK_STATUS_DEFERRED: UpdateAckStatus
UPDATE_ACK_STATUS_LATE: UpdateAckStatus
UPDATE_ACK_STATUS_DUPLICATE: UpdateAckStatus

class ModelRef(_message.Message):
    __slots__ = ("federation_uid", "version", "sha256")
    FEDERATION_UID_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    federation_uid: str
    version: int
    sha256: bytes
    def __init__(self, federation_uid: _Optional[str] = ..., version: _Optional[int] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class Tensor(_message.Message):
    __slots__ = ("name", "element_type", "shape", "offset", "encoding", "scale", "size_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    ENCODING_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    SIZE_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    element_type: _types_pb2.ElementType
    shape: _containers.RepeatedScalarFieldContainer[int]
    offset: int
    encoding: TensorEncoding
    scale: float
    size_bytes: int
    def __init__(self, name: _Optional[str] = ..., element_type: _Optional[_Union[_types_pb2.ElementType, str]] = ..., shape: _Optional[_Iterable[int]] = ..., offset: _Optional[int] = ..., encoding: _Optional[_Union[TensorEncoding, str]] = ..., scale: _Optional[float] = ..., size_bytes: _Optional[int] = ...) -> None: ...

class TensorManifest(_message.Message):
    __slots__ = ("tensors",)
    TENSORS_FIELD_NUMBER: _ClassVar[int]
    tensors: _containers.RepeatedCompositeFieldContainer[Tensor]
    def __init__(self, tensors: _Optional[_Iterable[_Union[Tensor, _Mapping[str, object]]]] = ...) -> None: ...

class Chunk(_message.Message):
    __slots__ = ("offset", "data", "crc32c")
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    CRC32C_FIELD_NUMBER: _ClassVar[int]
    offset: int
    data: bytes
    crc32c: int
    def __init__(self, offset: _Optional[int] = ..., data: _Optional[bytes] = ..., crc32c: _Optional[int] = ...) -> None: ...

class ConfigValue(_message.Message):
    __slots__ = ("int_value", "double_value", "string_value", "bool_value")
    INT_VALUE_FIELD_NUMBER: _ClassVar[int]
    DOUBLE_VALUE_FIELD_NUMBER: _ClassVar[int]
    STRING_VALUE_FIELD_NUMBER: _ClassVar[int]
    BOOL_VALUE_FIELD_NUMBER: _ClassVar[int]
    int_value: int
    double_value: float
    string_value: str
    bool_value: bool
    def __init__(self, int_value: _Optional[int] = ..., double_value: _Optional[float] = ..., string_value: _Optional[str] = ..., bool_value: _Optional[bool] = ...) -> None: ...

class FederationPolicy(_message.Message):
    __slots__ = ("aggregation", "min_participants", "target_participants", "over_selection", "round_deadline_seconds", "late_updates", "async_buffer", "server_optimizer", "evaluation", "max_rounds", "early_stop", "selection_seed", "update_kind", "update_element_type", "update_encodings", "retention", "heartbeat_seconds", "max_skipped_rounds", "config")
    class ConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ConfigValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ConfigValue, _Mapping[str, object]]] = ...) -> None: ...
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    MIN_PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    TARGET_PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    OVER_SELECTION_FIELD_NUMBER: _ClassVar[int]
    ROUND_DEADLINE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    LATE_UPDATES_FIELD_NUMBER: _ClassVar[int]
    ASYNC_BUFFER_FIELD_NUMBER: _ClassVar[int]
    SERVER_OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_FIELD_NUMBER: _ClassVar[int]
    MAX_ROUNDS_FIELD_NUMBER: _ClassVar[int]
    EARLY_STOP_FIELD_NUMBER: _ClassVar[int]
    SELECTION_SEED_FIELD_NUMBER: _ClassVar[int]
    UPDATE_KIND_FIELD_NUMBER: _ClassVar[int]
    UPDATE_ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    UPDATE_ENCODINGS_FIELD_NUMBER: _ClassVar[int]
    RETENTION_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_SECONDS_FIELD_NUMBER: _ClassVar[int]
    MAX_SKIPPED_ROUNDS_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    aggregation: AggregationPolicy
    min_participants: int
    target_participants: int
    over_selection: float
    round_deadline_seconds: float
    late_updates: LatePolicy
    async_buffer: AsyncBuffer
    server_optimizer: ServerOptimizer
    evaluation: EvaluationPolicy
    max_rounds: int
    early_stop: EarlyStop
    selection_seed: int
    update_kind: UpdateKind
    update_element_type: _types_pb2.ElementType
    update_encodings: _containers.RepeatedScalarFieldContainer[TensorEncoding]
    retention: RetentionPolicy
    heartbeat_seconds: float
    max_skipped_rounds: int
    config: _containers.MessageMap[str, ConfigValue]
    def __init__(self, aggregation: _Optional[_Union[AggregationPolicy, _Mapping[str, object]]] = ..., min_participants: _Optional[int] = ..., target_participants: _Optional[int] = ..., over_selection: _Optional[float] = ..., round_deadline_seconds: _Optional[float] = ..., late_updates: _Optional[_Union[LatePolicy, str]] = ..., async_buffer: _Optional[_Union[AsyncBuffer, _Mapping[str, object]]] = ..., server_optimizer: _Optional[_Union[ServerOptimizer, _Mapping[str, object]]] = ..., evaluation: _Optional[_Union[EvaluationPolicy, _Mapping[str, object]]] = ..., max_rounds: _Optional[int] = ..., early_stop: _Optional[_Union[EarlyStop, _Mapping[str, object]]] = ..., selection_seed: _Optional[int] = ..., update_kind: _Optional[_Union[UpdateKind, str]] = ..., update_element_type: _Optional[_Union[_types_pb2.ElementType, str]] = ..., update_encodings: _Optional[_Iterable[_Union[TensorEncoding, str]]] = ..., retention: _Optional[_Union[RetentionPolicy, _Mapping[str, object]]] = ..., heartbeat_seconds: _Optional[float] = ..., max_skipped_rounds: _Optional[int] = ..., config: _Optional[_Mapping[str, ConfigValue]] = ...) -> None: ...

class AsyncBuffer(_message.Message):
    __slots__ = ("buffer_size", "max_staleness_versions", "staleness_exponent")
    BUFFER_SIZE_FIELD_NUMBER: _ClassVar[int]
    MAX_STALENESS_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    STALENESS_EXPONENT_FIELD_NUMBER: _ClassVar[int]
    buffer_size: int
    max_staleness_versions: int
    staleness_exponent: float
    def __init__(self, buffer_size: _Optional[int] = ..., max_staleness_versions: _Optional[int] = ..., staleness_exponent: _Optional[float] = ...) -> None: ...

class ServerOptimizer(_message.Message):
    __slots__ = ("learning_rate", "momentum")
    LEARNING_RATE_FIELD_NUMBER: _ClassVar[int]
    MOMENTUM_FIELD_NUMBER: _ClassVar[int]
    learning_rate: float
    momentum: float
    def __init__(self, learning_rate: _Optional[float] = ..., momentum: _Optional[float] = ...) -> None: ...

class EvaluationPolicy(_message.Message):
    __slots__ = ("every_rounds", "participants", "deadline_seconds", "score_metric", "direction")
    EVERY_ROUNDS_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    DEADLINE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SCORE_METRIC_FIELD_NUMBER: _ClassVar[int]
    DIRECTION_FIELD_NUMBER: _ClassVar[int]
    every_rounds: int
    participants: int
    deadline_seconds: float
    score_metric: str
    direction: ScoreDirection
    def __init__(self, every_rounds: _Optional[int] = ..., participants: _Optional[int] = ..., deadline_seconds: _Optional[float] = ..., score_metric: _Optional[str] = ..., direction: _Optional[_Union[ScoreDirection, str]] = ...) -> None: ...

class EarlyStop(_message.Message):
    __slots__ = ("patience_evaluations", "min_improvement")
    PATIENCE_EVALUATIONS_FIELD_NUMBER: _ClassVar[int]
    MIN_IMPROVEMENT_FIELD_NUMBER: _ClassVar[int]
    patience_evaluations: int
    min_improvement: float
    def __init__(self, patience_evaluations: _Optional[int] = ..., min_improvement: _Optional[float] = ...) -> None: ...

class RetentionPolicy(_message.Message):
    __slots__ = ("model_versions", "rounds")
    MODEL_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    ROUNDS_FIELD_NUMBER: _ClassVar[int]
    model_versions: int
    rounds: int
    def __init__(self, model_versions: _Optional[int] = ..., rounds: _Optional[int] = ...) -> None: ...

class AggregationPolicy(_message.Message):
    __slots__ = ("f", "f_fraction", "mean", "weighted_mean", "coordinate_median", "trimmed_mean", "krum", "multi_krum", "bulyan", "geometric_median", "centered_clipping", "mean_around_median", "minimum_diameter", "covariance_filter", "hierarchical_krum", "legacy_hierarchical_krum", "pre_aggregators", "ignore_precondition", "screened", "screens")
    F_FIELD_NUMBER: _ClassVar[int]
    F_FRACTION_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    WEIGHTED_MEAN_FIELD_NUMBER: _ClassVar[int]
    COORDINATE_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    TRIMMED_MEAN_FIELD_NUMBER: _ClassVar[int]
    KRUM_FIELD_NUMBER: _ClassVar[int]
    MULTI_KRUM_FIELD_NUMBER: _ClassVar[int]
    BULYAN_FIELD_NUMBER: _ClassVar[int]
    GEOMETRIC_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    CENTERED_CLIPPING_FIELD_NUMBER: _ClassVar[int]
    MEAN_AROUND_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    MINIMUM_DIAMETER_FIELD_NUMBER: _ClassVar[int]
    COVARIANCE_FILTER_FIELD_NUMBER: _ClassVar[int]
    HIERARCHICAL_KRUM_FIELD_NUMBER: _ClassVar[int]
    LEGACY_HIERARCHICAL_KRUM_FIELD_NUMBER: _ClassVar[int]
    PRE_AGGREGATORS_FIELD_NUMBER: _ClassVar[int]
    IGNORE_PRECONDITION_FIELD_NUMBER: _ClassVar[int]
    SCREENED_FIELD_NUMBER: _ClassVar[int]
    SCREENS_FIELD_NUMBER: _ClassVar[int]
    f: int
    f_fraction: float
    mean: MeanRule
    weighted_mean: WeightedMeanRule
    coordinate_median: CoordinateMedianRule
    trimmed_mean: TrimmedMeanRule
    krum: KrumRule
    multi_krum: MultiKrumRule
    bulyan: BulyanRule
    geometric_median: GeometricMedianRule
    centered_clipping: CenteredClippingRule
    mean_around_median: MeanAroundMedianRule
    minimum_diameter: MinimumDiameterRule
    covariance_filter: CovarianceFilterRule
    hierarchical_krum: HierarchicalKrumRule
    legacy_hierarchical_krum: LegacyHierarchicalKrumRule
    pre_aggregators: _containers.RepeatedCompositeFieldContainer[PreAggregator]
    ignore_precondition: bool
    screened: ScreenedConvention
    screens: ScreenPolicy
    def __init__(self, f: _Optional[int] = ..., f_fraction: _Optional[float] = ..., mean: _Optional[_Union[MeanRule, _Mapping[str, object]]] = ..., weighted_mean: _Optional[_Union[WeightedMeanRule, _Mapping[str, object]]] = ..., coordinate_median: _Optional[_Union[CoordinateMedianRule, _Mapping[str, object]]] = ..., trimmed_mean: _Optional[_Union[TrimmedMeanRule, _Mapping[str, object]]] = ..., krum: _Optional[_Union[KrumRule, _Mapping[str, object]]] = ..., multi_krum: _Optional[_Union[MultiKrumRule, _Mapping[str, object]]] = ..., bulyan: _Optional[_Union[BulyanRule, _Mapping[str, object]]] = ..., geometric_median: _Optional[_Union[GeometricMedianRule, _Mapping[str, object]]] = ..., centered_clipping: _Optional[_Union[CenteredClippingRule, _Mapping[str, object]]] = ..., mean_around_median: _Optional[_Union[MeanAroundMedianRule, _Mapping[str, object]]] = ..., minimum_diameter: _Optional[_Union[MinimumDiameterRule, _Mapping[str, object]]] = ..., covariance_filter: _Optional[_Union[CovarianceFilterRule, _Mapping[str, object]]] = ..., hierarchical_krum: _Optional[_Union[HierarchicalKrumRule, _Mapping[str, object]]] = ..., legacy_hierarchical_krum: _Optional[_Union[LegacyHierarchicalKrumRule, _Mapping[str, object]]] = ..., pre_aggregators: _Optional[_Iterable[_Union[PreAggregator, _Mapping[str, object]]]] = ..., ignore_precondition: _Optional[bool] = ..., screened: _Optional[_Union[ScreenedConvention, str]] = ..., screens: _Optional[_Union[ScreenPolicy, _Mapping[str, object]]] = ...) -> None: ...

class ScreenPolicy(_message.Message):
    __slots__ = ("max_norm", "max_weight")
    MAX_NORM_FIELD_NUMBER: _ClassVar[int]
    MAX_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    max_norm: float
    max_weight: float
    def __init__(self, max_norm: _Optional[float] = ..., max_weight: _Optional[float] = ...) -> None: ...

class MeanRule(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class WeightedMeanRule(_message.Message):
    __slots__ = ("max_weight_over_median",)
    MAX_WEIGHT_OVER_MEDIAN_FIELD_NUMBER: _ClassVar[int]
    max_weight_over_median: float
    def __init__(self, max_weight_over_median: _Optional[float] = ...) -> None: ...

class CoordinateMedianRule(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class TrimmedMeanRule(_message.Message):
    __slots__ = ("fraction", "rounding")
    FRACTION_FIELD_NUMBER: _ClassVar[int]
    ROUNDING_FIELD_NUMBER: _ClassVar[int]
    fraction: float
    rounding: FractionRounding
    def __init__(self, fraction: _Optional[float] = ..., rounding: _Optional[_Union[FractionRounding, str]] = ...) -> None: ...

class KrumRule(_message.Message):
    __slots__ = ("neighbors",)
    NEIGHBORS_FIELD_NUMBER: _ClassVar[int]
    neighbors: KrumNeighbors
    def __init__(self, neighbors: _Optional[_Union[KrumNeighbors, str]] = ...) -> None: ...

class MultiKrumRule(_message.Message):
    __slots__ = ("neighbors", "selected", "weight_by_examples")
    NEIGHBORS_FIELD_NUMBER: _ClassVar[int]
    SELECTED_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_BY_EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    neighbors: KrumNeighbors
    selected: int
    weight_by_examples: bool
    def __init__(self, neighbors: _Optional[_Union[KrumNeighbors, str]] = ..., selected: _Optional[int] = ..., weight_by_examples: _Optional[bool] = ...) -> None: ...

class BulyanRule(_message.Message):
    __slots__ = ("selection",)
    SELECTION_FIELD_NUMBER: _ClassVar[int]
    selection: BulyanSelection
    def __init__(self, selection: _Optional[_Union[BulyanSelection, str]] = ...) -> None: ...

class GeometricMedianRule(_message.Message):
    __slots__ = ("smoothing", "tolerance", "max_iterations")
    SMOOTHING_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    MAX_ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    smoothing: float
    tolerance: float
    max_iterations: int
    def __init__(self, smoothing: _Optional[float] = ..., tolerance: _Optional[float] = ..., max_iterations: _Optional[int] = ...) -> None: ...

class CenteredClippingRule(_message.Message):
    __slots__ = ("radius", "iterations")
    RADIUS_FIELD_NUMBER: _ClassVar[int]
    ITERATIONS_FIELD_NUMBER: _ClassVar[int]
    radius: float
    iterations: int
    def __init__(self, radius: _Optional[float] = ..., iterations: _Optional[int] = ...) -> None: ...

class MeanAroundMedianRule(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class MinimumDiameterRule(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CovarianceFilterRule(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class HierarchicalKrumRule(_message.Message):
    __slots__ = ("cluster_size", "seed")
    CLUSTER_SIZE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    cluster_size: int
    seed: int
    def __init__(self, cluster_size: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class LegacyHierarchicalKrumRule(_message.Message):
    __slots__ = ("clusters",)
    CLUSTERS_FIELD_NUMBER: _ClassVar[int]
    clusters: int
    def __init__(self, clusters: _Optional[int] = ...) -> None: ...

class PreAggregator(_message.Message):
    __slots__ = ("nearest_neighbor_mixing", "bucketing", "static_clipping", "adaptive_clipping")
    NEAREST_NEIGHBOR_MIXING_FIELD_NUMBER: _ClassVar[int]
    BUCKETING_FIELD_NUMBER: _ClassVar[int]
    STATIC_CLIPPING_FIELD_NUMBER: _ClassVar[int]
    ADAPTIVE_CLIPPING_FIELD_NUMBER: _ClassVar[int]
    nearest_neighbor_mixing: NearestNeighborMixing
    bucketing: Bucketing
    static_clipping: StaticClipping
    adaptive_clipping: AdaptiveClipping
    def __init__(self, nearest_neighbor_mixing: _Optional[_Union[NearestNeighborMixing, _Mapping[str, object]]] = ..., bucketing: _Optional[_Union[Bucketing, _Mapping[str, object]]] = ..., static_clipping: _Optional[_Union[StaticClipping, _Mapping[str, object]]] = ..., adaptive_clipping: _Optional[_Union[AdaptiveClipping, _Mapping[str, object]]] = ...) -> None: ...

class NearestNeighborMixing(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Bucketing(_message.Message):
    __slots__ = ("size", "seed")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    size: int
    seed: int
    def __init__(self, size: _Optional[int] = ..., seed: _Optional[int] = ...) -> None: ...

class StaticClipping(_message.Message):
    __slots__ = ("max_norm",)
    MAX_NORM_FIELD_NUMBER: _ClassVar[int]
    max_norm: float
    def __init__(self, max_norm: _Optional[float] = ...) -> None: ...

class AdaptiveClipping(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Federation(_message.Message):
    __slots__ = ("name", "uid", "title", "policy", "state", "finish_reason", "model", "best_model", "best_score", "round", "participants_enrolled", "participants_connected", "create_time", "finish_time", "manifest", "stored_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    FINISH_REASON_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BEST_MODEL_FIELD_NUMBER: _ClassVar[int]
    BEST_SCORE_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANTS_ENROLLED_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANTS_CONNECTED_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    FINISH_TIME_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    STORED_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    uid: str
    title: str
    policy: FederationPolicy
    state: FederationState
    finish_reason: FinishReason
    model: ModelRef
    best_model: ModelRef
    best_score: float
    round: int
    participants_enrolled: int
    participants_connected: int
    create_time: _timestamp_pb2.Timestamp
    finish_time: _timestamp_pb2.Timestamp
    manifest: TensorManifest
    stored_bytes: int
    def __init__(self, name: _Optional[str] = ..., uid: _Optional[str] = ..., title: _Optional[str] = ..., policy: _Optional[_Union[FederationPolicy, _Mapping[str, object]]] = ..., state: _Optional[_Union[FederationState, str]] = ..., finish_reason: _Optional[_Union[FinishReason, str]] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., best_model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., best_score: _Optional[float] = ..., round: _Optional[int] = ..., participants_enrolled: _Optional[int] = ..., participants_connected: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., finish_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., manifest: _Optional[_Union[TensorManifest, _Mapping[str, object]]] = ..., stored_bytes: _Optional[int] = ...) -> None: ...

class CreateFederationRequest(_message.Message):
    __slots__ = ("federation_id", "policy", "title", "request_id")
    FEDERATION_ID_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    federation_id: str
    policy: FederationPolicy
    title: str
    request_id: str
    def __init__(self, federation_id: _Optional[str] = ..., policy: _Optional[_Union[FederationPolicy, _Mapping[str, object]]] = ..., title: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class CreateFederationResponse(_message.Message):
    __slots__ = ("federation",)
    FEDERATION_FIELD_NUMBER: _ClassVar[int]
    federation: Federation
    def __init__(self, federation: _Optional[_Union[Federation, _Mapping[str, object]]] = ...) -> None: ...

class GetFederationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetFederationResponse(_message.Message):
    __slots__ = ("federation",)
    FEDERATION_FIELD_NUMBER: _ClassVar[int]
    federation: Federation
    def __init__(self, federation: _Optional[_Union[Federation, _Mapping[str, object]]] = ...) -> None: ...

class ListFederationsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "state")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    state: FederationState
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., state: _Optional[_Union[FederationState, str]] = ...) -> None: ...

class ListFederationsResponse(_message.Message):
    __slots__ = ("federations", "next_page_token")
    FEDERATIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    federations: _containers.RepeatedCompositeFieldContainer[Federation]
    next_page_token: str
    def __init__(self, federations: _Optional[_Iterable[_Union[Federation, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteFederationRequest(_message.Message):
    __slots__ = ("name", "uid")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    name: str
    uid: str
    def __init__(self, name: _Optional[str] = ..., uid: _Optional[str] = ...) -> None: ...

class DeleteFederationResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class PauseFederationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class PauseFederationResponse(_message.Message):
    __slots__ = ("federation",)
    FEDERATION_FIELD_NUMBER: _ClassVar[int]
    federation: Federation
    def __init__(self, federation: _Optional[_Union[Federation, _Mapping[str, object]]] = ...) -> None: ...

class ResumeFederationRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class ResumeFederationResponse(_message.Message):
    __slots__ = ("federation",)
    FEDERATION_FIELD_NUMBER: _ClassVar[int]
    federation: Federation
    def __init__(self, federation: _Optional[_Union[Federation, _Mapping[str, object]]] = ...) -> None: ...

class Participant(_message.Message):
    __slots__ = ("name", "uid", "public_key", "title", "create_time", "connected", "last_seen_time", "capabilities", "rounds_accepted", "rounds_rejected", "rounds_missed")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    LAST_SEEN_TIME_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    ROUNDS_ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    ROUNDS_REJECTED_FIELD_NUMBER: _ClassVar[int]
    ROUNDS_MISSED_FIELD_NUMBER: _ClassVar[int]
    name: str
    uid: str
    public_key: bytes
    title: str
    create_time: _timestamp_pb2.Timestamp
    connected: bool
    last_seen_time: _timestamp_pb2.Timestamp
    capabilities: Capabilities
    rounds_accepted: int
    rounds_rejected: int
    rounds_missed: int
    def __init__(self, name: _Optional[str] = ..., uid: _Optional[str] = ..., public_key: _Optional[bytes] = ..., title: _Optional[str] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., connected: _Optional[bool] = ..., last_seen_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., capabilities: _Optional[_Union[Capabilities, _Mapping[str, object]]] = ..., rounds_accepted: _Optional[int] = ..., rounds_rejected: _Optional[int] = ..., rounds_missed: _Optional[int] = ...) -> None: ...

class EnrolParticipantRequest(_message.Message):
    __slots__ = ("parent", "participant_id", "public_key", "title", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_ID_FIELD_NUMBER: _ClassVar[int]
    PUBLIC_KEY_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    participant_id: str
    public_key: bytes
    title: str
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., participant_id: _Optional[str] = ..., public_key: _Optional[bytes] = ..., title: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class EnrolParticipantResponse(_message.Message):
    __slots__ = ("participant",)
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    participant: Participant
    def __init__(self, participant: _Optional[_Union[Participant, _Mapping[str, object]]] = ...) -> None: ...

class ListParticipantsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListParticipantsResponse(_message.Message):
    __slots__ = ("participants", "next_page_token")
    PARTICIPANTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    participants: _containers.RepeatedCompositeFieldContainer[Participant]
    next_page_token: str
    def __init__(self, participants: _Optional[_Iterable[_Union[Participant, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class RemoveParticipantRequest(_message.Message):
    __slots__ = ("name", "uid")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UID_FIELD_NUMBER: _ClassVar[int]
    name: str
    uid: str
    def __init__(self, name: _Optional[str] = ..., uid: _Optional[str] = ...) -> None: ...

class RemoveParticipantResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class Round(_message.Message):
    __slots__ = ("federation", "round", "state", "skip_reason", "base_model", "model", "selected", "counted", "screened", "rejected", "f", "start_time", "end_time", "aggregate_seconds", "score", "metrics", "reports")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    FEDERATION_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    SKIP_REASON_FIELD_NUMBER: _ClassVar[int]
    BASE_MODEL_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    SELECTED_FIELD_NUMBER: _ClassVar[int]
    COUNTED_FIELD_NUMBER: _ClassVar[int]
    SCREENED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    F_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    federation: str
    round: int
    state: RoundState
    skip_reason: SkipReason
    base_model: ModelRef
    model: ModelRef
    selected: int
    counted: int
    screened: int
    rejected: int
    f: int
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    aggregate_seconds: float
    score: float
    metrics: _containers.ScalarMap[str, float]
    reports: int
    def __init__(self, federation: _Optional[str] = ..., round: _Optional[int] = ..., state: _Optional[_Union[RoundState, str]] = ..., skip_reason: _Optional[_Union[SkipReason, str]] = ..., base_model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., selected: _Optional[int] = ..., counted: _Optional[int] = ..., screened: _Optional[int] = ..., rejected: _Optional[int] = ..., f: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., aggregate_seconds: _Optional[float] = ..., score: _Optional[float] = ..., metrics: _Optional[_Mapping[str, float]] = ..., reports: _Optional[int] = ...) -> None: ...

class Verdict(_message.Message):
    __slots__ = ("participant", "round", "kind", "reason", "detail", "norm", "score", "weight", "num_examples", "metrics", "payload_sha256", "receive_time")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    NORM_FIELD_NUMBER: _ClassVar[int]
    SCORE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    NUM_EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_SHA256_FIELD_NUMBER: _ClassVar[int]
    RECEIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    participant: str
    round: int
    kind: VerdictKind
    reason: VerdictReason
    detail: str
    norm: float
    score: float
    weight: float
    num_examples: int
    metrics: _containers.ScalarMap[str, float]
    payload_sha256: bytes
    receive_time: _timestamp_pb2.Timestamp
    def __init__(self, participant: _Optional[str] = ..., round: _Optional[int] = ..., kind: _Optional[_Union[VerdictKind, str]] = ..., reason: _Optional[_Union[VerdictReason, str]] = ..., detail: _Optional[str] = ..., norm: _Optional[float] = ..., score: _Optional[float] = ..., weight: _Optional[float] = ..., num_examples: _Optional[int] = ..., metrics: _Optional[_Mapping[str, float]] = ..., payload_sha256: _Optional[bytes] = ..., receive_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ...) -> None: ...

class ListRoundsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListRoundsResponse(_message.Message):
    __slots__ = ("rounds", "next_page_token")
    ROUNDS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    rounds: _containers.RepeatedCompositeFieldContainer[Round]
    next_page_token: str
    def __init__(self, rounds: _Optional[_Iterable[_Union[Round, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ListVerdictsRequest(_message.Message):
    __slots__ = ("parent", "page_size", "page_token", "round", "participant", "kind")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    parent: str
    page_size: int
    page_token: str
    round: int
    participant: str
    kind: VerdictKind
    def __init__(self, parent: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., round: _Optional[int] = ..., participant: _Optional[str] = ..., kind: _Optional[_Union[VerdictKind, str]] = ...) -> None: ...

class ListVerdictsResponse(_message.Message):
    __slots__ = ("verdicts", "next_page_token")
    VERDICTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    verdicts: _containers.RepeatedCompositeFieldContainer[Verdict]
    next_page_token: str
    def __init__(self, verdicts: _Optional[_Iterable[_Union[Verdict, _Mapping[str, object]]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchFederationRequest(_message.Message):
    __slots__ = ("name", "after_sequence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AFTER_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    after_sequence: int
    def __init__(self, name: _Optional[str] = ..., after_sequence: _Optional[int] = ...) -> None: ...

class WatchFederationResponse(_message.Message):
    __slots__ = ("sequence", "event_time", "federation_changed", "participant_changed", "round_started", "update_received", "verdict", "model_published", "evaluation_received", "round_ended")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    EVENT_TIME_FIELD_NUMBER: _ClassVar[int]
    FEDERATION_CHANGED_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_CHANGED_FIELD_NUMBER: _ClassVar[int]
    ROUND_STARTED_FIELD_NUMBER: _ClassVar[int]
    UPDATE_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    MODEL_PUBLISHED_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_RECEIVED_FIELD_NUMBER: _ClassVar[int]
    ROUND_ENDED_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    event_time: _timestamp_pb2.Timestamp
    federation_changed: Federation
    participant_changed: ParticipantEvent
    round_started: Round
    update_received: UpdateEvent
    verdict: Verdict
    model_published: ModelRef
    evaluation_received: EvaluationEvent
    round_ended: Round
    def __init__(self, sequence: _Optional[int] = ..., event_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping[str, object]]] = ..., federation_changed: _Optional[_Union[Federation, _Mapping[str, object]]] = ..., participant_changed: _Optional[_Union[ParticipantEvent, _Mapping[str, object]]] = ..., round_started: _Optional[_Union[Round, _Mapping[str, object]]] = ..., update_received: _Optional[_Union[UpdateEvent, _Mapping[str, object]]] = ..., verdict: _Optional[_Union[Verdict, _Mapping[str, object]]] = ..., model_published: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., evaluation_received: _Optional[_Union[EvaluationEvent, _Mapping[str, object]]] = ..., round_ended: _Optional[_Union[Round, _Mapping[str, object]]] = ...) -> None: ...

class ParticipantEvent(_message.Message):
    __slots__ = ("change", "participant")
    CHANGE_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    change: ParticipantChange
    participant: Participant
    def __init__(self, change: _Optional[_Union[ParticipantChange, str]] = ..., participant: _Optional[_Union[Participant, _Mapping[str, object]]] = ...) -> None: ...

class UpdateEvent(_message.Message):
    __slots__ = ("participant", "ack", "total_bytes")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    ACK_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    participant: str
    ack: UpdateAck
    total_bytes: int
    def __init__(self, participant: _Optional[str] = ..., ack: _Optional[_Union[UpdateAck, _Mapping[str, object]]] = ..., total_bytes: _Optional[int] = ...) -> None: ...

class EvaluationEvent(_message.Message):
    __slots__ = ("participant", "report")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    REPORT_FIELD_NUMBER: _ClassVar[int]
    participant: str
    report: EvaluationReport
    def __init__(self, participant: _Optional[str] = ..., report: _Optional[_Union[EvaluationReport, _Mapping[str, object]]] = ...) -> None: ...

class UploadModelRequest(_message.Message):
    __slots__ = ("begin", "chunk")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    begin: UploadModelBegin
    chunk: Chunk
    def __init__(self, begin: _Optional[_Union[UploadModelBegin, _Mapping[str, object]]] = ..., chunk: _Optional[_Union[Chunk, _Mapping[str, object]]] = ...) -> None: ...

class UploadModelBegin(_message.Message):
    __slots__ = ("parent", "manifest", "total_bytes", "sha256", "request_id")
    PARENT_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    parent: str
    manifest: TensorManifest
    total_bytes: int
    sha256: bytes
    request_id: str
    def __init__(self, parent: _Optional[str] = ..., manifest: _Optional[_Union[TensorManifest, _Mapping[str, object]]] = ..., total_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ..., request_id: _Optional[str] = ...) -> None: ...

class UploadModelResponse(_message.Message):
    __slots__ = ("model", "durable_bytes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    DURABLE_BYTES_FIELD_NUMBER: _ClassVar[int]
    model: ModelRef
    durable_bytes: int
    def __init__(self, model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., durable_bytes: _Optional[int] = ...) -> None: ...

class DownloadModelRequest(_message.Message):
    __slots__ = ("model", "offset")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    model: ModelRef
    offset: int
    def __init__(self, model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., offset: _Optional[int] = ...) -> None: ...

class DownloadModelResponse(_message.Message):
    __slots__ = ("begin", "chunk")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    begin: ModelBegin
    chunk: Chunk
    def __init__(self, begin: _Optional[_Union[ModelBegin, _Mapping[str, object]]] = ..., chunk: _Optional[_Union[Chunk, _Mapping[str, object]]] = ...) -> None: ...

class ModelBegin(_message.Message):
    __slots__ = ("model", "manifest", "total_bytes", "offset")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    model: ModelRef
    manifest: TensorManifest
    total_bytes: int
    offset: int
    def __init__(self, model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., manifest: _Optional[_Union[TensorManifest, _Mapping[str, object]]] = ..., total_bytes: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class FederateRequest(_message.Message):
    __slots__ = ("join", "proof", "update_begin", "chunk", "evaluation_report", "heartbeat", "decline", "leave")
    JOIN_FIELD_NUMBER: _ClassVar[int]
    PROOF_FIELD_NUMBER: _ClassVar[int]
    UPDATE_BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    EVALUATION_REPORT_FIELD_NUMBER: _ClassVar[int]
    HEARTBEAT_FIELD_NUMBER: _ClassVar[int]
    DECLINE_FIELD_NUMBER: _ClassVar[int]
    LEAVE_FIELD_NUMBER: _ClassVar[int]
    join: Join
    proof: Proof
    update_begin: UpdateBegin
    chunk: Chunk
    evaluation_report: EvaluationReport
    heartbeat: Heartbeat
    decline: Decline
    leave: Leave
    def __init__(self, join: _Optional[_Union[Join, _Mapping[str, object]]] = ..., proof: _Optional[_Union[Proof, _Mapping[str, object]]] = ..., update_begin: _Optional[_Union[UpdateBegin, _Mapping[str, object]]] = ..., chunk: _Optional[_Union[Chunk, _Mapping[str, object]]] = ..., evaluation_report: _Optional[_Union[EvaluationReport, _Mapping[str, object]]] = ..., heartbeat: _Optional[_Union[Heartbeat, _Mapping[str, object]]] = ..., decline: _Optional[_Union[Decline, _Mapping[str, object]]] = ..., leave: _Optional[_Union[Leave, _Mapping[str, object]]] = ...) -> None: ...

class FederateResponse(_message.Message):
    __slots__ = ("challenge", "welcome", "round_start", "model_begin", "chunk", "resume", "update_ack", "round_result", "evaluate", "finished")
    CHALLENGE_FIELD_NUMBER: _ClassVar[int]
    WELCOME_FIELD_NUMBER: _ClassVar[int]
    ROUND_START_FIELD_NUMBER: _ClassVar[int]
    MODEL_BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    RESUME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_ACK_FIELD_NUMBER: _ClassVar[int]
    ROUND_RESULT_FIELD_NUMBER: _ClassVar[int]
    EVALUATE_FIELD_NUMBER: _ClassVar[int]
    FINISHED_FIELD_NUMBER: _ClassVar[int]
    challenge: Challenge
    welcome: Welcome
    round_start: RoundStart
    model_begin: ModelBegin
    chunk: Chunk
    resume: Resume
    update_ack: UpdateAck
    round_result: RoundResult
    evaluate: Evaluate
    finished: Finished
    def __init__(self, challenge: _Optional[_Union[Challenge, _Mapping[str, object]]] = ..., welcome: _Optional[_Union[Welcome, _Mapping[str, object]]] = ..., round_start: _Optional[_Union[RoundStart, _Mapping[str, object]]] = ..., model_begin: _Optional[_Union[ModelBegin, _Mapping[str, object]]] = ..., chunk: _Optional[_Union[Chunk, _Mapping[str, object]]] = ..., resume: _Optional[_Union[Resume, _Mapping[str, object]]] = ..., update_ack: _Optional[_Union[UpdateAck, _Mapping[str, object]]] = ..., round_result: _Optional[_Union[RoundResult, _Mapping[str, object]]] = ..., evaluate: _Optional[_Union[Evaluate, _Mapping[str, object]]] = ..., finished: _Optional[_Union[Finished, _Mapping[str, object]]] = ...) -> None: ...

class Join(_message.Message):
    __slots__ = ("participant", "capabilities", "held_models")
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    CAPABILITIES_FIELD_NUMBER: _ClassVar[int]
    HELD_MODELS_FIELD_NUMBER: _ClassVar[int]
    participant: str
    capabilities: Capabilities
    held_models: _containers.RepeatedCompositeFieldContainer[HeldModel]
    def __init__(self, participant: _Optional[str] = ..., capabilities: _Optional[_Union[Capabilities, _Mapping[str, object]]] = ..., held_models: _Optional[_Iterable[_Union[HeldModel, _Mapping[str, object]]]] = ...) -> None: ...

class Capabilities(_message.Message):
    __slots__ = ("element_types", "encodings", "can_evaluate", "client")
    ELEMENT_TYPES_FIELD_NUMBER: _ClassVar[int]
    ENCODINGS_FIELD_NUMBER: _ClassVar[int]
    CAN_EVALUATE_FIELD_NUMBER: _ClassVar[int]
    CLIENT_FIELD_NUMBER: _ClassVar[int]
    element_types: _containers.RepeatedScalarFieldContainer[_types_pb2.ElementType]
    encodings: _containers.RepeatedScalarFieldContainer[TensorEncoding]
    can_evaluate: bool
    client: str
    def __init__(self, element_types: _Optional[_Iterable[_Union[_types_pb2.ElementType, str]]] = ..., encodings: _Optional[_Iterable[_Union[TensorEncoding, str]]] = ..., can_evaluate: _Optional[bool] = ..., client: _Optional[str] = ...) -> None: ...

class HeldModel(_message.Message):
    __slots__ = ("model", "held_bytes")
    MODEL_FIELD_NUMBER: _ClassVar[int]
    HELD_BYTES_FIELD_NUMBER: _ClassVar[int]
    model: ModelRef
    held_bytes: int
    def __init__(self, model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., held_bytes: _Optional[int] = ...) -> None: ...

class Challenge(_message.Message):
    __slots__ = ("nonce", "federation_uid")
    NONCE_FIELD_NUMBER: _ClassVar[int]
    FEDERATION_UID_FIELD_NUMBER: _ClassVar[int]
    nonce: bytes
    federation_uid: str
    def __init__(self, nonce: _Optional[bytes] = ..., federation_uid: _Optional[str] = ...) -> None: ...

class Proof(_message.Message):
    __slots__ = ("signature",)
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    signature: bytes
    def __init__(self, signature: _Optional[bytes] = ...) -> None: ...

class Welcome(_message.Message):
    __slots__ = ("session", "model", "policy", "state", "last_ack")
    SESSION_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    POLICY_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    LAST_ACK_FIELD_NUMBER: _ClassVar[int]
    session: str
    model: ModelRef
    policy: FederationPolicy
    state: FederationState
    last_ack: UpdateAck
    def __init__(self, session: _Optional[str] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., policy: _Optional[_Union[FederationPolicy, _Mapping[str, object]]] = ..., state: _Optional[_Union[FederationState, str]] = ..., last_ack: _Optional[_Union[UpdateAck, _Mapping[str, object]]] = ...) -> None: ...

class RoundStart(_message.Message):
    __slots__ = ("round", "model", "config", "seconds_left", "selected")
    class ConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ConfigValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ConfigValue, _Mapping[str, object]]] = ...) -> None: ...
    ROUND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    SECONDS_LEFT_FIELD_NUMBER: _ClassVar[int]
    SELECTED_FIELD_NUMBER: _ClassVar[int]
    round: int
    model: ModelRef
    config: _containers.MessageMap[str, ConfigValue]
    seconds_left: float
    selected: bool
    def __init__(self, round: _Optional[int] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., config: _Optional[_Mapping[str, ConfigValue]] = ..., seconds_left: _Optional[float] = ..., selected: _Optional[bool] = ...) -> None: ...

class UpdateBegin(_message.Message):
    __slots__ = ("claim", "signature", "manifest")
    CLAIM_FIELD_NUMBER: _ClassVar[int]
    SIGNATURE_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    claim: bytes
    signature: bytes
    manifest: bytes
    def __init__(self, claim: _Optional[bytes] = ..., signature: _Optional[bytes] = ..., manifest: _Optional[bytes] = ...) -> None: ...

class UpdateClaim(_message.Message):
    __slots__ = ("federation_uid", "participant", "round", "model", "kind", "manifest_sha256", "payload_sha256", "num_examples", "metrics")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    FEDERATION_UID_FIELD_NUMBER: _ClassVar[int]
    PARTICIPANT_FIELD_NUMBER: _ClassVar[int]
    ROUND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_SHA256_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_SHA256_FIELD_NUMBER: _ClassVar[int]
    NUM_EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    federation_uid: str
    participant: str
    round: int
    model: ModelRef
    kind: UpdateKind
    manifest_sha256: bytes
    payload_sha256: bytes
    num_examples: int
    metrics: _containers.ScalarMap[str, float]
    def __init__(self, federation_uid: _Optional[str] = ..., participant: _Optional[str] = ..., round: _Optional[int] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., kind: _Optional[_Union[UpdateKind, str]] = ..., manifest_sha256: _Optional[bytes] = ..., payload_sha256: _Optional[bytes] = ..., num_examples: _Optional[int] = ..., metrics: _Optional[_Mapping[str, float]] = ...) -> None: ...

class Resume(_message.Message):
    __slots__ = ("round", "offset")
    ROUND_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    round: int
    offset: int
    def __init__(self, round: _Optional[int] = ..., offset: _Optional[int] = ...) -> None: ...

class UpdateAck(_message.Message):
    __slots__ = ("round", "payload_sha256", "status", "counts_in_round")
    ROUND_FIELD_NUMBER: _ClassVar[int]
    PAYLOAD_SHA256_FIELD_NUMBER: _ClassVar[int]
    STATUS_FIELD_NUMBER: _ClassVar[int]
    COUNTS_IN_ROUND_FIELD_NUMBER: _ClassVar[int]
    round: int
    payload_sha256: bytes
    status: UpdateAckStatus
    counts_in_round: int
    def __init__(self, round: _Optional[int] = ..., payload_sha256: _Optional[bytes] = ..., status: _Optional[_Union[UpdateAckStatus, str]] = ..., counts_in_round: _Optional[int] = ...) -> None: ...

class RoundResult(_message.Message):
    __slots__ = ("round", "state", "verdict", "model")
    ROUND_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    VERDICT_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    round: int
    state: RoundState
    verdict: Verdict
    model: ModelRef
    def __init__(self, round: _Optional[int] = ..., state: _Optional[_Union[RoundState, str]] = ..., verdict: _Optional[_Union[Verdict, _Mapping[str, object]]] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ...) -> None: ...

class Evaluate(_message.Message):
    __slots__ = ("round", "model", "config", "seconds_left")
    class ConfigEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: ConfigValue
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[ConfigValue, _Mapping[str, object]]] = ...) -> None: ...
    ROUND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    CONFIG_FIELD_NUMBER: _ClassVar[int]
    SECONDS_LEFT_FIELD_NUMBER: _ClassVar[int]
    round: int
    model: ModelRef
    config: _containers.MessageMap[str, ConfigValue]
    seconds_left: float
    def __init__(self, round: _Optional[int] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., config: _Optional[_Mapping[str, ConfigValue]] = ..., seconds_left: _Optional[float] = ...) -> None: ...

class EvaluationReport(_message.Message):
    __slots__ = ("round", "model", "num_examples", "metrics")
    class MetricsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    ROUND_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    NUM_EXAMPLES_FIELD_NUMBER: _ClassVar[int]
    METRICS_FIELD_NUMBER: _ClassVar[int]
    round: int
    model: ModelRef
    num_examples: int
    metrics: _containers.ScalarMap[str, float]
    def __init__(self, round: _Optional[int] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., num_examples: _Optional[int] = ..., metrics: _Optional[_Mapping[str, float]] = ...) -> None: ...

class Heartbeat(_message.Message):
    __slots__ = ("progress",)
    PROGRESS_FIELD_NUMBER: _ClassVar[int]
    progress: float
    def __init__(self, progress: _Optional[float] = ...) -> None: ...

class Decline(_message.Message):
    __slots__ = ("round", "why")
    ROUND_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    round: int
    why: str
    def __init__(self, round: _Optional[int] = ..., why: _Optional[str] = ...) -> None: ...

class Leave(_message.Message):
    __slots__ = ("why",)
    WHY_FIELD_NUMBER: _ClassVar[int]
    why: str
    def __init__(self, why: _Optional[str] = ...) -> None: ...

class Finished(_message.Message):
    __slots__ = ("why", "model", "best_model")
    WHY_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    BEST_MODEL_FIELD_NUMBER: _ClassVar[int]
    why: FinishReason
    model: ModelRef
    best_model: ModelRef
    def __init__(self, why: _Optional[_Union[FinishReason, str]] = ..., model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ..., best_model: _Optional[_Union[ModelRef, _Mapping[str, object]]] = ...) -> None: ...

class AggregateRequest(_message.Message):
    __slots__ = ("begin", "client_begin", "chunk", "finish")
    BEGIN_FIELD_NUMBER: _ClassVar[int]
    CLIENT_BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    FINISH_FIELD_NUMBER: _ClassVar[int]
    begin: AggregateBegin
    client_begin: AggregateClientBegin
    chunk: AggregateChunk
    finish: AggregateFinish
    def __init__(self, begin: _Optional[_Union[AggregateBegin, _Mapping[str, object]]] = ..., client_begin: _Optional[_Union[AggregateClientBegin, _Mapping[str, object]]] = ..., chunk: _Optional[_Union[AggregateChunk, _Mapping[str, object]]] = ..., finish: _Optional[_Union[AggregateFinish, _Mapping[str, object]]] = ...) -> None: ...

class AggregateResponse(_message.Message):
    __slots__ = ("client_verdict", "result_begin", "chunk", "record")
    CLIENT_VERDICT_FIELD_NUMBER: _ClassVar[int]
    RESULT_BEGIN_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    RECORD_FIELD_NUMBER: _ClassVar[int]
    client_verdict: Verdict
    result_begin: AggregateResultBegin
    chunk: Chunk
    record: AggregateRecord
    def __init__(self, client_verdict: _Optional[_Union[Verdict, _Mapping[str, object]]] = ..., result_begin: _Optional[_Union[AggregateResultBegin, _Mapping[str, object]]] = ..., chunk: _Optional[_Union[Chunk, _Mapping[str, object]]] = ..., record: _Optional[_Union[AggregateRecord, _Mapping[str, object]]] = ...) -> None: ...

class AggregateBegin(_message.Message):
    __slots__ = ("round", "aggregation", "manifest", "result_element_type")
    ROUND_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    RESULT_ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    round: int
    aggregation: AggregationPolicy
    manifest: TensorManifest
    result_element_type: _types_pb2.ElementType
    def __init__(self, round: _Optional[int] = ..., aggregation: _Optional[_Union[AggregationPolicy, _Mapping[str, object]]] = ..., manifest: _Optional[_Union[TensorManifest, _Mapping[str, object]]] = ..., result_element_type: _Optional[_Union[_types_pb2.ElementType, str]] = ...) -> None: ...

class AggregateClientBegin(_message.Message):
    __slots__ = ("client_id", "weight", "total_bytes", "sha256", "manifest")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    client_id: str
    weight: float
    total_bytes: int
    sha256: bytes
    manifest: TensorManifest
    def __init__(self, client_id: _Optional[str] = ..., weight: _Optional[float] = ..., total_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ..., manifest: _Optional[_Union[TensorManifest, _Mapping[str, object]]] = ...) -> None: ...

class AggregateChunk(_message.Message):
    __slots__ = ("client_id", "chunk")
    CLIENT_ID_FIELD_NUMBER: _ClassVar[int]
    CHUNK_FIELD_NUMBER: _ClassVar[int]
    client_id: str
    chunk: Chunk
    def __init__(self, client_id: _Optional[str] = ..., chunk: _Optional[_Union[Chunk, _Mapping[str, object]]] = ...) -> None: ...

class AggregateFinish(_message.Message):
    __slots__ = ("round",)
    ROUND_FIELD_NUMBER: _ClassVar[int]
    round: int
    def __init__(self, round: _Optional[int] = ...) -> None: ...

class AggregateResultBegin(_message.Message):
    __slots__ = ("round", "manifest", "total_bytes", "sha256")
    ROUND_FIELD_NUMBER: _ClassVar[int]
    MANIFEST_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    SHA256_FIELD_NUMBER: _ClassVar[int]
    round: int
    manifest: TensorManifest
    total_bytes: int
    sha256: bytes
    def __init__(self, round: _Optional[int] = ..., manifest: _Optional[_Union[TensorManifest, _Mapping[str, object]]] = ..., total_bytes: _Optional[int] = ..., sha256: _Optional[bytes] = ...) -> None: ...

class AggregateRecord(_message.Message):
    __slots__ = ("round", "clients", "accepted", "rejected", "screened", "missing", "f", "aggregation", "aggregate_seconds", "numerics_version")
    ROUND_FIELD_NUMBER: _ClassVar[int]
    CLIENTS_FIELD_NUMBER: _ClassVar[int]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    REJECTED_FIELD_NUMBER: _ClassVar[int]
    SCREENED_FIELD_NUMBER: _ClassVar[int]
    MISSING_FIELD_NUMBER: _ClassVar[int]
    F_FIELD_NUMBER: _ClassVar[int]
    AGGREGATION_FIELD_NUMBER: _ClassVar[int]
    AGGREGATE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    NUMERICS_VERSION_FIELD_NUMBER: _ClassVar[int]
    round: int
    clients: int
    accepted: int
    rejected: int
    screened: int
    missing: int
    f: int
    aggregation: AggregationPolicy
    aggregate_seconds: float
    numerics_version: str
    def __init__(self, round: _Optional[int] = ..., clients: _Optional[int] = ..., accepted: _Optional[int] = ..., rejected: _Optional[int] = ..., screened: _Optional[int] = ..., missing: _Optional[int] = ..., f: _Optional[int] = ..., aggregation: _Optional[_Union[AggregationPolicy, _Mapping[str, object]]] = ..., aggregate_seconds: _Optional[float] = ..., numerics_version: _Optional[str] = ...) -> None: ...
