from google.protobuf import descriptor_pb2 as _descriptor_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from typing import ClassVar as _ClassVar

DESCRIPTOR: _descriptor.FileDescriptor

class Scope(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SCOPE_UNSPECIFIED: _ClassVar[Scope]
    SCOPE_READ: _ClassVar[Scope]
    SCOPE_SIMULATE: _ClassVar[Scope]
    SCOPE_FEATURES: _ClassVar[Scope]
    SCOPE_VALIDATE: _ClassVar[Scope]
    SCOPE_FEDERATE: _ClassVar[Scope]
    SCOPE_ADMIN: _ClassVar[Scope]
SCOPE_UNSPECIFIED: Scope
SCOPE_READ: Scope
SCOPE_SIMULATE: Scope
SCOPE_FEATURES: Scope
SCOPE_VALIDATE: Scope
SCOPE_FEDERATE: Scope
SCOPE_ADMIN: Scope
SCOPES_FIELD_NUMBER: int
scopes: _descriptor.FieldDescriptor
