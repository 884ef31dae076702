from mfn_grpc.v1 import scope_pb2 as _scope_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ValidationSuite(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    VALIDATION_SUITE_UNSPECIFIED: _ClassVar[ValidationSuite]
    VALIDATION_SUITE_QUICK: _ClassVar[ValidationSuite]
    VALIDATION_SUITE_PHYSICS: _ClassVar[ValidationSuite]
    VALIDATION_SUITE_REACTION_DIFFUSION: _ClassVar[ValidationSuite]
    VALIDATION_SUITE_FRACTAL: _ClassVar[ValidationSuite]
    VALIDATION_SUITE_DYNAMICS: _ClassVar[ValidationSuite]
    VALIDATION_SUITE_AGGREGATION: _ClassVar[ValidationSuite]
    VALIDATION_SUITE_LEARNING: _ClassVar[ValidationSuite]
    VALIDATION_SUITE_ALL: _ClassVar[ValidationSuite]

class CheckRelation(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CHECK_RELATION_UNSPECIFIED: _ClassVar[CheckRelation]
    CHECK_RELATION_WITHIN: _ClassVar[CheckRelation]
    CHECK_RELATION_AT_LEAST: _ClassVar[CheckRelation]
    CHECK_RELATION_AT_MOST: _ClassVar[CheckRelation]
VALIDATION_SUITE_UNSPECIFIED: ValidationSuite
VALIDATION_SUITE_QUICK: ValidationSuite
VALIDATION_SUITE_PHYSICS: ValidationSuite
VALIDATION_SUITE_REACTION_DIFFUSION: ValidationSuite
VALIDATION_SUITE_FRACTAL: ValidationSuite
VALIDATION_SUITE_DYNAMICS: ValidationSuite
VALIDATION_SUITE_AGGREGATION: ValidationSuite
VALIDATION_SUITE_LEARNING: ValidationSuite
VALIDATION_SUITE_ALL: ValidationSuite
CHECK_RELATION_UNSPECIFIED: CheckRelation
CHECK_RELATION_WITHIN: CheckRelation
CHECK_RELATION_AT_LEAST: CheckRelation
CHECK_RELATION_AT_MOST: CheckRelation

class ValidateRequest(_message.Message):
    __slots__ = ("suite", "seed")
    SUITE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    suite: ValidationSuite
    seed: int
    def __init__(self, suite: _Optional[_Union[ValidationSuite, str]] = ..., seed: _Optional[int] = ...) -> None: ...

class ValidateResponse(_message.Message):
    __slots__ = ("checks", "summary")
    CHECKS_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    checks: _containers.RepeatedCompositeFieldContainer[Check]
    summary: ValidationSummary
    def __init__(self, checks: _Optional[_Iterable[_Union[Check, _Mapping[str, object]]]] = ..., summary: _Optional[_Union[ValidationSummary, _Mapping[str, object]]] = ...) -> None: ...

class ValidateStreamRequest(_message.Message):
    __slots__ = ("suite", "seed")
    SUITE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    suite: ValidationSuite
    seed: int
    def __init__(self, suite: _Optional[_Union[ValidationSuite, str]] = ..., seed: _Optional[int] = ...) -> None: ...

class ValidateStreamResponse(_message.Message):
    __slots__ = ("started", "check", "summary")
    STARTED_FIELD_NUMBER: _ClassVar[int]
    CHECK_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    started: ValidationStarted
    check: Check
    summary: ValidationSummary
    def __init__(self, started: _Optional[_Union[ValidationStarted, _Mapping[str, object]]] = ..., check: _Optional[_Union[Check, _Mapping[str, object]]] = ..., summary: _Optional[_Union[ValidationSummary, _Mapping[str, object]]] = ...) -> None: ...

class ValidationStarted(_message.Message):
    __slots__ = ("suite", "seed", "check_names")
    SUITE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    CHECK_NAMES_FIELD_NUMBER: _ClassVar[int]
    suite: ValidationSuite
    seed: int
    check_names: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, suite: _Optional[_Union[ValidationSuite, str]] = ..., seed: _Optional[int] = ..., check_names: _Optional[_Iterable[str]] = ...) -> None: ...

class Check(_message.Message):
    __slots__ = ("name", "suite", "measured", "expected", "tolerance", "unit", "passed", "why_this_tolerance", "reference", "seconds", "relation", "description", "detail")
    NAME_FIELD_NUMBER: _ClassVar[int]
    SUITE_FIELD_NUMBER: _ClassVar[int]
    MEASURED_FIELD_NUMBER: _ClassVar[int]
    EXPECTED_FIELD_NUMBER: _ClassVar[int]
    TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    WHY_THIS_TOLERANCE_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    RELATION_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    name: str
    suite: ValidationSuite
    measured: float
    expected: float
    tolerance: float
    unit: str
    passed: bool
    why_this_tolerance: str
    reference: str
    seconds: float
    relation: CheckRelation
    description: str
    detail: str
    def __init__(self, name: _Optional[str] = ..., suite: _Optional[_Union[ValidationSuite, str]] = ..., measured: _Optional[float] = ..., expected: _Optional[float] = ..., tolerance: _Optional[float] = ..., unit: _Optional[str] = ..., passed: _Optional[bool] = ..., why_this_tolerance: _Optional[str] = ..., reference: _Optional[str] = ..., seconds: _Optional[float] = ..., relation: _Optional[_Union[CheckRelation, str]] = ..., description: _Optional[str] = ..., detail: _Optional[str] = ...) -> None: ...

class ValidationSummary(_message.Message):
    __slots__ = ("suite", "seed", "passed", "passed_count", "failed_count", "seconds", "numerics_version", "server_version", "training")
    SUITE_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PASSED_FIELD_NUMBER: _ClassVar[int]
    PASSED_COUNT_FIELD_NUMBER: _ClassVar[int]
    FAILED_COUNT_FIELD_NUMBER: _ClassVar[int]
    SECONDS_FIELD_NUMBER: _ClassVar[int]
    NUMERICS_VERSION_FIELD_NUMBER: _ClassVar[int]
    SERVER_VERSION_FIELD_NUMBER: _ClassVar[int]
    TRAINING_FIELD_NUMBER: _ClassVar[int]
    suite: ValidationSuite
    seed: int
    passed: bool
    passed_count: int
    failed_count: int
    seconds: float
    numerics_version: str
    server_version: str
    training: TrainingMetrics
    def __init__(self, suite: _Optional[_Union[ValidationSuite, str]] = ..., seed: _Optional[int] = ..., passed: _Optional[bool] = ..., passed_count: _Optional[int] = ..., failed_count: _Optional[int] = ..., seconds: _Optional[float] = ..., numerics_version: _Optional[str] = ..., server_version: _Optional[str] = ..., training: _Optional[_Union[TrainingMetrics, _Mapping[str, object]]] = ...) -> None: ...

class TrainingMetrics(_message.Message):
    __slots__ = ("loss_start", "loss_final", "loss_drop", "pot_min_mv", "pot_max_mv", "fractal_dimension", "lyapunov_exponent", "growth_events", "nernst_symbolic_mv", "nernst_numeric_mv", "test_loss", "mean_loss", "shuffled_test_loss", "shuffled_mean_loss")
    LOSS_START_FIELD_NUMBER: _ClassVar[int]
    LOSS_FINAL_FIELD_NUMBER: _ClassVar[int]
    LOSS_DROP_FIELD_NUMBER: _ClassVar[int]
    POT_MIN_MV_FIELD_NUMBER: _ClassVar[int]
    POT_MAX_MV_FIELD_NUMBER: _ClassVar[int]
    FRACTAL_DIMENSION_FIELD_NUMBER: _ClassVar[int]
    LYAPUNOV_EXPONENT_FIELD_NUMBER: _ClassVar[int]
    GROWTH_EVENTS_FIELD_NUMBER: _ClassVar[int]
    NERNST_SYMBOLIC_MV_FIELD_NUMBER: _ClassVar[int]
    NERNST_NUMERIC_MV_FIELD_NUMBER: _ClassVar[int]
    TEST_LOSS_FIELD_NUMBER: _ClassVar[int]
    MEAN_LOSS_FIELD_NUMBER: _ClassVar[int]
    SHUFFLED_TEST_LOSS_FIELD_NUMBER: _ClassVar[int]
    SHUFFLED_MEAN_LOSS_FIELD_NUMBER: _ClassVar[int]
    loss_start: float
    loss_final: float
    loss_drop: float
    pot_min_mv: float
    pot_max_mv: float
    fractal_dimension: float
    lyapunov_exponent: float
    growth_events: int
    nernst_symbolic_mv: float
    nernst_numeric_mv: float
    test_loss: float
    mean_loss: float
    shuffled_test_loss: float
    shuffled_mean_loss: float
    def __init__(self, loss_start: _Optional[float] = ..., loss_final: _Optional[float] = ..., loss_drop: _Optional[float] = ..., pot_min_mv: _Optional[float] = ..., pot_max_mv: _Optional[float] = ..., fractal_dimension: _Optional[float] = ..., lyapunov_exponent: _Optional[float] = ..., growth_events: _Optional[int] = ..., nernst_symbolic_mv: _Optional[float] = ..., nernst_numeric_mv: _Optional[float] = ..., test_loss: _Optional[float] = ..., mean_loss: _Optional[float] = ..., shuffled_test_loss: _Optional[float] = ..., shuffled_mean_loss: _Optional[float] = ...) -> None: ...
