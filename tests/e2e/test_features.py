"""Features of a run that outlives its server: the same bytes as of a run that was never interrupted."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1.types_pb2 import FeatureOptions
from tests.e2e.conftest import Serve
from tests.e2e.process import PATIENCE_S
from tests.server.specs import spec

STEPS, STRIDE = 6_000, 500
MESSAGE = spec("gray_scott", steps=STEPS, shape=(256, 256))
"""1 MiB a frame: more in all than a connection holds, and enough compute between frames for checkpoints."""
OPTIONS = FeatureOptions(species="v", thresholds=[0.1, 0.2, 0.3])


def simulate(server: Any, token: bytes = b"") -> Any:
    request = pb.SimulateRequest(
        spec=MESSAGE, frame_stride=STRIDE, with_features=True, feature_options=OPTIONS, resume_token=token
    )
    return server.simulation.Simulate(request, timeout=PATIENCE_S)


def features(responses: Iterable[Any]) -> dict[int, bytes]:
    """The features of every whole frame, as bytes."""
    return {each.frame.step: each.frame.features.SerializeToString() for each in responses if each.frame.last}


@pytest.mark.parametrize("shared", ["directory", "token key"])
def test_killed_and_restarted_a_run_goes_on_with_the_features_of_an_unbroken_one(
    serve: Serve, tmp_path: Path, shared: str
) -> None:
    settings: dict[str, Any] = {"state_dir": tmp_path, "checkpoint_s": 0.1}
    if shared == "token key":
        settings = {"resume_token_key": "r" * 32}
    server = serve(**settings)
    unbroken = list(simulate(server))
    seen: list[Any] = []
    for answer in simulate(server):
        seen.append(answer)
        saved = shared != "directory" or list(tmp_path.glob("checkpoints/*/*.npz"))
        if answer.frame.last and answer.frame.step >= 2 * STRIDE and saved:
            break
    server.kill()
    other = serve(**settings)
    resumed = list(simulate(other, seen[-1].frame.resume_token))
    assert resumed[0].started.resumed_from_step == seen[-1].frame.step
    assert features(seen) | features(resumed) == features(unbroken)
    assert not set(features(seen)) & set(features(resumed))
    last, expected = resumed[-1].summary, unbroken[-1].summary
    assert last.features.SerializeToString() == expected.features.SerializeToString()
    assert last.undefined_features == expected.undefined_features
