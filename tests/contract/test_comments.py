"""Every declaration explains itself, and what comments promise agrees with what is declared."""

import re

import grpc
import pytest
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    EnumValueDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    OneofDescriptorProto,
    ServiceDescriptorProto,
)

from mfn_grpc.v1.error_reason_pb2 import ErrorReason
from tests.contract.reasons import info_of
from tests.contract.walk import Element, elements_of

KINDS = [
    DescriptorProto,
    EnumDescriptorProto,
    EnumValueDescriptorProto,
    FieldDescriptorProto,
    MethodDescriptorProto,
    OneofDescriptorProto,
    ServiceDescriptorProto,
]
CODES = {code.name for code in grpc.StatusCode}


@pytest.mark.parametrize("kind", KINDS)
def test_every_declaration_has_a_leading_comment(elements: tuple[Element, ...], kind: type) -> None:
    of_kind = [element for element in elements if isinstance(element.declaration, kind)]
    assert of_kind
    assert [element.name for element in of_kind if not element.comment] == []


def test_a_declaration_without_a_comment_would_be_found() -> None:
    file = FileDescriptorProto(message_type=[DescriptorProto(name="Bare", field=[FieldDescriptorProto(name="field")])])
    file.source_code_info.location.add(path=[4, 0], leading_comments=" Explained.")
    assert [(element.name, element.comment) for element in elements_of(file)] == [
        ("Bare", "Explained."),
        ("Bare.field", ""),
    ]


def test_comments_are_sentences(elements: tuple[Element, ...]) -> None:
    assert [element.name for element in elements if not element.comment.endswith(".")] == []


def test_every_reason_named_in_a_comment_is_in_the_catalogue_under_that_status_code(
    elements: tuple[Element, ...],
) -> None:
    text = " ".join(re.sub(r"\s+", " ", element.comment) for element in elements)
    named = {pair for pair in re.findall(r"\b([A-Z_]+) / ([A-Z_]+)\b", text) if pair[0] in CODES}
    catalogue = {
        (info_of(number).status_code, name.removeprefix("ERROR_REASON_")) for name, number in ErrorReason.items()
    }
    assert named
    assert named - catalogue == set()


def has_default_beside_zero(comment: str) -> bool:
    """Whether a field's comment gives it a default that proto3 would not give by itself."""
    defaults = re.findall(r"[Dd]efault:? (true|-?\d[\d.,e-]*)", comment)
    return any(default == "true" or float(default.rstrip(".,").replace(",", "")) != 0 for default in defaults)


def test_a_scalar_whose_default_is_not_zero_is_optional(elements: tuple[Element, ...]) -> None:
    """Without presence, a caller could not tell "left out" from 0, which is a value."""
    composite = {FieldDescriptorProto.TYPE_MESSAGE, FieldDescriptorProto.TYPE_ENUM}
    with_default = {
        element.name: element.declaration.proto3_optional
        for element in elements
        if isinstance(element.declaration, FieldDescriptorProto)
        and element.declaration.type not in composite
        and element.declaration.label != FieldDescriptorProto.LABEL_REPEATED
        and has_default_beside_zero(element.comment)
    }
    assert len(with_default) > 50
    assert [name for name, optional in with_default.items() if not optional] == []
