"""SimulationService: streamed and unary runs, stability, the list of models, and uploads."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from functools import partial
from itertools import chain

from mfn_grpc.arrays import to_array
from mfn_grpc.core.reaction_diffusion import MODELS, analyze
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.admission import Place
from mfn_server.kernels import Group
from mfn_server.rpc.call import Call
from mfn_server.rpc.encoded import Encoded
from mfn_server.runtime import Runtime
from mfn_server.simulation.plans import Plan, Planner
from mfn_server.simulation.prefetch import one_ahead
from mfn_server.simulation.reports import encode_model, encode_stability
from mfn_server.simulation.run import Diverged, Run
from mfn_server.simulation.stream import Stream
from mfn_server.slices import prepared
from mfn_server.telemetry.tracing.spans import span
from mfn_server.uploads import assemble, first_part


class SimulationService:
    """Decodes requests into plans, runs them, encodes what they yield."""

    needs = Group.REACTION_DIFFUSION, Group.FEATURES

    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._planner = Planner(runtime.arrays, runtime.tokens, runtime.most_cells)

    async def simulate(
        self, request: pb.SimulateRequest, call: Call
    ) -> AsyncIterator[pb.SimulateResponse | Encoded[pb.SimulateResponse]]:
        """Started, frames while they are computed, Summary."""
        plan = await prepared(self._runtime, call, self._planner.streamed(request, call.principal))
        await self._runtime.ready(call, self.needs)
        async with self._placed(plan, call) as (place, run):
            stream = Stream(self._runtime, plan, call, run)
            yield await stream.started()
            try:
                async with aclosing(one_ahead(run.frames(stream.seal))) as made:
                    async for frames in made:
                        for message in chain.from_iterable(map(stream.sending, frames)):
                            yield message
            except Diverged as diverged:
                raise stream.fault(diverged) from None
            if run.stop_reason == pb.STOP_REASON_DRAINING:
                await run.save()
            place.completed = run.stop_reason == pb.STOP_REASON_COMPLETED
            yield await stream.summary()
            await (run.forget() if run.stop_reason == pb.STOP_REASON_COMPLETED else run.save())

    async def run_simulation(self, request: pb.RunSimulationRequest, call: Call) -> pb.RunSimulationResponse:
        """The same to the end, without frames."""
        plan = await prepared(self._runtime, call, self._planner.unary(request, call.principal))
        await self._runtime.ready(call, self.needs)
        async with self._placed(plan, call) as (place, run):
            stream = Stream(self._runtime, plan, call, run)
            try:
                completed = await run.complete()
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

    @asynccontextmanager
    async def _placed(self, plan: Plan, call: Call) -> AsyncIterator[tuple[Place, Run]]:
        """The place of a run and the run at its beginning, counted until it has ended."""
        runtime = self._runtime
        with runtime.metrics.simulations.follow(plan.spec, call) as followed:
            async with runtime.admit(plan.bytes_needed, call) as place:
                yield place, await Run.open(runtime, plan, call, followed)

    async def analyze_stability(self, request: pb.AnalyzeStabilityRequest, call: Call) -> pb.AnalyzeStabilityResponse:
        """Linear stability of a spec, also of one that could not be run."""
        spec = await prepared(self._runtime, call, self._planner.analysed(request, call.principal))
        report = await self._runtime.urgent(call, partial(analyze, spec))
        return pb.AnalyzeStabilityResponse(stability=encode_stability(report))

    async def list_models(self, request: pb.ListModelsRequest, call: Call) -> pb.ListModelsResponse:
        """All models."""
        return pb.ListModelsResponse(models=[encode_model(model) for model in MODELS.values()])

    async def upload_array(self, requests: AsyncIterator[pb.UploadArrayRequest], call: Call) -> pb.UploadArrayResponse:
        """Keep a large array for its caller."""
        runtime = self._runtime
        with runtime.admission.open_stream():
            async with aclosing(runtime.arriving(requests, "send the array again")) as parts:
                first = await first_part(parts, runtime.most_cells)
                async with runtime.hold(first.total_bytes, call):
                    array = await assemble(first, parts)
                    with span("store_array", bytes=array.nbytes):
                        ref = await asyncio.to_thread(runtime.arrays.save, call.principal, array)
        return pb.UploadArrayResponse(array_ref=ref, expires_in_seconds=round(runtime.arrays.ttl_s))
