from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ElementType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ELEMENT_TYPE_UNSPECIFIED: _ClassVar[ElementType]
    ELEMENT_TYPE_FLOAT64: _ClassVar[ElementType]
    ELEMENT_TYPE_FLOAT32: _ClassVar[ElementType]
    ELEMENT_TYPE_FLOAT16: _ClassVar[ElementType]
    ELEMENT_TYPE_BFLOAT16: _ClassVar[ElementType]
    ELEMENT_TYPE_INT64: _ClassVar[ElementType]
    ELEMENT_TYPE_INT32: _ClassVar[ElementType]
    ELEMENT_TYPE_INT8: _ClassVar[ElementType]
    ELEMENT_TYPE_UINT8: _ClassVar[ElementType]
    ELEMENT_TYPE_BOOL: _ClassVar[ElementType]
ELEMENT_TYPE_UNSPECIFIED: ElementType
ELEMENT_TYPE_FLOAT64: ElementType
ELEMENT_TYPE_FLOAT32: ElementType
ELEMENT_TYPE_FLOAT16: ElementType
ELEMENT_TYPE_BFLOAT16: ElementType
ELEMENT_TYPE_INT64: ElementType
ELEMENT_TYPE_INT32: ElementType
ELEMENT_TYPE_INT8: ElementType
ELEMENT_TYPE_UINT8: ElementType
ELEMENT_TYPE_BOOL: ElementType

class Array(_message.Message):
    __slots__ = ("element_type", "shape", "data")
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    element_type: ElementType
    shape: _containers.RepeatedScalarFieldContainer[int]
    data: bytes
    def __init__(self, element_type: _Optional[_Union[ElementType, str]] = ..., shape: _Optional[_Iterable[int]] = ..., data: _Optional[bytes] = ...) -> None: ...

class ArrayHeader(_message.Message):
    __slots__ = ("name", "element_type", "shape", "scale", "offset")
    NAME_FIELD_NUMBER: _ClassVar[int]
    ELEMENT_TYPE_FIELD_NUMBER: _ClassVar[int]
    SHAPE_FIELD_NUMBER: _ClassVar[int]
    SCALE_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    name: str
    element_type: ElementType
    shape: _containers.RepeatedScalarFieldContainer[int]
    scale: float
    offset: float
    def __init__(self, name: _Optional[str] = ..., element_type: _Optional[_Union[ElementType, str]] = ..., shape: _Optional[_Iterable[int]] = ..., scale: _Optional[float] = ..., offset: _Optional[float] = ...) -> None: ...

class ArrayPart(_message.Message):
    __slots__ = ("header", "offset", "total_bytes", "crc32c", "data")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    OFFSET_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    CRC32C_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    header: ArrayHeader
    offset: int
    total_bytes: int
    crc32c: int
    data: bytes
    def __init__(self, header: _Optional[_Union[ArrayHeader, _Mapping[str, object]]] = ..., offset: _Optional[int] = ..., total_bytes: _Optional[int] = ..., crc32c: _Optional[int] = ..., data: _Optional[bytes] = ...) -> None: ...

class FeatureOptions(_message.Message):
    __slots__ = ("species", "thresholds")
    SPECIES_FIELD_NUMBER: _ClassVar[int]
    THRESHOLDS_FIELD_NUMBER: _ClassVar[int]
    species: str
    thresholds: _containers.RepeatedScalarFieldContainer[float]
    def __init__(self, species: _Optional[str] = ..., thresholds: _Optional[_Iterable[float]] = ...) -> None: ...

class Features(_message.Message):
    __slots__ = ("d_box", "d_r2", "v_min", "v_max", "v_mean", "v_std", "v_skew", "v_kurt", "dv_mean", "dv_max", "t_stable", "e_trend", "f_active", "n_clusters_low", "n_clusters_med", "n_clusters_high", "max_cluster_size", "cluster_size_std")
    D_BOX_FIELD_NUMBER: _ClassVar[int]
    D_R2_FIELD_NUMBER: _ClassVar[int]
    V_MIN_FIELD_NUMBER: _ClassVar[int]
    V_MAX_FIELD_NUMBER: _ClassVar[int]
    V_MEAN_FIELD_NUMBER: _ClassVar[int]
    V_STD_FIELD_NUMBER: _ClassVar[int]
    V_SKEW_FIELD_NUMBER: _ClassVar[int]
    V_KURT_FIELD_NUMBER: _ClassVar[int]
    DV_MEAN_FIELD_NUMBER: _ClassVar[int]
    DV_MAX_FIELD_NUMBER: _ClassVar[int]
    T_STABLE_FIELD_NUMBER: _ClassVar[int]
    E_TREND_FIELD_NUMBER: _ClassVar[int]
    F_ACTIVE_FIELD_NUMBER: _ClassVar[int]
    N_CLUSTERS_LOW_FIELD_NUMBER: _ClassVar[int]
    N_CLUSTERS_MED_FIELD_NUMBER: _ClassVar[int]
    N_CLUSTERS_HIGH_FIELD_NUMBER: _ClassVar[int]
    MAX_CLUSTER_SIZE_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_SIZE_STD_FIELD_NUMBER: _ClassVar[int]
    d_box: float
    d_r2: float
    v_min: float
    v_max: float
    v_mean: float
    v_std: float
    v_skew: float
    v_kurt: float
    dv_mean: float
    dv_max: float
    t_stable: float
    e_trend: float
    f_active: float
    n_clusters_low: float
    n_clusters_med: float
    n_clusters_high: float
    max_cluster_size: float
    cluster_size_std: float
    def __init__(self, d_box: _Optional[float] = ..., d_r2: _Optional[float] = ..., v_min: _Optional[float] = ..., v_max: _Optional[float] = ..., v_mean: _Optional[float] = ..., v_std: _Optional[float] = ..., v_skew: _Optional[float] = ..., v_kurt: _Optional[float] = ..., dv_mean: _Optional[float] = ..., dv_max: _Optional[float] = ..., t_stable: _Optional[float] = ..., e_trend: _Optional[float] = ..., f_active: _Optional[float] = ..., n_clusters_low: _Optional[float] = ..., n_clusters_med: _Optional[float] = ..., n_clusters_high: _Optional[float] = ..., max_cluster_size: _Optional[float] = ..., cluster_size_std: _Optional[float] = ...) -> None: ...

class UndefinedValue(_message.Message):
    __slots__ = ("name", "reason")
    NAME_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    name: str
    reason: str
    def __init__(self, name: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...
