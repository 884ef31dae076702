"""SimulationService: streamed and unary runs, stability, and the list of models."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from mfn_grpc.arrays import to_array
from mfn_grpc.core.limits import Faults, Limit, Violation
from mfn_grpc.core.reaction_diffusion import MODELS, NUMERICS_VERSION, SimulationSpec, analyze
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.compute import NoWorkerInTime
from mfn_server.errors import Fault
from mfn_server.rpc import MAX_MESSAGE_BYTES, Call
from mfn_server.simulation.engine import Engine
from mfn_server.simulation.frames import FrameForm, decode_form, frame_messages
from mfn_server.simulation.prefetch import one_ahead
from mfn_server.simulation.reports import encode_model, encode_stability, summarise
from mfn_server.simulation.run import Diverged, Plan, Run
from mfn_server.simulation.specs import LoadArray, decode_spec, encode_spec, hash_spec, require_offered
from mfn_server.simulation.tokens import Position
from mfn_server.simulation.uploads import arriving, assemble, first_part

STATE_MARGIN_BYTES = 64 * 1024
"""Room in a unary answer for everything but the final state."""


class SimulationService:
    """Decodes requests into plans, runs them on the engine, encodes what they yield."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def simulate(self, request: pb.SimulateRequest, call: Call) -> AsyncIterator[pb.SimulateResponse]:
        """Started, frames while they are computed, Summary."""
        plan = await self._engine.urgent(call, partial(self._streamed_plan, request, call))
        await self._engine.ready(call)
        async with self._engine.admit(plan.bytes_needed, call) as place:
            run = await Run.open(self._engine, plan, call)
            stream = _Stream(self._engine, plan, call, run)
            yield await stream.started()
            try:
                async with aclosing(one_ahead(run.frames())) as frames:
                    async for step, arrays in frames:
                        for message in frame_messages(step, step * plan.spec.time_step, arrays):
                            yield stream.frame(message)
            except Diverged as diverged:
                raise stream.fault(diverged) from None
            if run.stop_reason == pb.STOP_REASON_DRAINING:
                await run.save()
            place.completed = run.stop_reason == pb.STOP_REASON_COMPLETED
            yield await stream.summary()
            await (run.forget() if run.stop_reason == pb.STOP_REASON_COMPLETED else run.save())

    async def run_simulation(self, request: pb.RunSimulationRequest, call: Call) -> pb.RunSimulationResponse:
        """The same to the end, without frames."""
        plan = await self._engine.urgent(call, partial(self._unary_plan, request, call))
        await self._engine.ready(call)
        async with self._engine.admit(plan.bytes_needed, call) as place:
            run = await Run.open(self._engine, plan, call)
            stream = _Stream(self._engine, plan, call, run)
            try:
                completed = await run.advance_to(plan.spec.last_step)
            except Diverged as diverged:
                raise stream.fault(diverged) from None
            if not completed:
                await run.save()
                raise stream.cut_short()
            place.completed = True
            await run.forget()
            started, summary = (await stream.started()).started, (await stream.summary()).summary
        state = to_array(run.simulation.state) if request.with_final_state else None
        return pb.RunSimulationResponse(started=started, summary=summary, final_state=state)

    async def analyze_stability(self, request: pb.AnalyzeStabilityRequest, call: Call) -> pb.AnalyzeStabilityResponse:
        """Linear stability of a spec, also of one that could not be run."""
        return await self._engine.urgent(call, partial(self._analysis, request, call))

    async def list_models(self, request: pb.ListModelsRequest, call: Call) -> pb.ListModelsResponse:
        """All models."""
        return pb.ListModelsResponse(models=[encode_model(model) for model in MODELS.values()])

    async def upload_array(self, requests: AsyncIterator[pb.UploadArrayRequest], call: Call) -> pb.UploadArrayResponse:
        """Keep a large initial state for its caller."""
        engine = self._engine
        parts = arriving(requests, engine.pace.upload_idle_s)
        first = await first_part(parts)
        async with engine.admission.admit(first.total_bytes, engine.patience_s(call)):
            array = await assemble(first, parts)
            ref = await asyncio.to_thread(engine.arrays.save, call.principal, array)
        return pb.UploadArrayResponse(array_ref=ref, expires_in_seconds=round(engine.arrays.ttl_s))

    def _analysis(self, request: pb.AnalyzeStabilityRequest, call: Call) -> pb.AnalyzeStabilityResponse:
        faults = Faults()
        if not request.spec.steps:
            request.spec.steps = 1
        spec = decode_spec(request.spec, self._arrays_of(call), faults, stable=False)
        faults.refuse()
        return pb.AnalyzeStabilityResponse(stability=encode_stability(analyze(spec)))

    def _arrays_of(self, call: Call) -> LoadArray:
        return partial(self._engine.arrays.load, call.principal)

    def _streamed_plan(self, request: pb.SimulateRequest, call: Call) -> Plan:
        faults = Faults()
        _check_features(request, faults)
        spec = decode_spec(request.spec, self._arrays_of(call), faults)
        stride = request.frame_stride if request.HasField("frame_stride") else spec.steps
        limit = Limit(1, max(1, spec.steps), "steps", "steps between frames, no more than the steps of the run")
        if request.HasField("frame_stride") and (violation := limit.violation("frame_stride", stride)):
            faults.add(violation)
        form = decode_form(request.frame_options, spec, faults)
        return self._plan(request, spec, form, stride, faults, call)

    def _unary_plan(self, request: pb.RunSimulationRequest, call: Call) -> Plan:
        faults = Faults()
        _check_features(request, faults)
        spec = decode_spec(request.spec, self._arrays_of(call), faults)
        nothing = FrameForm((), spec.dtype, 1)
        plan = self._plan(request, spec, nothing, spec.steps, faults, call)
        species, rows, cols = spec.state_shape
        size = species * rows * cols * spec.dtype.itemsize
        if request.with_final_state and size > MAX_MESSAGE_BYTES - STATE_MARGIN_BYTES:
            text = f"the final state has {size} bytes, one answer carries {MAX_MESSAGE_BYTES}; use Simulate"
            raise Fault(reasons.ERROR_REASON_RESPONSE_TOO_LARGE, text)
        return plan

    def _plan(
        self,
        request: pb.SimulateRequest | pb.RunSimulationRequest,
        spec: SimulationSpec,
        form: FrameForm,
        stride: int,
        faults: Faults,
        call: Call,
    ) -> Plan:
        faults.refuse()
        require_offered(spec)
        spec_hash, resumed = hash_spec(spec), None
        if request.resume_token:
            resumed = self._engine.tokens.open(request.resume_token, spec_hash, call.principal)
        return Plan(spec, spec_hash, form, stride, resumed)


class _Stream:
    """The messages of one call: numbered, and with the token of where the stream stands."""

    def __init__(self, engine: Engine, plan: Plan, call: Call, run: Run) -> None:
        self._engine, self._plan, self._call, self._run = engine, plan, call, run
        self._position = plan.resumed or Position(plan.spec.first_step, 0, run.run_id)
        self._sequence = self._position.sequence

    async def started(self) -> pb.SimulateResponse:
        plan = self._plan
        report = await self._engine.urgent(self._call, partial(analyze, plan.spec))
        started = pb.Started(
            spec=encode_spec(plan.spec),
            spec_hash=plan.spec_hash,
            numerics_version=NUMERICS_VERSION,
            stability=encode_stability(report),
            resumed_from_step=plan.resumed.step if plan.resumed else None,
            frame_stride=plan.stride,
        )
        return pb.SimulateResponse(sequence=self._sequence, started=started)

    def frame(self, frame: pb.Frame) -> pb.SimulateResponse:
        self._sequence += 1
        if frame.last:
            self._position = Position(frame.step, self._sequence, self._run.run_id)
            frame.resume_token = self._token()
        return pb.SimulateResponse(sequence=self._sequence, frame=frame)

    async def summary(self) -> pb.SimulateResponse:
        run = self._run
        summarised = partial(summarise, run.simulation, run.stop_reason, run.compute_seconds)
        patience_s = self._engine.patience_s(self._call)
        try:
            summary = await self._engine.compute.urgent(self._call.principal, summarised, patience_s)
        except NoWorkerInTime:
            raise self.cut_short() from None
        self._sequence += 1
        if run.stop_reason != pb.STOP_REASON_COMPLETED:
            self._position = replace(self._position, sequence=self._sequence)
            summary.resume_token = self._token()
        return pb.SimulateResponse(sequence=self._sequence, summary=summary)

    def fault(self, diverged: Diverged) -> Fault:
        text = f"the field is no longer finite at step {diverged.step}; use a smaller dt or gentler parameters"
        metadata = {"step": str(diverged.step), "last_finite_step": str(diverged.last_finite_step)}
        return Fault(reasons.ERROR_REASON_FIELD_DIVERGED, text, metadata=metadata | self._token_metadata())

    def cut_short(self) -> Fault:
        """Why a unary run ended before its last step."""
        run, spec = self._run, self._plan.spec
        done = run.simulation.step - spec.first_step
        metadata = {"steps_done": str(done)} | self._token_metadata()
        if run.stop_reason == pb.STOP_REASON_DRAINING:
            text = f"the server is shutting down after {done} of {spec.steps} steps; resume with the token"
            return Fault(reasons.ERROR_REASON_SERVER_DRAINING, text, metadata=metadata)
        text = f"the deadline allowed {done} of {spec.steps} steps; allow more time, or resume with the token"
        return Fault(reasons.ERROR_REASON_DEADLINE_TOO_SHORT, text, metadata=metadata)

    def _token(self) -> bytes:
        return self._engine.tokens.issue(self._position, self._plan.spec_hash, self._call.principal)

    def _token_metadata(self) -> dict[str, str]:
        return {"resume_token": base64.b64encode(self._token()).decode()}


def _check_features(request: pb.SimulateRequest | pb.RunSimulationRequest, faults: Faults) -> None:
    if request.with_features:
        text = "with_features is not offered by this server; leave it out"
        raise Fault(reasons.ERROR_REASON_NOT_IMPLEMENTED, text)
    if request.HasField("feature_options"):
        text = "is set without with_features, must be left out"
        faults.add(Violation("feature_options", "", text))
