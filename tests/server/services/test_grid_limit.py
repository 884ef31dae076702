"""A small machine takes no grid larger than it can bear, whichever way it comes; its own checks run all the same."""

from collections.abc import Callable, Iterator

import numpy as np
import pytest
from google.protobuf.message import Message

from mfn_grpc.arrays import split_parts, to_array
from mfn_grpc.v1 import features_pb2, simulation_pb2, validation_pb2
from mfn_server.embedded import EmbeddedServer
from tests.server.calling import Wire
from tests.server.fields import field, history, stream_messages
from tests.server.specs import spec

MOST = 16 * 20
FITTING, TOO_LARGE = (16, 20), (16, 21)
FAULT = "is 16 x 21 = 336 cells, must have at most 320, the most that this server takes (its MFN_MAX_CELLS)"


@pytest.fixture(scope="module")
def small(_compiled_kernels: None) -> Iterator[Wire]:
    """A caller of a server that takes few cells."""
    with EmbeddedServer(compute_threads=2, max_cells=MOST) as server:
        caller = Wire(server.target, server.api_key)
        yield caller
        caller.close()


def uploading(shape: tuple[int, int]) -> Message:
    """The first part of a state of these rows and columns."""
    return simulation_pb2.UploadArrayRequest(part=next(iter(split_parts("", np.ones((2, *shape))))))


REQUESTS: dict[str, tuple[str, Callable[[tuple[int, int]], Message]]] = {
    "Simulate": ("spec.grid.shape", lambda shape: simulation_pb2.SimulateRequest(spec=spec(shape=shape))),
    "RunSimulation": ("spec.grid.shape", lambda shape: simulation_pb2.RunSimulationRequest(spec=spec(shape=shape))),
    "UploadArray": ("part.header.shape", uploading),
    "ExtractFeatures": (
        "array.shape",
        lambda shape: features_pb2.ExtractFeaturesRequest(array=to_array(history(3, shape=shape))),
    ),
    "AnalyzeFractal": (
        "array.shape",
        lambda shape: features_pb2.AnalyzeFractalRequest(array=to_array(field(shape=shape)), threshold=0),
    ),
    "ExtractFeatureStream": ("begin.shape", lambda shape: next(stream_messages([field(shape=shape)]))),
}


@pytest.mark.parametrize("method", REQUESTS)
def test_a_grid_beyond_the_limit_is_refused_by_its_field_in_every_call(small: Wire, method: str) -> None:
    path, request = REQUESTS[method]
    refusal = small.refusal(method, request(TOO_LARGE))
    assert refusal.reason == "INVALID_FIELD"
    assert refusal.violations == {path: FAULT}


def test_a_grid_at_the_limit_is_taken(small: Wire) -> None:
    for method in ("RunSimulation", "ExtractFeatures"):
        assert small.answer(method, REQUESTS[method][1](FITTING))


def test_the_default_grid_counts_like_a_grid_that_is_named(small: Wire) -> None:
    message = spec()
    message.ClearField("grid")
    refusal = small.refusal("RunSimulation", simulation_pb2.RunSimulationRequest(spec=message))
    assert "256 x 256 = 65,536 cells" in refusal.violations["spec.grid.shape"]


def test_the_servers_own_checks_are_not_bound_by_it(small: Wire) -> None:
    request = validation_pb2.ValidateRequest(suite=validation_pb2.VALIDATION_SUITE_QUICK)
    assert small.answer("Validate", request).summary.passed


@pytest.mark.parametrize("shape", [(1000,), (1, 1000), (8193, 1)])
def test_no_shape_of_an_upload_gets_past_it(small: Wire, shape: tuple[int, ...]) -> None:
    part = next(iter(split_parts("", np.ones(shape))))
    refusal = small.refusal("UploadArray", simulation_pb2.UploadArrayRequest(part=part))
    assert list(refusal.violations) == ["part.header.shape"]
