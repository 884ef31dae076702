from mfn_grpc.v1 import scope_pb2 as _scope_pb2
from mfn_grpc.v1 import types_pb2 as _types_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ComputeNernstRequest(_message.Message):
    __slots__ = ("z_valence", "concentration_out_molar", "concentration_in_molar", "temperature_k")
    Z_VALENCE_FIELD_NUMBER: _ClassVar[int]
    CONCENTRATION_OUT_MOLAR_FIELD_NUMBER: _ClassVar[int]
    CONCENTRATION_IN_MOLAR_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_K_FIELD_NUMBER: _ClassVar[int]
    z_valence: int
    concentration_out_molar: float
    concentration_in_molar: float
    temperature_k: float
    def __init__(self, z_valence: _Optional[int] = ..., concentration_out_molar: _Optional[float] = ..., concentration_in_molar: _Optional[float] = ..., temperature_k: _Optional[float] = ...) -> None: ...

class ComputeNernstResponse(_message.Message):
    __slots__ = ("potential_mv",)
    POTENTIAL_MV_FIELD_NUMBER: _ClassVar[int]
    potential_mv: float
    def __init__(self, potential_mv: _Optional[float] = ...) -> None: ...

class ComputeNernstBatchRequest(_message.Message):
    __slots__ = ("z_valence", "concentration_out_molar", "concentration_in_molar", "temperature_k")
    Z_VALENCE_FIELD_NUMBER: _ClassVar[int]
    CONCENTRATION_OUT_MOLAR_FIELD_NUMBER: _ClassVar[int]
    CONCENTRATION_IN_MOLAR_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_K_FIELD_NUMBER: _ClassVar[int]
    z_valence: _types_pb2.Array
    concentration_out_molar: _types_pb2.Array
    concentration_in_molar: _types_pb2.Array
    temperature_k: _types_pb2.Array
    def __init__(self, z_valence: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ..., concentration_out_molar: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ..., concentration_in_molar: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ..., temperature_k: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ...) -> None: ...

class ComputeNernstBatchResponse(_message.Message):
    __slots__ = ("potential_mv",)
    POTENTIAL_MV_FIELD_NUMBER: _ClassVar[int]
    potential_mv: _types_pb2.Array
    def __init__(self, potential_mv: _Optional[_Union[_types_pb2.Array, _Mapping[str, object]]] = ...) -> None: ...

class Ion(_message.Message):
    __slots__ = ("z_valence", "permeability", "concentration_out_molar", "concentration_in_molar", "name")
    Z_VALENCE_FIELD_NUMBER: _ClassVar[int]
    PERMEABILITY_FIELD_NUMBER: _ClassVar[int]
    CONCENTRATION_OUT_MOLAR_FIELD_NUMBER: _ClassVar[int]
    CONCENTRATION_IN_MOLAR_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    z_valence: int
    permeability: float
    concentration_out_molar: float
    concentration_in_molar: float
    name: str
    def __init__(self, z_valence: _Optional[int] = ..., permeability: _Optional[float] = ..., concentration_out_molar: _Optional[float] = ..., concentration_in_molar: _Optional[float] = ..., name: _Optional[str] = ...) -> None: ...

class ComputeGoldmanRequest(_message.Message):
    __slots__ = ("ions", "temperature_k")
    IONS_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_K_FIELD_NUMBER: _ClassVar[int]
    ions: _containers.RepeatedCompositeFieldContainer[Ion]
    temperature_k: float
    def __init__(self, ions: _Optional[_Iterable[_Union[Ion, _Mapping[str, object]]]] = ..., temperature_k: _Optional[float] = ...) -> None: ...

class ComputeGoldmanResponse(_message.Message):
    __slots__ = ("potential_mv",)
    POTENTIAL_MV_FIELD_NUMBER: _ClassVar[int]
    potential_mv: float
    def __init__(self, potential_mv: _Optional[float] = ...) -> None: ...

class ComputeGoldmanCurrentRequest(_message.Message):
    __slots__ = ("ion", "membrane_potential_mv", "temperature_k")
    ION_FIELD_NUMBER: _ClassVar[int]
    MEMBRANE_POTENTIAL_MV_FIELD_NUMBER: _ClassVar[int]
    TEMPERATURE_K_FIELD_NUMBER: _ClassVar[int]
    ion: Ion
    membrane_potential_mv: float
    temperature_k: float
    def __init__(self, ion: _Optional[_Union[Ion, _Mapping[str, object]]] = ..., membrane_potential_mv: _Optional[float] = ..., temperature_k: _Optional[float] = ...) -> None: ...

class ComputeGoldmanCurrentResponse(_message.Message):
    __slots__ = ("current_density_a_per_m2",)
    CURRENT_DENSITY_A_PER_M2_FIELD_NUMBER: _ClassVar[int]
    current_density_a_per_m2: float
    def __init__(self, current_density_a_per_m2: _Optional[float] = ...) -> None: ...
