"""Requests understood: decoded, checked whole, and turned into what a run needs to know."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from mfn_grpc.core.limits import Faults, Limit, Violation
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.reaction_diffusion import SimulationSpec, choose_stepper, state_bytes
from mfn_grpc.v1 import error_reason_pb2 as reasons
from mfn_grpc.v1 import simulation_pb2 as pb
from mfn_server.errors import Fault
from mfn_server.features.memory import MEASURING_BYTES
from mfn_server.features.options import Watch, decode_watch
from mfn_server.grids import MOST_CELLS
from mfn_server.rpc.sizes import MAX_MESSAGE_BYTES
from mfn_server.simulation.frames import FrameForm, decode_form, frame_steps
from mfn_server.simulation.specs import decode_spec, hash_spec
from mfn_server.simulation.tokens import Position, Tokens
from mfn_server.uploads import ArrayStore

FRAMED_CELLS = 2**19
"""A frame of no more is made in the slice that comes to its step: it takes up to 10 ms, 1 ms where not quantised."""
MOST_TOGETHER, MOST_BYTES_TOGETHER = 4, 4 * 1024 * 1024
"""Frames that one slice makes, so that event loop and worker need to hand over to each other less often."""
STATE_MARGIN_BYTES = 64 * 1024
"""Room in a unary answer for everything but the final state."""
_STATE_REF = "spec.initial_array_ref"


@dataclass(frozen=True)
class Plan:
    """A request understood: what to simulate, when and how to send frames, and where an earlier stream stood.

    watch: whose features are wanted, None for no features. stepper_reason: why the spec's stepper was chosen, empty
    when the caller named it.
    """

    spec: SimulationSpec
    spec_hash: bytes
    form: FrameForm
    stride: int
    resumed: Position | None
    watch: Watch | None = None
    stepper_reason: str = ""

    @property
    def watched(self) -> int | None:
        """The index of the species whose history is kept."""
        return None if self.watch is None else self.watch.species

    @property
    def is_framed_at_once(self) -> bool:
        """Whether a frame is made in the slice that comes to its step: it is small, and waits for no features."""
        return self.watch is None and self.spec.cells * len(self.form.species) <= FRAMED_CELLS

    @property
    def frames_together(self) -> int:
        """Most frames that are made at a time."""
        if not self.is_framed_at_once:
            return 1
        return max(1, min(MOST_TOGETHER, MOST_BYTES_TOGETHER // max(1, self.form.nbytes(self.spec))))

    @property
    def bytes_needed(self) -> int:
        """State buffers, and the most of starting, of frames sent while the next are made, and of measuring."""
        measuring = 0 if self.watch is None else MEASURING_BYTES * self.spec.cells
        frames = 2 * self.frames_together * self.form.nbytes(self.spec)
        return state_bytes(self.spec) + max(self._starting_bytes, frames + measuring)

    @property
    def _starting_bytes(self) -> int:
        """The given state, and of a resumed run a checkpoint; the state of a seed is made in the buffers."""
        spec = self.spec
        given = 0 if spec.initial_state is None else spec.initial_state.nbytes
        return given + (math.prod(spec.state_shape) * spec.dtype.itemsize if self.resumed else 0)

    def position(self, run_id: bytes) -> Position:
        """Where the stream stands before its first message."""
        before_any = None if self.form.species else self.spec.first_step  # a unary run sends no frames
        return self.resumed or Position(before_any, 0, run_id)

    def frame_steps(self) -> Iterator[int]:
        """Steps of the frames still to be sent."""
        after = self.resumed.step if self.resumed else None
        return frame_steps(self.spec.first_step, self.spec.last_step, self.stride, after)


class Planner:
    """Turns requests into plans; its methods read files and numbers, so they run on worker threads, in pieces.

    Every method raises Fault or InvalidInput, the latter with all that is wrong with the request. most_cells: of a grid
    that this server takes.
    """

    def __init__(self, arrays: ArrayStore, tokens: Tokens, most_cells: int = MOST_CELLS) -> None:
        self._arrays, self._tokens, self._most_cells = arrays, tokens, most_cells

    def analysed(self, request: pb.AnalyzeStabilityRequest, principal: str) -> Pieces[SimulationSpec]:
        """The spec to analyse, whose dt may be unstable and whose steps may be left out."""
        faults = Faults()
        if not request.spec.steps:
            request.spec.steps = 1
        spec = yield from self._spec(request.spec, principal, faults, stable=False)
        faults.refuse()
        return spec

    def streamed(self, request: pb.SimulateRequest, principal: str) -> Pieces[Plan]:
        """The plan of a run with frames."""
        faults = Faults()
        spec = yield from self._spec(request.spec, principal, faults)
        stride = request.frame_stride if request.HasField("frame_stride") else spec.steps
        limit = Limit(1, max(1, spec.steps), "steps", "steps between frames, no more than the steps of the run")
        if request.HasField("frame_stride") and (violation := limit.violation("frame_stride", stride)):
            faults.add(violation)
        form = decode_form(request.frame_options, spec, faults)
        return (yield from self._plan(request, spec, form, stride, faults, principal))

    def unary(self, request: pb.RunSimulationRequest, principal: str) -> Pieces[Plan]:
        """The plan of a run without frames, whose final state must fit one answer when it is asked for."""
        faults = Faults()
        spec = yield from self._spec(request.spec, principal, faults)
        nothing = FrameForm((), spec.dtype, 1)
        plan = yield from self._plan(request, spec, nothing, spec.steps, faults, principal)
        species, rows, cols = spec.state_shape
        size = species * rows * cols * spec.dtype.itemsize
        if request.with_final_state and size > MAX_MESSAGE_BYTES - STATE_MARGIN_BYTES:
            text = f"the final state has {size} bytes, one answer carries {MAX_MESSAGE_BYTES}; use Simulate"
            raise Fault(reasons.ERROR_REASON_RESPONSE_TOO_LARGE, text)
        return plan

    def _spec(
        self, message: pb.SimulationSpec, principal: str, faults: Faults, *, stable: bool = True
    ) -> Pieces[SimulationSpec]:
        load = partial(self._arrays.load, principal, _STATE_REF)
        return (yield from decode_spec(message, load, faults, stable=stable, most_cells=self._most_cells))

    def _plan(
        self,
        request: pb.SimulateRequest | pb.RunSimulationRequest,
        spec: SimulationSpec,
        form: FrameForm,
        stride: int,
        faults: Faults,
        principal: str,
    ) -> Pieces[Plan]:
        watch = _watch(request, spec, faults)
        faults.refuse()
        spec_hash, resumed = (yield from hash_spec(spec)), None
        if request.resume_token:
            resumed = self._tokens.open(request.resume_token, spec_hash, principal)
        stepper_reason = "" if request.spec.stepper else choose_stepper(spec).reason
        return Plan(spec, spec_hash, form, stride, resumed, watch, stepper_reason)


def _watch(request: pb.SimulateRequest | pb.RunSimulationRequest, spec: SimulationSpec, faults: Faults) -> Watch | None:
    if not request.with_features:
        if request.HasField("feature_options"):
            text = "is set without with_features, must be left out"
            faults.add(Violation("feature_options", "", text))
        return None
    if request.spec.WhichOneof("model") is None:
        return None  # refused already; without a model nobody knows its species
    with faults.under("feature_options"):
        return decode_watch(request.feature_options, type(spec.model), faults)
