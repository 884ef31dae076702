from mfn_grpc.v1 import scope_pb2 as _scope_pb2
from mfn_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class BoundaryKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    BOUNDARY_KIND_UNSPECIFIED: _ClassVar[BoundaryKind]
    BOUNDARY_KIND_PERIODIC: _ClassVar[BoundaryKind]
    BOUNDARY_KIND_NO_FLUX: _ClassVar[BoundaryKind]
    BOUNDARY_KIND_FIXED: _ClassVar[BoundaryKind]

class Precision(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRECISION_UNSPECIFIED: _ClassVar[Precision]
    PRECISION_FLOAT64: _ClassVar[Precision]
    PRECISION_FLOAT32: _ClassVar[Precision]

class Stepper(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STEPPER_UNSPECIFIED: _ClassVar[Stepper]
    STEPPER_EULER: _ClassVar[Stepper]
    STEPPER_RK4: _ClassVar[Stepper]
    STEPPER_SEMI_IMPLICIT: _ClassVar[Stepper]

class StopReason(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    STOP_REASON_UNSPECIFIED: _ClassVar[StopReason]
    STOP_REASON_COMPLETED: _ClassVar[StopReason]
    STOP_REASON_DEADLINE: _ClassVar[StopReason]
    STOP_REASON_DRAINING: _ClassVar[StopReason]
BOUNDARY_KIND_UNSPECIFIED: BoundaryKind
BOUNDARY_KIND_PERIODIC: BoundaryKind
BOUNDARY_KIND_NO_FLUX: BoundaryKind
BOUNDARY_KIND_FIXED: BoundaryKind
PRECISION_UNSPECIFIED: Precision
PRECISION_FLOAT64: Precision
PRECISION_FLOAT32: Precision
STEPPER_UNSPECIFIED: Stepper
STEPPER_EULER: Stepper
STEPPER_RK4: Stepper
STEPPER_SEMI_IMPLICIT: Stepper
STOP_REASON_UNSPECIFIED: StopReason
STOP_REASON_COMPLETED: StopReason
STOP_REASON_DEADLINE: StopReason
STOP_REASON_DRAINING: StopReason

class MyceliumModel(_message.Message):
    __slots__ = ("alpha", "spike_probability", "turing_enabled", "turing_threshold", "turing_coupling_mv", "leak_rate", "activator_diffusion", "inhibitor_diffusion", "reaction_rate", "activator_source", "quantum_jitter", "jitter_var")
    ALPHA_FIELD_NUMBER: _ClassVar[int]
    SPIKE_PROBABILITY_FIELD_NUMBER: _ClassVar[int]
    TURING_ENABLED_FIELD_NUMBER: _ClassVar[int]
    TURING_THRESHOLD_FIELD_NUMBER: _ClassVar[int]
    TURING_COUPLING_MV_FIELD_NUMBER: _ClassVar[int]
    LEAK_RATE_FIELD_NUMBER: _ClassVar[int]
    ACTIVATOR_DIFFUSION_FIELD_NUMBER: _ClassVar[int]
    INHIBITOR_DIFFUSION_FIELD_NUMBER: _ClassVar[int]
    REACTION_RATE_FIELD_NUMBER: _ClassVar[int]
    ACTIVATOR_SOURCE_FIELD_NUMBER: _ClassVar[int]
    QUANTUM_JITTER_FIELD_NUMBER: _ClassVar[int]
    JITTER_VAR_FIELD_NUMBER: _ClassVar[int]
    alpha: float
    spike_probability: float
    turing_enabled: bool
    turing_threshold: float
    turing_coupling_mv: float
    leak_rate: float
    activator_diffusion: float
    inhibitor_diffusion: float
    reaction_rate: float
    activator_source: float
    quantum_jitter: bool
    jitter_var: float
    def __init__(self, alpha: _Optional[float] = ..., spike_probability: _Optional[float] = ..., turing_enabled: _Optional[bool] = ..., turing_threshold: _Optional[float] = ..., turing_coupling_mv: _Optional[float] = ..., leak_rate: _Optional[float] = ..., activator_diffusion: _Optional[float] = ..., inhibitor_diffusion: _Optional[float] = ..., reaction_rate: _Optional[float] = ..., activator_source: _Optional[float] = ..., quantum_jitter: _Optional[bool] = ..., jitter_var: _Optional[float] = ...) -> None: ...

class GrayScottModel(_message.Message):
    __slots__ = ("diffusion_u", "diffusion_v", "feed", "kill")
    DIFFUSION_U_FIELD_NUMBER: _ClassVar[int]
    DIFFUSION_V_FIELD_NUMBER: _ClassVar[int]
    FEED_FIELD_NUMBER: _ClassVar[int]
    KILL_FIELD_NUMBER: _ClassVar[int]
    diffusion_u: float
    diffusion_v: float
    feed: float
    kill: float
    def __init__(self, diffusion_u: _Optional[float] = ..., diffusion_v: _Optional[float] = ..., feed: _Optional[float] = ..., kill: _Optional[float] = ...) -> None: ...

class SchnakenbergModel(_message.Message):
    __slots__ = ("diffusion_u", "diffusion_v", "a", "b")
    DIFFUSION_U_FIELD_NUMBER: _ClassVar[int]
    DIFFUSION_V_FIELD_NUMBER: _ClassVar[int]
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    diffusion_u: float
    diffusion_v: float
    a: float
    b: float
    def __init__(self, diffusion_u: _Optional[float] = ..., diffusion_v: _Optional[float] = ..., a: _Optional[float] = ..., b: _Optional[float] = ...) -> None: ...

class GiererMeinhardtModel(_message.Message):
    __slots__ = ("diffusion_u", "diffusion_v", "a")
    DIFFUSION_U_FIELD_NUMBER: _ClassVar[int]
    DIFFUSION_V_FIELD_NUMBER: _ClassVar[int]
    A_FIELD_NUMBER: _ClassVar[int]
    diffusion_u: float
    diffusion_v: float
    a: float
    def __init__(self, diffusion_u: _Optional[float] = ..., diffusion_v: _Optional[float] = ..., a: _Optional[float] = ...) -> None: ...

class BrusselatorModel(_message.Message):
    __slots__ = ("diffusion_u", "diffusion_v", "a", "b")
    DIFFUSION_U_FIELD_NUMBER: _ClassVar[int]
    DIFFUSION_V_FIELD_NUMBER: _ClassVar[int]
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    diffusion_u: float
    diffusion_v: float
    a: float
    b: float
    def __init__(self, diffusion_u: _Optional[float] = ..., diffusion_v: _Optional[float] = ..., a: _Optional[float] = ..., b: _Optional[float] = ...) -> None: ...

class FitzhughNagumoModel(_message.Message):
    __slots__ = ("diffusion_u", "diffusion_v", "a", "b", "tau", "current")
    DIFFUSION_U_FIELD_NUMBER: _ClassVar[int]
    DIFFUSION_V_FIELD_NUMBER: _ClassVar[int]
    A_FIELD_NUMBER: _ClassVar[int]
    B_FIELD_NUMBER: _ClassVar[int]
    TAU_FIELD_NUMBER: _ClassVar[int]
    CURRENT_FIELD_NUMBER: _ClassVar[int]
    diffusion_u: float
    diffusion_v: float
    a: float
    b: float
    tau: float
    current: float
    def __init__(self, diffusion_u: _Optional[float] = ..., diffusion_v: _Optional[float] = ..., a: _Optional[float] = ..., b: _Optional[float] = ..., tau: _Optional[float] = ..., current: _Optional[float] = ...) -> None: ...

class Grid(_message.Message):
    __slots__ = ("shape", "spacing")
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    SPACING_FIELD_NUMBER: _ClassVar[int]
    shape: _containers.RepeatedScalarFieldContainer[int]
    spacing: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, shape: _Optional[_Iterable[int]] = ..., spacing: _Optional[_Iterable[float]] = ...) -> None: ...

class BoundaryCondition(_message.Message):
    __slots__ = ("kind", "values")
    KIND_FIELD_NUMBER: _ClassVar[int]
    VALUES_FIELD_NUMBER: _ClassVar[int]
    kind: BoundaryKind
    values: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, kind: _Optional[_Union[BoundaryKind, str]] = ..., values: _Optional[_Iterable[float]] = ...) -> None: ...

class AxisBoundary(_message.Message):
    __slots__ = ("lower", "upper")
    LOWER_FIELD_NUMBER: _ClassVar[int]
    UPPER_FIELD_NUMBER: _ClassVar[int]
    lower: BoundaryCondition
    upper: BoundaryCondition
    def __init__(self, lower: _Optional[_Union[BoundaryCondition, _Mapping[str, object]]] = ..., upper: _Optional[_Union[BoundaryCondition, _Mapping[str, object]]] = ...) -> None: ...

class SimulationSpec(_message.Message):
    __slots__ = ("mycelium", "gray_scott", "schnakenberg", "gierer_meinhardt", "brusselator", "fitzhugh_nagumo", "grid", "boundaries", "dt", "steps", "seed", "precision", "stepper", "initial_array", "initial_array_ref", "initial_step")
    MYCELIUM_FIELD_NUMBER: _ClassVar[int]
    GRAY_SCOTT_FIELD_NUMBER: _ClassVar[int]
    SCHNAKENBERG_FIELD_NUMBER: _ClassVar[int]
    GIERER_MEINHARDT_FIELD_NUMBER: _ClassVar[int]
    BRUSSELATOR_FIELD_NUMBER: _ClassVar[int]
    FITZHUGH_NAGUMO_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    BOUNDARIES_FIELD_NUMBER: _ClassVar[int]
    DT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    PRECISION_FIELD_NUMBER: _ClassVar[int]
    STEPPER_FIELD_NUMBER: _ClassVar[int]
    INITIAL_ARRAY_FIELD_NUMBER: _ClassVar[int]
    INITIAL_ARRAY_REF_FIELD_NUMBER: _ClassVar[int]
    INITIAL_STEP_FIELD_NUMBER: _ClassVar[int]
    mycelium: MyceliumModel
    gray_scott: GrayScottModel
    schnakenberg: SchnakenbergModel
    gierer_meinhardt: GiererMeinhardtModel
    brusselator: BrusselatorModel
    fitzhugh_nagumo: FitzhughNagumoModel
    grid: Grid
    boundaries: _containers.RepeatedCompositeFieldContainer[AxisBoundary]
    dt: float
    steps: int
    seed: int
    precision: Precision
    stepper: Stepper
    initial_array: _types_pb2.Array
    initial_array_ref: str
    initial_step: int
    def __init__(self, mycelium: _Optional[_Union[MyceliumModel, _Mapping[str, object]]] = ..., gray_scott: _Optional[_Union[GrayScottModel, _Mapping[str, object]]] = ..., schnakenberg: _Optional[_Union[SchnakenbergModel, _Mapping[str, object]]] = ..., gierer_meinhardt: _Optional[_Union[GiererMeinhardtModel, _Mapping[str, object]]] = ..., brusselator: _Optional[_Union[BrusselatorModel, _Mapping[str, object]]] = ..., fitzhugh_nagumo: _Optional[_Union[FitzhughNagumoModel, _Mapping[str, object]]] = ..., grid: _Optional[_Union[Grid, _Mapping[str, object]]] = ..., boundaries: _Optional[_Iterable[_Union[AxisBoundary, _Mapping[str, object]]]] = ..., dt: _Optional[float] = ..., steps: _Optional[int] = ..., seed: _Optional[int] = ..., precision: _Optional[_Union[Precision, str]] = ..., stepper: _Optional[_Union[Stepper, str]] = ..., initial_array: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ..., initial_array_ref: _Optional[str] = ..., initial_step: _Optional[int] = ...) -> None: ...

class FrameOptions(_message.Message):
    __slots__ = ("species", "element_type", "max_edge")
    SPECIES_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    MAX_EDGE_FIELD_NUMBER: _ClassVar[int]
    species: _containers.RepeatedScalarFieldContainer[str]
    element_type: _types_pb2.ElementType
    max_edge: int
    def __init__(self, species: _Optional[_Iterable[str]] = ..., element_type: _Optional[_Union[_types_pb2.ElementType, str]] = ..., max_edge: _Optional[int] = ...) -> None: ...

class SimulateRequest(_message.Message):
    __slots__ = ("spec", "frame_stride", "frame_options", "with_features", "feature_options", "resume_token")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    FRAME_STRIDE_FIELD_NUMBER: _ClassVar[int]
    FRAME_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    WITH_FEATURES_FIELD_NUMBER: _ClassVar[int]
    FEATURE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    spec: SimulationSpec
    frame_stride: int
    frame_options: FrameOptions
    with_features: bool
    feature_options: _types_pb2.FeatureOptions
    resume_token: bytes
    def __init__(self, spec: _Optional[_Union[SimulationSpec, _Mapping[str, object]]] = ..., frame_stride: _Optional[int] = ..., frame_options: _Optional[_Union[FrameOptions, _Mapping[str, object]]] = ..., with_features: _Optional[bool] = ..., feature_options: _Optional[_Union[_types_pb2.FeatureOptions, _Mapping[str, object]]] = ..., resume_token: _Optional[bytes] = ...) -> None: ...

class SimulateResponse(_message.Message):
    __slots__ = ("sequence", "started", "frame", "summary")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    FRAME_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    started: Started
    frame: Frame
    summary: Summary
    def __init__(self, sequence: _Optional[int] = ..., started: _Optional[_Union[Started, _Mapping[str, object]]] = ..., frame: _Optional[_Union[Frame, _Mapping[str, object]]] = ..., summary: _Optional[_Union[Summary, _Mapping[str, object]]] = ...) -> None: ...

class Started(_message.Message):
    __slots__ = ("spec", "spec_hash", "numerics_version", "stability", "resumed_from_step", "frame_stride", "stepper_reason")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    SPEC_HASH_FIELD_NUMBER: _ClassVar[int]
    NUMERICS_VERSION_FIELD_NUMBER: _ClassVar[int]
    STABILITY_FIELD_NUMBER: _ClassVar[int]
    RESUMED_FROM_STEP_FIELD_NUMBER: _ClassVar[int]
    FRAME_STRIDE_FIELD_NUMBER: _ClassVar[int]
    STEPPER_REASON_FIELD_NUMBER: _ClassVar[int]
    spec: SimulationSpec
    spec_hash: bytes
    numerics_version: str
    stability: StabilityReport
    resumed_from_step: int
    frame_stride: int
    stepper_reason: str
    def __init__(self, spec: _Optional[_Union[SimulationSpec, _Mapping[str, object]]] = ..., spec_hash: _Optional[bytes] = ..., numerics_version: _Optional[str] = ..., stability: _Optional[_Union[StabilityReport, _Mapping[str, object]]] = ..., resumed_from_step: _Optional[int] = ..., frame_stride: _Optional[int] = ..., stepper_reason: _Optional[str] = ...) -> None: ...

class Frame(_message.Message):
    __slots__ = ("step", "time", "parts", "last", "resume_token", "features")
    STEP_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    PARTS_FIELD_NUMBER: _ClassVar[int]
    LAST_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    step: int
    time: float
    parts: _containers.RepeatedCompositeFieldContainer[_types_pb2.ArrayPart]
    last: bool
    resume_token: bytes
    features: _types_pb2.Features
    def __init__(self, step: _Optional[int] = ..., time: _Optional[float] = ..., parts: _Optional[_Iterable[_Union[_types_pb2.ArrayPart, _Mapping[str, object]]]] = ..., last: _Optional[bool] = ..., resume_token: _Optional[bytes] = ..., features: _Optional[_Union[_types_pb2.Features, _Mapping[str, object]]] = ...) -> None: ...

class Summary(_message.Message):
    __slots__ = ("stop_reason", "steps_done", "resume_token", "species", "mycelium", "features", "compute_seconds", "undefined_features")
    STOP_REASON_FIELD_NUMBER: _ClassVar[int]
    STEPS_DONE_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    SPECIES_FIELD_NUMBER: _ClassVar[int]
    MYCELIUM_FIELD_NUMBER: _ClassVar[int]
    FEATURES_FIELD_NUMBER: _ClassVar[int]
    COMPUTE_SECONDS_FIELD_NUMBER: _ClassVar[int]
    UNDEFINED_FEATURES_FIELD_NUMBER: _ClassVar[int]
    stop_reason: StopReason
    steps_done: int
    resume_token: bytes
    species: _containers.RepeatedCompositeFieldContainer[SpeciesSummary]
    mycelium: MyceliumSummary
    features: _types_pb2.Features
    compute_seconds: float
    undefined_features: _containers.RepeatedCompositeFieldContainer[_types_pb2.UndefinedValue]
    def __init__(self, stop_reason: _Optional[_Union[StopReason, str]] = ..., steps_done: _Optional[int] = ..., resume_token: _Optional[bytes] = ..., species: _Optional[_Iterable[_Union[SpeciesSummary, _Mapping[str, object]]]] = ..., mycelium: _Optional[_Union[MyceliumSummary, _Mapping[str, object]]] = ..., features: _Optional[_Union[_types_pb2.Features, _Mapping[str, object]]] = ..., compute_seconds: _Optional[float] = ..., undefined_features: _Optional[_Iterable[_Union[_types_pb2.UndefinedValue, _Mapping[str, object]]]] = ...) -> None: ...

class SpeciesSummary(_message.Message):
    __slots__ = ("name", "unit", "min", "max", "mean", "std")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    MEAN_FIELD_NUMBER: _ClassVar[int]
    STD_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    min: float
    max: float
    mean: float
    std: float
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ..., min: _Optional[float] = ..., max: _Optional[float] = ..., mean: _Optional[float] = ..., std: _Optional[float] = ...) -> None: ...

class MyceliumSummary(_message.Message):
    __slots__ = ("growth_events", "pot_min_mv", "pot_max_mv", "pot_mean_mv", "pot_std_mv", "fractal_dimension")
    GROWTH_EVENTS_FIELD_NUMBER: _ClassVar[int]
    POT_MIN_MV_FIELD_NUMBER: _ClassVar[int]
    POT_MAX_MV_FIELD_NUMBER: _ClassVar[int]
    POT_MEAN_MV_FIELD_NUMBER: _ClassVar[int]
    POT_STD_MV_FIELD_NUMBER: _ClassVar[int]
    FRACTAL_DIMENSION_FIELD_NUMBER: _ClassVar[int]
    growth_events: int
    pot_min_mv: float
    pot_max_mv: float
    pot_mean_mv: float
    pot_std_mv: float
    fractal_dimension: float
    def __init__(self, growth_events: _Optional[int] = ..., pot_min_mv: _Optional[float] = ..., pot_max_mv: _Optional[float] = ..., pot_mean_mv: _Optional[float] = ..., pot_std_mv: _Optional[float] = ..., fractal_dimension: _Optional[float] = ...) -> None: ...

class RunSimulationRequest(_message.Message):
    __slots__ = ("spec", "with_final_state", "with_features", "feature_options", "resume_token")
    SPEC_FIELD_NUMBER: _ClassVar[int]
    WITH_FINAL_STATE_FIELD_NUMBER: _ClassVar[int]
    WITH_FEATURES_FIELD_NUMBER: _ClassVar[int]
    FEATURE_OPTIONS_FIELD_NUMBER: _ClassVar[int]
    RESUME_TOKEN_FIELD_NUMBER: _ClassVar[int]
    spec: SimulationSpec
    with_final_state: bool
    with_features: bool
    feature_options: _types_pb2.FeatureOptions
    resume_token: bytes
    def __init__(self, spec: _Optional[_Union[SimulationSpec, _Mapping[str, object]]] = ..., with_final_state: _Optional[bool] = ..., with_features: _Optional[bool] = ..., feature_options: _Optional[_Union[_types_pb2.FeatureOptions, _Mapping[str, object]]] = ..., resume_token: _Optional[bytes] = ...) -> None: ...

class RunSimulationResponse(_message.Message):
    __slots__ = ("started", "summary", "final_state")
    STARTED_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    FINAL_STATE_FIELD_NUMBER: _ClassVar[int]
    started: Started
    summary: Summary
    final_state: _types_pb2.Array
    def __init__(self, started: _Optional[_Union[Started, _Mapping[str, object]]] = ..., summary: _Optional[_Union[Summary, _Mapping[str, object]]] = ..., final_state: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ...) -> None: ...

class AnalyzeStabilityRequest(_message.Message):
    __slots__ = ("spec",)
    SPEC_FIELD_NUMBER: _ClassVar[int]
    spec: SimulationSpec
    def __init__(self, spec: _Optional[_Union[SimulationSpec, _Mapping[str, object]]] = ...) -> None: ...

class AnalyzeStabilityResponse(_message.Message):
    __slots__ = ("stability",)
    STABILITY_FIELD_NUMBER: _ClassVar[int]
    stability: StabilityReport
    def __init__(self, stability: _Optional[_Union[StabilityReport, _Mapping[str, object]]] = ...) -> None: ...

class StabilityReport(_message.Message):
    __slots__ = ("species", "steady_states", "step_limits", "dt", "dt_is_stable")
    SPECIES_FIELD_NUMBER: _ClassVar[int]
    STEADY_STATES_FIELD_NUMBER: _ClassVar[int]
    STEP_LIMITS_FIELD_NUMBER: _ClassVar[int]
    DT_FIELD_NUMBER: _ClassVar[int]
    DT_IS_STABLE_FIELD_NUMBER: _ClassVar[int]
    species: _containers.RepeatedScalarFieldContainer[str]
    steady_states: _containers.RepeatedCompositeFieldContainer[SteadyState]
    step_limits: _containers.RepeatedCompositeFieldContainer[StepLimit]
    dt: float
    dt_is_stable: bool
    def __init__(self, species: _Optional[_Iterable[str]] = ..., steady_states: _Optional[_Iterable[_Union[SteadyState, _Mapping[str, object]]]] = ..., step_limits: _Optional[_Iterable[_Union[StepLimit, _Mapping[str, object]]]] = ..., dt: _Optional[float] = ..., dt_is_stable: _Optional[bool] = ...) -> None: ...

class SteadyState(_message.Message):
    __slots__ = ("values", "jacobian", "stable_without_diffusion", "turing_unstable", "turing_margin", "critical_ratio", "critical_wavelength", "continuum", "grid")
    VALUES_FIELD_NUMBER: _ClassVar[int]
    JACOBIAN_FIELD_NUMBER: _ClassVar[int]
    STABLE_WITHOUT_DIFFUSION_FIELD_NUMBER: _ClassVar[int]
    TURING_UNSTABLE_FIELD_NUMBER: _ClassVar[int]
    TURING_MARGIN_FIELD_NUMBER: _ClassVar[int]
    CRITICAL_RATIO_FIELD_NUMBER: _ClassVar[int]
    CRITICAL_WAVELENGTH_FIELD_NUMBER: _ClassVar[int]
    CONTINUUM_FIELD_NUMBER: _ClassVar[int]
    GRID_FIELD_NUMBER: _ClassVar[int]
    values: _containers.RepeatedScalarFieldContainer[float]
    jacobian: _containers.RepeatedScalarFieldContainer[float]
    stable_without_diffusion: bool
    turing_unstable: bool
    turing_margin: float
    critical_ratio: float
    critical_wavelength: float
    continuum: UnstableBand
    grid: UnstableBand
    def __init__(self, values: _Optional[_Iterable[float]] = ..., jacobian: _Optional[_Iterable[float]] = ..., stable_without_diffusion: _Optional[bool] = ..., turing_unstable: _Optional[bool] = ..., turing_margin: _Optional[float] = ..., critical_ratio: _Optional[float] = ..., critical_wavelength: _Optional[float] = ..., continuum: _Optional[_Union[UnstableBand, _Mapping[str, object]]] = ..., grid: _Optional[_Union[UnstableBand, _Mapping[str, object]]] = ...) -> None: ...

class UnstableBand(_message.Message):
    __slots__ = ("wavenumber_min", "wavenumber_max", "wavenumber_fastest", "growth_rate", "wavelength")
    WAVENUMBER_MIN_FIELD_NUMBER: _ClassVar[int]
    WAVENUMBER_MAX_FIELD_NUMBER: _ClassVar[int]
    WAVENUMBER_FASTEST_FIELD_NUMBER: _ClassVar[int]
    GROWTH_RATE_FIELD_NUMBER: _ClassVar[int]
    WAVELENGTH_FIELD_NUMBER: _ClassVar[int]
    wavenumber_min: float
    wavenumber_max: float
    wavenumber_fastest: float
    growth_rate: float
    wavelength: float
    def __init__(self, wavenumber_min: _Optional[float] = ..., wavenumber_max: _Optional[float] = ..., wavenumber_fastest: _Optional[float] = ..., growth_rate: _Optional[float] = ..., wavelength: _Optional[float] = ...) -> None: ...

class StepLimit(_message.Message):
    __slots__ = ("stepper", "max_dt", "limited_by")
    STEPPER_FIELD_NUMBER: _ClassVar[int]
    MAX_DT_FIELD_NUMBER: _ClassVar[int]
    LIMITED_BY_FIELD_NUMBER: _ClassVar[int]
    stepper: Stepper
    max_dt: float
    limited_by: str
    def __init__(self, stepper: _Optional[_Union[Stepper, str]] = ..., max_dt: _Optional[float] = ..., limited_by: _Optional[str] = ...) -> None: ...

class ListModelsRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ListModelsResponse(_message.Message):
    __slots__ = ("models",)
    MODELS_FIELD_NUMBER: _ClassVar[int]
    models: _containers.RepeatedCompositeFieldContainer[Model]
    def __init__(self, models: _Optional[_Iterable[_Union[Model, _Mapping[str, object]]]] = ...) -> None: ...

class Model(_message.Message):
    __slots__ = ("name", "title", "equations", "reference", "species", "parameters", "default_dt")
    NAME_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    EQUATIONS_FIELD_NUMBER: _ClassVar[int]
    REFERENCE_FIELD_NUMBER: _ClassVar[int]
    SPECIES_FIELD_NUMBER: _ClassVar[int]
    PARAMETERS_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_DT_FIELD_NUMBER: _ClassVar[int]
    name: str
    title: str
    equations: str
    reference: str
    species: _containers.RepeatedCompositeFieldContainer[Species]
    parameters: _containers.RepeatedCompositeFieldContainer[Parameter]
    default_dt: float
    def __init__(self, name: _Optional[str] = ..., title: _Optional[str] = ..., equations: _Optional[str] = ..., reference: _Optional[str] = ..., species: _Optional[_Iterable[_Union[Species, _Mapping[str, object]]]] = ..., parameters: _Optional[_Iterable[_Union[Parameter, _Mapping[str, object]]]] = ..., default_dt: _Optional[float] = ...) -> None: ...

class Species(_message.Message):
    __slots__ = ("name", "unit")
    NAME_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    name: str
    unit: str
    def __init__(self, name: _Optional[str] = ..., unit: _Optional[str] = ...) -> None: ...

class Parameter(_message.Message):
    __slots__ = ("name", "description", "default_value", "min", "max", "unit", "is_switch")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_VALUE_FIELD_NUMBER: _ClassVar[int]
    MIN_FIELD_NUMBER: _ClassVar[int]
    MAX_FIELD_NUMBER: _ClassVar[int]
    UNIT_FIELD_NUMBER: _ClassVar[int]
    IS_SWITCH_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    default_value: float
    min: float
    max: float
    unit: str
    is_switch: bool
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., default_value: _Optional[float] = ..., min: _Optional[float] = ..., max: _Optional[float] = ..., unit: _Optional[str] = ..., is_switch: _Optional[bool] = ...) -> None: ...

class UploadArrayRequest(_message.Message):
    __slots__ = ("part",)
    PART_FIELD_NUMBER: _ClassVar[int]
    part: _types_pb2.ArrayPart
    def __init__(self, part: _Optional[_Union[_types_pb2.ArrayPart, _Mapping[str, object]]] = ...) -> None: ...

class UploadArrayResponse(_message.Message):
    __slots__ = ("array_ref", "expires_in_seconds")
    ARRAY_REF_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_IN_SECONDS_FIELD_NUMBER: _ClassVar[int]
    array_ref: str
    expires_in_seconds: int
    def __init__(self, array_ref: _Optional[str] = ..., expires_in_seconds: _Optional[int] = ...) -> None: ...
