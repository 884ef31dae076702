"""The messages of one simulation call, in order, and the token of where it stands."""

import base64
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from itertools import count

from mfn_grpc.core.features import Measured
from mfn_grpc.core.reaction_diffusion import NUMERICS_VERSION, analyze
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_grpc.wire import Buffer
from mfn_server.errors import Fault
from mfn_server.features.reports import encode_features
from mfn_server.rpc.call import Call
from mfn_server.rpc.encoded import Encoded
from mfn_server.runtime import Runtime
from mfn_server.simulation.frames import Seal, frame_message
from mfn_server.simulation.framing import RunFrame
from mfn_server.simulation.plans import Plan
from mfn_server.simulation.reports import encode_stability
from mfn_server.simulation.run import Diverged, Run
from mfn_server.simulation.specs import encode_spec
from mfn_server.simulation.tokens import Position


class Stream:
    """The messages of one call: numbered, and with the token of where the stream stands."""

    def __init__(self, runtime: Runtime, plan: Plan, call: Call, run: Run) -> None:
        self._runtime, self._plan, self._call, self._run = runtime, plan, call, run
        self._position = plan.position(run.run_id)
        self._first = self._sequence = self._position.sequence

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

    def seal(self, step: int, before: int, measured: Measured | None) -> Seal:
        """What makes the messages of a frame, on a worker thread: numbered, and with a token at the end.

        before: messages that the frames before it took.
        """
        head = pb.Frame(step=step, time=step * self._plan.spec.time_step)
        numbers = count(self._first + before + 1)

        def sealed(parts: list[Buffer], *, last: bool) -> bytes:
            number = next(numbers)
            return frame_message(number, head, parts, self._tail(step, number, measured) if last else pb.Frame())

        return sealed

    def sending(self, frame: RunFrame) -> Iterator[Encoded[pb.SimulateResponse]]:
        """The messages of a frame, which lets go of each; with the last one the stream stands behind it."""
        while frame.messages:
            message: Encoded[pb.SimulateResponse] = Encoded(frame.messages.popleft())
            self._sequence += 1
            if not frame.messages:
                self._position = Position(frame.step, self._sequence, self._run.run_id)
                self._run.followed.frame()
            yield message

    async def summary(self) -> pb.SimulateResponse:
        """The last message: what the run came to, with a token unless it is complete."""
        run = self._run
        if (summary := await run.summary()) is None:
            raise self.cut_short()
        self._sequence += 1
        if run.stop_reason != pb.STOP_REASON_COMPLETED:
            self._position = replace(self._position, sequence=self._sequence)
            summary.resume_token = self._token(self._position)
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

    def _tail(self, step: int, number: int, measured: Measured | None) -> pb.Frame:
        """What stands in the last message of a frame alone."""
        features = None if measured is None else encode_features(measured.features)
        return pb.Frame(
            last=True, resume_token=self._token(Position(step, number, self._run.run_id)), features=features
        )

    def _token(self, position: Position) -> bytes:
        return self._runtime.tokens.issue(position, self._plan.spec_hash, self._call.principal)

    def _token_metadata(self) -> dict[str, str]:
        return {"resume_token": base64.b64encode(self._token(self._position)).decode()}
