"""Both faces against a real grpc server with a made-up back end."""

import asyncio

import numpy as np
import pytest

from mfn_client import AsyncClient, Boundary, Client, InvalidArgument, Ion, NotFound, Overloaded, Unavailable
from tests.client.backend import Seen
from tests.client.faces import Face
from tests.client.fakes import field, serving


def test_numbers_go_in_and_come_out(call: Face) -> None:
    assert call("nernst", 2, 0.1, 0.2) == 2 * 310.15
    assert call("nernst", 2, 0.1, 0.2, 300.0) == 600.0
    assert call("goldman", [Ion(1, 1.0, 0.1, 0.1)] * 3) == 3.0
    assert call("goldman_current", Ion(1, 0.5, 0.1, 0.1), -70.0) == -35.0


def test_arrays_go_in_and_come_out_however_large(call: Face, seen: Seen) -> None:
    out = np.linspace(0.1, 1.0, 10**6).reshape(1000, 1000)
    np.testing.assert_array_equal(call("nernst_batch", 1, out, 0.1), out)
    assert len(seen.metadata) == 2


def test_models_stability_and_runs_are_typed(call: Face) -> None:
    assert [model.name for model in call("models")] == ["mycelium", "gray_scott"]
    report = call("analyze", "brusselator", dt=0.5, boundary=Boundary("no_flux"))
    assert (report.dt, report.predicted_wavelength) == (0.5, 12.5)
    result = call("run", "gray_scott", steps=7, with_final_state=True, rows=4, cols=4)
    assert (result.summary.steps_done, result.started.model) == (7, "gray_scott")
    assert result.final_state.shape == (2, 4, 4)
    assert call("run", "gray_scott", steps=7).final_state is None


def test_frames_stream(call: Face) -> None:
    frames = call("simulate", "gray_scott", steps=10, stride=4)
    assert [frame.step for frame in frames] == [0, 4, 8, 10]
    np.testing.assert_array_equal(frames[2].fields["v"], field(8))


def test_features_and_fractals_of_a_field_are_typed(call: Face, seen: Seen) -> None:
    history = np.arange(24.0).reshape(2, 3, 4)
    found = call("extract_features", history, (5.0, 20.5, 22.0))
    assert (found.features.v_max, found.features.dv_mean) == (23.0, 12.0)
    assert found.features.f_active == 3 / 24
    assert [(each.name, each.reason) for each in found.undefined] == [("d_box", "there is no [d_box] here")]
    analysis = call("analyze_fractal", history[0], 4.5, estimators=["boundary_count"], lacunarity_box_edges=[2, 3])
    assert (analysis.set_cells, analysis.total_cells) == (7, 12)
    assert [each.estimator for each in analysis.dimensions] == ["boundary_count"]
    assert [each.box_edge_cells for each in analysis.lacunarity] == [2, 3]
    np.testing.assert_array_equal(seen.arrays[1], history[0])


def test_a_field_that_does_not_fit_into_a_message_is_uploaded_first(call: Face, seen: Seen) -> None:
    large = np.random.default_rng(2).uniform(-90, 10, (3, 600, 400))
    found = call("extract_features", large)
    np.testing.assert_array_equal(seen.arrays[0], large)
    assert found.features.v_max == large[-1].max()
    assert call("analyze_fractal", np.ones((2100, 2100), np.uint8)).set_cells == 2100**2
    assert [array.dtype for array in seen.uploaded.values()] == [np.float64, np.bool_]


def test_a_field_that_the_server_keeps_is_not_sent_again(call: Face, seen: Seen) -> None:
    field_to_keep = np.arange(12.0).reshape(3, 4)
    kept = call("upload", field_to_keep)
    assert call("extract_features", kept).features.v_max == 11.0
    assert call("analyze_fractal", kept, 4.5).set_cells == 7
    assert len(seen.uploaded) == 1


def test_the_seconds_of_a_call_cover_its_upload(call: Face, seen: Seen) -> None:
    seen.upload_takes_s = 0.5
    call("extract_features", np.zeros((1, 800, 800)), timeout=9.0)
    upload, extraction = seen.seconds
    assert upload is not None
    assert extraction is not None
    # grpc rounds what it tells the server up, below 10 s to hundredths.
    assert upload <= 9.01
    assert extraction <= 8.51
    call("extract_features", np.zeros((2, 2)))
    assert seen.seconds[-1] == pytest.approx(120, abs=5)


def test_a_run_tells_its_features_when_asked(call: Face) -> None:
    levels = (0.1, 0.2, 0.3)
    result = call("run", "gray_scott", steps=7, with_features=True, feature_species="v", thresholds=levels)
    assert (result.summary.features.v_mean, result.summary.features.f_active) == (7.0, 0.2)
    assert [(each.name, each.reason) for each in result.summary.undefined_features] == [("d_box", "v")]
    assert call("run", "gray_scott", steps=7).summary.features is None


def test_a_validation_is_typed(call: Face) -> None:
    report = call("validate", "learning", 5)
    assert [each.name for each in report.checks] == ["nernst_k", "growth_rate", "koch"]
    assert (report.summary.suite, report.summary.seed, report.summary.passed) == ("learning", 5, True)
    with pytest.raises(InvalidArgument) as caught:
        call("validate", "everything", "x")
    assert [each.field for each in caught.value.violations] == ["suite", "seed"]


def test_a_stream_that_the_server_aborts_is_resumed_over_the_same_channel(call: Face, seen: Seen) -> None:
    seen.abort_after = 5
    frames = call("simulate", "gray_scott", steps=10, stride=4)
    assert [frame.step for frame in frames] == [0, 4, 8, 10]
    assert len(seen.metadata) == 2


def test_a_refused_token_reaches_the_caller(call: Face) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call("simulate", "gray_scott", steps=10, resume_token=b"foreign:0:0")
    assert caught.value.reason == "RESUME_TOKEN_INVALID"


def test_every_call_carries_the_key_and_an_id_of_its_own(call: Face, seen: Seen) -> None:
    call("nernst", 1, 0.1, 0.2)
    call("models")
    call("simulate", "gray_scott", steps=1)
    assert [metadata["x-api-key"] for metadata in seen.metadata] == ["secret"] * 3
    assert len({metadata["x-request-id"] for metadata in seen.metadata}) == 3


def test_refusals_name_the_field(call: Face) -> None:
    with pytest.raises(InvalidArgument) as caught:
        call("nernst", 0, 0.1, 0.2)
    assert str(caught.value) == "1 field is not valid (INVALID_FIELD)\n  z_valence: is 0, must be -3 to 3 without 0"


def test_unavailable_answers_are_retried_by_the_channel(call: Face, seen: Seen) -> None:
    seen.unavailable = 2
    assert call("nernst", 1, 0.1, 0.2, 300.0) == 300.0
    assert len(seen.metadata) == 3


def test_retries_end(call: Face, seen: Seen) -> None:
    seen.unavailable = 100
    with pytest.raises(Unavailable, match="not yet"):
        call("nernst", 1, 0.1, 0.2)
    assert len(seen.metadata) == 4


def test_a_busy_server_is_asked_again(call: Face, seen: Seen) -> None:
    seen.overloaded = 2
    assert call("nernst", 1, 0.1, 0.2, 300.0) == 300.0
    assert len(seen.metadata) == 3


def test_a_server_that_is_busy_for_longer_than_the_timeout_is_told_at_once(call: Face, seen: Seen) -> None:
    seen.overloaded, seen.retry_after_s = 100, 30
    with pytest.raises(Overloaded, match="busy") as caught:
        call("nernst", 1, 0.1, 0.2)
    assert caught.value.retry_after == 30
    assert len(seen.metadata) == 1


def test_every_unary_call_has_a_deadline_and_streams_have_none(call: Face, seen: Seen) -> None:
    call("nernst", 1, 0.1, 0.2)
    call("nernst", 1, 0.1, 0.2, timeout_s=77.0)
    call("nernst", 1, 0.1, 0.2, timeout_s=77.0, timeout=33.0)
    call("run", "gray_scott", steps=1)
    call("simulate", "gray_scott", steps=1)
    *unary, streamed = [seconds or 0.0 for seconds in seen.seconds]
    assert [round(seconds, -1) for seconds in unary] == [10, 80, 30, 600]
    assert streamed > 1e9  # grpc's word for no deadline


def test_health_is_a_word(call: Face) -> None:
    assert call("health") == "SERVING"
    assert call("health", "mfn.v1.FeatureService") == "NOT_SERVING"
    with pytest.raises(NotFound):
        call("health", "nobody")


def test_leaving_the_loop_stops_the_server(target: str, seen: Seen) -> None:
    with Client(target) as client:
        for frame in client.simulate("gray_scott", steps=10, stride=4, seed=99):
            assert frame.step == 0
            break
        assert seen.cancelled.wait(30)


async def test_leaving_the_asynchronous_loop_stops_the_server(target: str, seen: Seen) -> None:
    async with AsyncClient(target) as client:
        async for frame in client.simulate("gray_scott", steps=10, stride=4, seed=99):
            assert frame.step == 0
            break
        assert await asyncio.to_thread(seen.cancelled.wait, 30)


def test_nothing_is_opened_by_a_client_that_calls_nothing() -> None:
    with Client("nowhere.invalid:1") as client:
        assert client.target == "nowhere.invalid:1"


def test_a_server_that_is_not_there_is_unavailable() -> None:
    with serving() as target:
        pass
    with Client(target) as client, pytest.raises(Unavailable):
        client.nernst(1, 0.1, 0.2)
