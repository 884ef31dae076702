"""Validate and ValidateStream: every check of a suite once, in order or as it finishes, and what they come to."""

import asyncio
import math
import threading
from collections.abc import Callable
from typing import Any

import grpc
import pytest

from mfn_grpc.core.learning import training_cycle
from mfn_grpc.core.pieces import Pieces, finish
from mfn_grpc.core.reaction_diffusion import NUMERICS_VERSION
from mfn_grpc.core.validation import CheckSpec, Relation, Suite, checks_of, run_check
from mfn_grpc.v1 import validation_pb2 as pb
from mfn_server.rpc.call import Call
from mfn_server.validation.suites import CHECK_BYTES
from tests.server.calling import Refusal, Wire, refused, rest_of
from tests.server.conftest import Complaints, Start
from tests.server.gates import eventually

INVALID = grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"
PHYSICS, LEARNING = pb.VALIDATION_SUITE_PHYSICS, pb.VALIDATION_SUITE_LEARNING


def streamed(wire: Wire, **fields: Any) -> list[pb.ValidateStreamResponse]:
    return list(wire.stream("ValidateStream", pb.ValidateStreamRequest(**fields)))


def without_time(check: pb.Check) -> pb.Check:
    """The check as it is on every run."""
    copy = pb.Check()
    copy.CopyFrom(check)
    copy.ClearField("seconds")
    return copy


class TestSuites:
    def test_every_check_of_a_suite_comes_in_its_order_with_what_the_core_says(self, wire: Wire) -> None:
        answer = wire.answer("Validate", pb.ValidateRequest(suite=PHYSICS, seed=4))
        specs = checks_of(Suite.PHYSICS)
        assert [check.name for check in answer.checks] == [spec.name for spec in specs]
        for check, spec in zip(answer.checks, specs, strict=True):
            result = finish(run_check(spec, 4))
            assert check.suite == PHYSICS
            assert (check.measured, check.passed, check.detail) == (result.measured, result.passed, result.detail)
            assert (check.expected, check.tolerance, check.unit) == (spec.expected, spec.tolerance, spec.unit)
            assert (check.why_this_tolerance, check.reference) == (spec.why_this_tolerance, spec.reference)
            assert check.description == spec.description
            assert pb.CheckRelation.Name(check.relation) == f"CHECK_RELATION_{spec.relation.name}"
            assert check.seconds >= 0

    def test_the_summary_counts_them(self, wire: Wire) -> None:
        answer = wire.answer("Validate", pb.ValidateRequest(suite=PHYSICS, seed=4))
        summary = answer.summary
        assert (summary.suite, summary.seed, summary.passed) == (PHYSICS, 4, True)
        assert (summary.passed_count, summary.failed_count) == (len(answer.checks), 0)
        assert summary.numerics_version == NUMERICS_VERSION
        assert summary.server_version
        assert summary.seconds > 0
        assert not summary.HasField("training")

    def test_the_stream_tells_the_names_then_each_check_once_then_the_summary(self, wire: Wire) -> None:
        answers = streamed(wire, suite=PHYSICS, seed=9)
        kinds = [answer.WhichOneof("event") for answer in answers]
        names = [spec.name for spec in checks_of(Suite.PHYSICS)]
        assert kinds == ["started", *["check"] * len(names), "summary"]
        started = answers[0].started
        assert (started.suite, started.seed, list(started.check_names)) == (PHYSICS, 9, names)
        assert sorted(answer.check.name for answer in answers[1:-1]) == sorted(names)
        assert answers[-1].summary.passed_count == len(names)

    def test_not_stated_means_quick(self, wire: Wire) -> None:
        answers = streamed(wire)
        assert answers[0].started.suite == pb.VALIDATION_SUITE_QUICK
        assert answers[0].started.seed == 0
        assert list(answers[0].started.check_names) == [spec.name for spec in checks_of(Suite.QUICK)]
        suites = {answer.check.suite for answer in answers[1:-1]}
        assert not suites & {pb.VALIDATION_SUITE_QUICK, pb.VALIDATION_SUITE_ALL, pb.VALIDATION_SUITE_UNSPECIFIED}
        summary = answers[-1].summary
        assert summary.suite == pb.VALIDATION_SUITE_QUICK
        failed = [(answer.check.name, answer.check.detail) for answer in answers[1:-1] if not answer.check.passed]
        assert (failed, summary.passed, summary.failed_count) == ([], True, 0)
        assert summary.HasField("training")

    def test_the_same_suite_and_seed_give_the_same_values(self, wire: Wire) -> None:
        one, other = (
            wire.answer("Validate", pb.ValidateRequest(suite=pb.VALIDATION_SUITE_FRACTAL, seed=3)) for _ in range(2)
        )
        assert [without_time(check) for check in one.checks] == [without_time(check) for check in other.checks]


class TestTraining:
    def test_its_metrics_are_those_of_the_core_and_the_checks_of_it_look_at_the_same_cycle(
        self, start: Start, wire: Wire, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        cycles = list[int]()

        def counted(seed: int) -> Any:
            cycles.append(seed)
            return training_cycle(seed)

        monkeypatch.setattr("mfn_server.validation.suites.training_cycle", counted)
        monkeypatch.setattr("mfn_grpc.core.validation.learning.training_cycle", counted)
        answer = wire.answer("Validate", pb.ValidateRequest(suite=LEARNING, seed=5))
        assert cycles == [5]
        metrics = finish(training_cycle(5))
        for field in pb.TrainingMetrics.DESCRIPTOR.fields:
            assert getattr(answer.summary.training, field.name) == getattr(metrics, field.name)
        found = {check.name: check for check in answer.checks}
        of_training = [spec for spec in checks_of(Suite.LEARNING) if spec.of_training is not None]
        assert of_training
        for spec in of_training:
            assert found[spec.name].measured == finish(spec.measure(5))
            assert found[spec.name].seconds > 0

    @pytest.mark.parametrize("suite", list(Suite))
    def test_a_suite_with_a_check_of_the_training_tells_of_it(self, suite: Suite) -> None:
        has_one = any(spec.of_training for spec in checks_of(suite))
        assert has_one == (suite in {Suite.QUICK, Suite.LEARNING, Suite.ALL})


class TestRefusals:
    def both(self, wire: Wire, **fields: Any) -> Refusal:
        streamed = wire.refusal("ValidateStream", pb.ValidateStreamRequest(**fields))
        unary = wire.refusal("Validate", pb.ValidateRequest(**fields))
        assert (unary.code, unary.reason, unary.violations) == (streamed.code, streamed.reason, streamed.violations)
        return streamed

    @pytest.mark.parametrize("suite", [9, 99, -1])
    def test_an_unknown_suite_is_refused_with_those_that_there_are(self, wire: Wire, suite: int) -> None:
        found = self.both(wire, suite=suite)
        assert (found.code, found.reason) == INVALID
        assert set(found.violations) == {"suite"}
        assert "VALIDATION_SUITE_PHYSICS" in found.violations["suite"]

    def test_a_negative_seed_is_refused_and_both_faults_are_named(self, wire: Wire) -> None:
        assert set(self.both(wire, seed=-1).violations) == {"seed"}
        assert set(self.both(wire, seed=-(2**63), suite=77).violations) == {"seed", "suite"}

    @pytest.mark.parametrize("suite", Suite)
    def test_every_suite_of_the_contract_has_checks(self, suite: Suite) -> None:
        assert checks_of(suite)


class Fakes:
    """A suite of checks that wait to be let go. begun: their names; ended: those whose last piece has run."""

    def __init__(self, count: int) -> None:
        self.begun, self.ended = list[str](), list[str]()
        self.at_once = self.most_at_once = 0
        self.gates = {f"check_{i}": threading.Event() for i in range(count)}
        self.specs = tuple(self.spec(name) for name in self.gates)

    def let(self, *names: str) -> None:
        for name in names or self.gates:
            self.gates[name].set()

    def spec(self, name: str) -> CheckSpec:
        def measure(seed: int) -> Pieces[float]:
            self.begun.append(name)
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
            assert self.gates[name].wait(60)
            self.at_once -= 1
            yield
            self.ended.append(name)
            return VALUES.get(name, float(seed))

        text: dict[str, Any] = {"description": "-", "unit": "1", "why_this_tolerance": "-", "reference": "-"}
        relation = Relation.AT_LEAST
        return CheckSpec(name, Suite.PHYSICS, measure=measure, expected=5, tolerance=0, relation=relation, **text)


VALUES = {"check_1": 4.0, "check_2": math.nan}


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> "Callable[[int], Fakes]":
    """`fakes(4)`: the suites of this test's servers have four checks of which the second and third fail."""

    def install(count: int) -> Fakes:
        made = Fakes(count)
        monkeypatch.setattr("mfn_server.validation.suites.checks_of", lambda _: made.specs)
        return made

    return install


class TestRunning:
    REQUEST = pb.ValidateStreamRequest(suite=PHYSICS, seed=7)

    async def test_as_many_checks_run_at_once_as_there_are_workers_and_each_is_told_as_it_ends(
        self, start: Start, fakes: Callable[[int], Fakes]
    ) -> None:
        suite, server = fakes(5), await start(compute_threads=2)
        call = server.validation.ValidateStream(self.REQUEST)
        assert (await call.read()).HasField("started")
        await eventually(lambda: len(suite.begun) == 2)
        suite.let("check_1")
        assert (await call.read()).check.name == "check_1"
        await eventually(lambda: len(suite.begun) == 3)
        suite.let("check_2")
        assert (await call.read()).check.name == "check_2"
        suite.let()
        rest = await rest_of(call)
        assert {answer.check.name for answer in rest[:-1]} == {"check_0", "check_3", "check_4"}
        assert suite.most_at_once == 2

    async def test_checks_that_fail_are_counted_and_say_why_and_the_call_is_fine(
        self, start: Start, fakes: Callable[[int], Fakes]
    ) -> None:
        fakes(4).let()
        server = await start()
        answer = await server.validation.Validate(pb.ValidateRequest(suite=PHYSICS, seed=7))
        assert [check.passed for check in answer.checks] == [True, False, False, True]
        assert [bool(check.detail) for check in answer.checks] == [False, True, True, False]
        assert math.isnan(answer.checks[2].measured)
        summary = answer.summary
        assert (summary.passed, summary.passed_count, summary.failed_count) == (False, 2, 2)

    async def test_a_cancelled_call_begins_no_further_check_and_gives_its_place_back(
        self, start: Start, fakes: Callable[[int], Fakes]
    ) -> None:
        suite, server = fakes(6), await start(compute_threads=2)
        call = server.validation.ValidateStream(self.REQUEST)
        await eventually(lambda: len(suite.begun) == 2)
        call.cancel()
        admission = server.application.runtime.admission
        await eventually(lambda: (admission.running, admission.bytes_held) == (0, 0))
        suite.let()
        for _ in range(2):
            await server.application.compute.run("after", lambda: None)
        assert sorted(suite.begun) == ["check_0", "check_1"]
        assert suite.ended == []

    async def test_a_deadline_that_is_near_refuses_with_a_reason(
        self, start: Start, fakes: Callable[[int], Fakes], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        suite, server = fakes(3), await start()
        suite.let()
        monkeypatch.setattr(Call, "time_remaining", lambda _: 0.0 if suite.ended else 1000.0)
        found = await refused(server.validation.Validate(pb.ValidateRequest(suite=PHYSICS)))
        assert (found.code, found.reason) == (grpc.StatusCode.DEADLINE_EXCEEDED, "DEADLINE_TOO_SHORT")

    async def test_a_drain_ends_it_between_two_slices(self, start: Start, fakes: Callable[[int], Fakes]) -> None:
        suite, server = fakes(3), await start(compute_threads=1)
        call = server.validation.ValidateStream(self.REQUEST)
        await eventually(lambda: len(suite.begun) == 1)
        server.application.draining.set()
        suite.let()
        found = await refused(call)
        assert (found.code, found.reason) == (grpc.StatusCode.UNAVAILABLE, "SERVER_DRAINING")
        assert len(suite.begun) == 1

    async def test_a_check_that_is_itself_at_fault_is_an_internal_error_that_tells_nothing(
        self, start: Start, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def broken(seed: int) -> Pieces[float]:
            yield
            raise RuntimeError("a secret of the engine")

        text: dict[str, Any] = {"description": "-", "unit": "1", "why_this_tolerance": "-", "reference": "-"}
        spec = CheckSpec("broken", Suite.PHYSICS, measure=broken, expected=0, tolerance=0, **text)
        monkeypatch.setattr("mfn_server.validation.suites.checks_of", lambda _: (spec,))
        server = await start()
        found = await refused(server.validation.Validate(pb.ValidateRequest(suite=PHYSICS)))
        assert (found.code, found.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
        assert "secret" not in repr(found)

    async def test_where_memory_is_short_fewer_checks_run_at_once_and_half_of_it_is_left_to_others(
        self, start: Start, fakes: Callable[[int], Fakes]
    ) -> None:
        suite, server = fakes(9), await start(compute_threads=9, max_state_bytes=7 * CHECK_BYTES)
        call = server.validation.ValidateStream(self.REQUEST)
        await eventually(lambda: len(suite.begun) == 3)
        assert server.application.runtime.admission.bytes_held == 3 * CHECK_BYTES
        suite.let()
        assert (await rest_of(call))[-1].HasField("summary")
        assert suite.most_at_once == 3

    async def test_with_any_number_of_workers_every_suite_is_admitted(
        self, start: Start, fakes: Callable[[int], Fakes]
    ) -> None:
        fakes(4).let()
        server = await start(compute_threads=256)
        for suite in pb.VALIDATION_SUITE_FRACTAL, pb.VALIDATION_SUITE_ALL, PHYSICS:
            answer = await server.validation.Validate(pb.ValidateRequest(suite=suite, seed=7))
            assert len(answer.checks) == 4

    async def test_memory_for_one_check_is_enough_and_less_is_refused_for_good(
        self, start: Start, fakes: Callable[[int], Fakes]
    ) -> None:
        suite = fakes(3)
        suite.let()
        enough, short = await start(max_state_bytes=CHECK_BYTES), await start(max_state_bytes=CHECK_BYTES - 1)
        assert len((await enough.validation.Validate(pb.ValidateRequest(suite=PHYSICS))).checks) == 3
        assert suite.most_at_once == 1
        found = await refused(short.validation.Validate(pb.ValidateRequest(suite=PHYSICS)))
        assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        assert found.retry_s is None
        assert "suite" in found.message

    @pytest.mark.parametrize("workers", [1, 3])
    async def test_a_training_cycle_that_fails_ends_the_checks_that_wait_for_it(
        self, start: Start, monkeypatch: pytest.MonkeyPatch, complaints: Complaints, workers: int
    ) -> None:
        proceed = threading.Event()

        def broken(seed: int) -> Pieces[float]:
            yield
            assert proceed.wait(60)
            raise RuntimeError("a secret of the engine")

        of_training = tuple(spec for spec in checks_of(Suite.LEARNING) if spec.of_training is not None)
        monkeypatch.setattr("mfn_server.validation.suites.training_cycle", broken)
        monkeypatch.setattr("mfn_server.validation.suites.checks_of", lambda _: of_training)
        server = await start(compute_threads=workers)
        call = server.validation.ValidateStream(pb.ValidateStreamRequest(suite=LEARNING))
        assert (await call.read()).HasField("started")
        proceed.set()
        found = await refused(call)
        assert (found.code, found.reason) == (grpc.StatusCode.INTERNAL, "INTERNAL")
        assert "secret" not in repr(found)
        admission = server.application.runtime.admission
        await eventually(lambda: (admission.running, admission.bytes_held) == (0, 0))
        await eventually(lambda: not [task for task in asyncio.all_tasks() if "SuiteRun" in repr(task)])
        assert complaints() == []

    async def test_a_suite_counts_as_one_running_call_with_room_for_its_checks(
        self, start: Start, fakes: Callable[[int], Fakes]
    ) -> None:
        suite, server = fakes(2), await start(compute_threads=2, max_running=1, max_queued=0)
        call = server.validation.ValidateStream(self.REQUEST)
        await eventually(lambda: len(suite.begun) == 2)
        admission = server.application.runtime.admission
        assert admission.running == 1
        assert admission.bytes_held > 0
        found = await refused(server.validation.Validate(pb.ValidateRequest()))
        assert (found.code, found.reason) == (grpc.StatusCode.RESOURCE_EXHAUSTED, "OVERLOADED")
        suite.let()
        assert (await rest_of(call))[-1].HasField("summary")
