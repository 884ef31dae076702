from dataclasses import fields
from typing import Any

import pytest

from mfn_grpc.core.aggregation import PRE_AGGREGATORS, RULES
from mfn_grpc.core.limits import limits_of
from mfn_grpc.v1 import federation_pb2 as pb

POLICY = pb.AggregationPolicy.DESCRIPTOR


def test_the_rules_are_those_of_the_contract_in_its_order() -> None:
    assert list(RULES) == [field.name for field in POLICY.oneofs_by_name["rule"].fields]


def test_the_pre_aggregators_are_those_of_the_contract_in_its_order() -> None:
    assert list(PRE_AGGREGATORS) == [field.name for field in pb.PreAggregator.DESCRIPTOR.oneofs_by_name["kind"].fields]


@pytest.mark.parametrize(("message", "parts"), [(POLICY, RULES), (pb.PreAggregator.DESCRIPTOR, PRE_AGGREGATORS)])
def test_the_parameters_are_those_of_the_contract(message: Any, parts: dict[str, Any]) -> None:
    for name, part in parts.items():
        assert message.fields_by_name[name].message_type.name == part.__name__
        expected = [field.name for field in message.fields_by_name[name].message_type.fields]
        assert [field.name for field in fields(part)] == expected


def test_every_number_has_a_range() -> None:
    parts: list[Any] = [*RULES.values(), *PRE_AGGREGATORS.values()]
    for part in parts:
        numbers = [field.name for field in fields(part) if "int" in str(field.type) or "float" in str(field.type)]
        assert [name for name in numbers if name not in limits_of(part)] == []
