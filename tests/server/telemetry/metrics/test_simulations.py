"""What is counted of runs is what their callers were told."""

import asyncio
import math
from time import monotonic

import grpc

from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.v1 import validation_pb2
from mfn_server.rpc.answering import PROMPT_S
from tests.server.calling import refused, rest_of
from tests.server.conftest import Start
from tests.server.gates import Gates, eventually
from tests.server.specs import diverging, endless, spec
from tests.server.telemetry.metrics.scraping import scrape, undeclared, value

EDGE = 32
THRESHOLDS = (-70, -69.9, -60)
SMALL = {"model": "mycelium", "grid": "64x64", "steps": "100"}


async def test_a_run_is_counted_as_its_summary_says(start: Start) -> None:
    server = await start(metrics_port=0)
    message = spec("mycelium", steps=60, shape=(EDGE, EDGE))
    request = pb.SimulateRequest(spec=message, frame_stride=20, with_features=True)
    request.feature_options.thresholds.extend(THRESHOLDS)
    answers = await rest_of(server.simulation.Simulate(request))
    summary = answers[-1].summary
    samples = await scrape(server)
    assert summary.mycelium.growth_events > 0
    assert value(samples, "mfn_growth_events_total", **SMALL) == summary.mycelium.growth_events
    assert value(samples, "mfn_simulation_cell_steps_total", **SMALL) == summary.steps_done * EDGE * EDGE
    assert value(samples, "mfn_simulation_frames_total", **SMALL) == sum(each.frame.last for each in answers) == 4
    assert value(samples, "mfn_fractal_dimension_sum", **SMALL) == summary.mycelium.fractal_dimension
    assert value(samples, "mfn_fractal_dimension_count") == 1
    assert value(samples, "mfn_simulation_duration_seconds_sum", **SMALL) == summary.compute_seconds > 0
    assert value(samples, "mfn_simulations_total", model="mycelium", stop_reason="completed") == 1
    assert value(samples, "mfn_simulations_total") == 1


async def test_several_runs_add_up_to_their_summaries_each_by_its_model_and_size(start: Start) -> None:
    server = await start(metrics_port=0)
    told: dict[tuple[str, ...], list[pb.Summary]] = {}
    for model, edge, steps, labels in (
        ("mycelium", 32, 60, SMALL),
        ("mycelium", 40, 80, SMALL),
        ("mycelium", 96, 120, {"model": "mycelium", "grid": "256x256", "steps": "1000"}),
        ("gray_scott", 32, 120, {"model": "gray_scott", "grid": "64x64", "steps": "1000"}),
    ):
        request = pb.RunSimulationRequest(spec=spec(model, steps=steps, shape=(edge, edge)), with_features=True)
        request.feature_options.thresholds.extend(THRESHOLDS if model == "mycelium" else (0.2, 0.5, 0.8))
        summary = (await server.simulation.RunSimulation(request)).summary
        told.setdefault(tuple(labels.values()), []).append(summary)
    samples = await scrape(server)
    for size, summaries in told.items():
        labels = dict(zip(SMALL, size, strict=True))
        growth = sum(each.mycelium.growth_events for each in summaries)
        dimensions = [dimension for each in summaries if not math.isnan(dimension := each.features.d_box)]
        assert value(samples, "mfn_growth_events_total", **labels) == growth
        assert value(samples, "mfn_fractal_dimension_count", **labels) == len(dimensions)
        assert value(samples, "mfn_fractal_dimension_sum", **labels) == sum(dimensions)
    assert value(samples, "mfn_growth_events_total") > 0 < value(samples, "mfn_fractal_dimension_count")
    assert not undeclared(samples)


async def test_a_reader_who_takes_nothing_for_a_while_is_counted_until_he_reads_on(start: Start) -> None:
    server = await start(metrics_port=0, compute_threads=1)
    call = server.simulation.Simulate(pb.SimulateRequest(spec=endless(shape=(512, 512)), frame_stride=1))
    rpcs = server.application.metrics.rpcs
    slow = "mfn_simulation_slow_reader_seconds_total"

    def sent() -> float:
        return sum(each.value for each in rpcs.collect()[3].samples)

    samples = await scrape(server)
    assert value(samples, slow) == 0
    while not value(samples, slow):
        await call.read()
        before, since = sent(), monotonic()
        while monotonic() < since + 2 * PROMPT_S:  # until nothing has been sent for as long as counts
            await asyncio.sleep(0)
            if sent() != before:
                before, since = sent(), monotonic()
        for _ in range(20):
            await call.read()
        samples = await scrape(server)
    assert value(samples, slow, model="gray_scott", grid="1024x1024", steps="more") == value(samples, slow) > 0
    call.cancel()


async def test_a_unary_run_without_features_counts_its_seconds_to_the_last_bit(start: Start) -> None:
    server = await start(metrics_port=0)
    answer = await server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec(steps=6)))
    samples = await scrape(server)
    size = {"model": "gray_scott", "grid": "64x64", "steps": "100"}
    assert value(samples, "mfn_simulation_duration_seconds_sum", **size) == answer.summary.compute_seconds
    assert value(samples, "mfn_simulation_duration_seconds_count", **size) == 1
    assert value(samples, "mfn_fractal_dimension_count") == 0


async def test_runs_under_way_and_waiting_are_seen_and_a_caller_who_leaves_is_cancelled(
    start: Start, gates: Gates
) -> None:
    server = await start(metrics_port=0, max_running=1)
    gates.allow(0)
    running = server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec(steps=6)))
    await gates.reached(6)
    waiting = server.simulation.RunSimulation(pb.RunSimulationRequest(spec=spec(steps=6)))
    await eventually(lambda: server.application.runtime.admission.queued == 1)
    samples = await scrape(server)
    assert (value(samples, "mfn_simulations_running"), value(samples, "mfn_simulations_queued")) == (1, 1)
    assert value(samples, "mfn_admission_running") == value(samples, "mfn_compute_workers_busy") == 1
    assert value(samples, "grpc_server_in_flight") == 2
    waiting.cancel()
    running.cancel()
    gates.open()
    simulations = server.application.metrics.simulations
    await eventually(lambda: not simulations.running and not simulations.queued)
    samples = await scrape(server)
    assert value(samples, "mfn_simulations_total", stop_reason="cancelled") == 1
    assert value(samples, "mfn_simulations_total") == 1


async def test_a_field_that_diverges_is_counted_as_such(start: Start) -> None:
    server = await start(metrics_port=0)
    refusal = await refused(server.simulation.RunSimulation(pb.RunSimulationRequest(spec=diverging())))
    assert refusal.code is grpc.StatusCode.FAILED_PRECONDITION
    samples = await scrape(server)
    assert value(samples, "mfn_simulations_total", model="fitzhugh_nagumo", stop_reason="diverged") == 1


async def test_the_exponent_is_that_of_the_training_metrics(start: Start) -> None:
    server = await start(metrics_port=0)
    assert value(await scrape(server), "mfn_lyapunov_exponent") == 0
    request = validation_pb2.ValidateRequest(suite=validation_pb2.VALIDATION_SUITE_LEARNING)
    training = (await server.validation.Validate(request)).summary.training
    samples = await scrape(server)
    assert value(samples, "mfn_lyapunov_exponent", model="mycelium") == training.lyapunov_exponent != 0
    assert value(samples, "mfn_fractal_dimension_sum") == training.fractal_dimension
