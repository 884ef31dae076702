"""The messages of one simulation call, in order, and the token of where it stands."""

import base64
from dataclasses import replace
from functools import partial

from mfn_grpc.core.features import Measured
from mfn_grpc.core.reaction_diffusion import NUMERICS_VERSION, analyze
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.features.reports import encode_features
from mfn_server.rpc.call import Call
from mfn_server.runtime import Runtime
from mfn_server.simulation.plans import Plan
from mfn_server.simulation.reports import encode_stability
from mfn_server.simulation.run import Diverged, Run
from mfn_server.simulation.specs import encode_spec
from mfn_server.simulation.tokens import Position


class Stream:
    """The messages of one call: numbered, and with the token of where the stream stands."""

    def __init__(self, runtime: Runtime, plan: Plan, call: Call, run: Run) -> None:
        self._runtime, self._plan, self._call, self._run = runtime, plan, call, run
        self._position = plan.resumed or Position(plan.spec.first_step, 0, run.run_id)
        self._sequence = self._position.sequence

    async def started(self) -> pb.SimulateResponse:
        """The first message: how the request was understood."""
        plan = self._plan
        report = await self._runtime.urgent(self._call, partial(analyze, plan.spec))
        started = pb.Started(
            spec=encode_spec(plan.spec),
            spec_hash=plan.spec_hash,
            numerics_version=NUMERICS_VERSION,
            stability=encode_stability(report),
            resumed_from_step=plan.resumed.step if plan.resumed else None,
            frame_stride=plan.stride,
            stepper_reason=plan.stepper_reason,
        )
        return pb.SimulateResponse(sequence=self._sequence, started=started)

    def frame(self, frame: pb.Frame, measured: Measured | None) -> pb.SimulateResponse:
        """The next message of a frame; the last one of a frame carries a token, and features where there are any."""
        self._sequence += 1
        if frame.last:
            if measured is not None:
                frame.features.CopyFrom(encode_features(measured.features))
            self._position = Position(frame.step, self._sequence, self._run.run_id)
            frame.resume_token = self._token()
            self._run.followed.frame()
        return pb.SimulateResponse(sequence=self._sequence, frame=frame)

    async def summary(self) -> pb.SimulateResponse:
        """The last message: what the run came to, with a token unless it is complete."""
        run = self._run
        if (summary := await run.summary()) is None:
            raise self.cut_short()
        self._sequence += 1
        if run.stop_reason != pb.STOP_REASON_COMPLETED:
            self._position = replace(self._position, sequence=self._sequence)
            summary.resume_token = self._token()
        return pb.SimulateResponse(sequence=self._sequence, summary=summary)

    def fault(self, diverged: Diverged) -> Fault:
        """Why a run whose field is no longer finite ends."""
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
        return self._runtime.tokens.issue(self._position, self._plan.spec_hash, self._call.principal)

    def _token_metadata(self) -> dict[str, str]:
        return {"resume_token": base64.b64encode(self._token()).decode()}
