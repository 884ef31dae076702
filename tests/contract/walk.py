"""Walks compiled proto files: every declaration by its full name, with the comment that leads it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    ServiceDescriptorProto,
)

Declaration = object
Place = tuple[int, ...]
Found = Iterator[tuple[str, Place, Declaration]]


@dataclass(frozen=True)
class Element:
    """A message, field, oneof, enum, enum value, service, method or extension."""

    name: str
    declaration: Declaration
    comment: str


def elements_of(file: FileDescriptorProto) -> Iterator[Element]:
    """Every declaration of a file; the numbers of a path are those of descriptor.proto."""
    comments = {tuple(span.path): span.leading_comments.strip() for span in file.source_code_info.location}
    for name, path, declaration in _declarations(file):
        yield Element(name, declaration, comments.get(path, ""))


def _declarations(file: FileDescriptorProto) -> Found:
    yield from _messages(file.message_type, "", (4,))
    yield from _enums(file.enum_type, "", (5,))
    yield from _services(file.service)
    yield from _fields(file.extension, "", (7,))


def _messages(messages: Iterable[DescriptorProto], scope: str, at: Place) -> Found:
    for index, message in enumerate(messages):
        if message.options.map_entry:
            continue  # written by the compiler
        name, path = scope + message.name, (*at, index)
        yield name, path, message
        yield from _fields(message.field, f"{name}.", (*path, 2))
        yield from _messages(message.nested_type, f"{name}.", (*path, 3))
        yield from _enums(message.enum_type, f"{name}.", (*path, 4))
        yield from _oneofs(message, f"{name}.", (*path, 8))


def _fields(fields: Iterable[FieldDescriptorProto], scope: str, at: Place) -> Found:
    for index, field in enumerate(fields):
        yield scope + field.name, (*at, index), field


def _oneofs(message: DescriptorProto, scope: str, at: Place) -> Found:
    behind_optional = {field.oneof_index for field in message.field if field.proto3_optional}
    for index, oneof in enumerate(message.oneof_decl):
        if index not in behind_optional:
            yield scope + oneof.name, (*at, index), oneof


def _enums(enums: Iterable[EnumDescriptorProto], scope: str, at: Place) -> Found:
    for index, enum in enumerate(enums):
        yield scope + enum.name, (*at, index), enum
        for position, value in enumerate(enum.value):
            yield f"{scope}{enum.name}.{value.name}", (*at, index, 2, position), value


def _services(services: Iterable[ServiceDescriptorProto]) -> Found:
    for index, service in enumerate(services):
        yield service.name, (6, index), service
        for position, method in enumerate(service.method):
            yield f"{service.name}.{method.name}", (6, index, 2, position), method
