"""What messages cost, hostile ones included."""

from collections.abc import Sequence

import pytest
from google.protobuf.descriptor import Descriptor, FieldDescriptor, ServiceDescriptor

from mfn_grpc.v1 import federation_pb2, simulation_pb2
from mfn_server import health, reflection
from mfn_server.limiting.costs import COSTS, Resource, cell_steps, clients
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES, MOST_BYTES, max_request_bytes
from tests.server.calling import METHODS, path_of


def simulate(shape: Sequence[int], steps: int) -> simulation_pb2.SimulateRequest:
    grid = simulation_pb2.Grid(shape=shape)
    return simulation_pb2.SimulateRequest(spec=simulation_pb2.SimulationSpec(grid=grid, steps=steps))


@pytest.mark.parametrize(
    ("shape", "steps", "cost"),
    [
        ((128, 64), 10, 81920),
        ((), 2, 131072),  # the default grid
        ((4096, 4096), 100_000_000, 4096 * 4096 * 10**8),
    ],
)
def test_a_simulation_costs_its_cells_times_its_steps(shape: Sequence[int], steps: int, cost: int) -> None:
    assert cell_steps(simulate(shape, steps), 0) == cost


@pytest.mark.parametrize(
    ("shape", "steps"),
    [
        ((2**62, 2**62), 2**62),
        ((-5, 256), 10),
        ((256, 256), -1),
        ((256, 256), 0),
        ((256,), 10),
        ((0, 0), 10),
        ((8,) * 100_000, 10),
    ],
)
def test_a_spec_that_no_server_accepts_costs_1(shape: Sequence[int], steps: int) -> None:
    assert cell_steps(simulate(shape, steps), 0) == 1


def test_an_aggregation_costs_its_clients() -> None:
    begin = federation_pb2.AggregateRequest(client_begin=federation_pb2.AggregateClientBegin())
    assert (clients(begin, 0), clients(federation_pb2.AggregateRequest(), 0)) == (1, 0)


def test_every_method_that_costs_something_exists_and_all_streams_pay_for_bytes() -> None:
    paths = {path_of(method): method for method in METHODS.values()}
    assert set(COSTS) <= set(paths)
    streams = {path for path, method in paths.items() if method.client_streaming}
    assert streams <= {path for path, costs in COSTS.items() if Resource.BYTES in dict(costs)}


def test_the_methods_with_small_messages_are_those_whose_messages_hold_no_bulk() -> None:
    ours = {method.full_name: method for method in METHODS.values()}
    small = {name for name in MOST_BYTES if name.startswith("mfn.")}
    assert small <= set(ours)
    assert {name for name, method in ours.items() if not _holds_bulk(method.input_type)} == small
    assert max_request_bytes("mfn.v1.SimulationService.Simulate") == MAX_MESSAGE_BYTES


@pytest.mark.parametrize("service", [health.SERVICE, reflection.SERVICE])
def test_no_request_of_health_and_reflection_may_be_large(service: ServiceDescriptor) -> None:
    assert all(max_request_bytes(method.full_name) < MAX_MESSAGE_BYTES for method in service.methods)


def _holds_bulk(message: Descriptor | None) -> bool:
    """Whether it has, at any depth, the data of an array or of a chunk: bytes that are named so."""
    return any(
        field.name == "data" if field.type == FieldDescriptor.TYPE_BYTES else _holds_bulk(field.message_type)
        for field in (message.fields if message else ())
        if field.type in {FieldDescriptor.TYPE_BYTES, FieldDescriptor.TYPE_MESSAGE}
    )
