"""What both faces of the client share: their settings, and how a simulation is described."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from numpy.typing import ArrayLike

from mfn_client._calls import UnaryCall
from mfn_client._channel import DEFAULT_TARGET, Options
from mfn_client._credentials import Credentials, Token
from mfn_client._resume import RESUME_FOR_S, Backoff
from mfn_client._spec import Boundaries, FeatureArguments, SpecArguments, simulate_request
from mfn_client._stream import SimulationStream
from mfn_client._tls import Tls
from mfn_client._uploads import UploadedArray
from mfn_grpc.arrays import AnyArray

SIMULATE = "/mfn.v1.SimulationService/Simulate"
S = TypeVar("S")


class BaseClient(ABC, Generic[S]):
    """Settings of a client; `S` is its kind of simulation."""

    def __init__(
        self,
        target: str = DEFAULT_TARGET,
        *,
        api_key: str | None = None,
        token: Token | None = None,
        tls: Tls | bool | None = None,
        timeout: float | None = None,
        options: Options = (),
    ) -> None:
        """Keep the settings; the channel opens with the first call.

        Args:
            target: HOST:PORT, or anything grpc resolves; host names are balanced over all their addresses.
            api_key: Sent with every call; to other machines only with `tls`.
            token: The same as `authorization: Bearer`, in place of a key: the token, or a function that returns a fresh
                one for each call.
            tls: `Tls(...)` says which authorities vouch for the server and which certificate the client shows; True
                encrypts with the defaults. Default: no encryption.
            timeout: Seconds for every unary call, in which a busy server is asked again. Default: 5 to 600, as fits
                the method.
            options: Further channel options of grpc, (name, value) each; they replace ours of the same name.

        Raises:
            InsecureCredentials: a key or token would leave this machine in plain text.
            InvalidCredentials: there are both, or one that cannot be sent.
        """
        self._credentials = Credentials.of(target, api_key, token, tls)
        self.target = target
        self._timeout = timeout
        self._options = options

    def _seconds(self, call: UnaryCall[Any], timeout: float | None) -> float:
        return next(seconds for seconds in (timeout, self._timeout, call.timeout) if seconds is not None)

    @abstractmethod
    def _simulation(self, stream: SimulationStream) -> S:
        """The iterator of frames for a stream."""

    def simulate(
        self,
        model: str,
        *,
        steps: int,
        rows: int | None = None,
        cols: int | None = None,
        stride: int | None = None,
        seed: int = 0,
        spacing: float | Sequence[float] | AnyArray | None = None,
        dt: float | None = None,
        boundary: Boundaries | None = None,
        precision: str | None = None,
        stepper: str | None = None,
        initial_state: ArrayLike | UploadedArray | None = None,
        initial_step: int | None = None,
        species: Sequence[str] = (),
        element_type: str | None = None,
        max_edge: int | None = None,
        with_features: bool = False,
        feature_species: str | None = None,
        thresholds: Sequence[float] | None = None,
        timeout: float | None = None,
        resume_token: bytes = b"",
        resume_for: float = RESUME_FOR_S,
        **parameters: float | bool,
    ) -> S:
        """Stream a simulation: an iterator of frames that resumes by itself. The call opens with the first frame.

        Args:
            model: "mycelium", "gray_scott", "schnakenberg", "gierer_meinhardt", "brusselator", "fitzhugh_nagumo".
            steps: Steps to make, 1 to 100,000,000.
            rows: Rows of the grid, 4 to 4096. Default: those of the initial state, or 256.
            cols: Columns, likewise.
            stride: Steps between frames; the first and the last state always come. Default: only those.
            seed: Of the initial state and all randomness, 0 to 2^63 - 1.
            spacing: Distance between cells, in the model's length unit; one number or (rows, columns). Default 1.
            dt: Time step, in the model's time unit. Default: the model's.
            boundary: "periodic", "no_flux" or `Boundary("fixed", values)`; or a list of two, for rows and columns,
                each of which may be a pair (lower, upper). Default: periodic.
            precision: "float64" (default) or "float32".
            stepper: "euler", "rk4" or "semi_implicit". Default: the server chooses and `started.stepper_reason` tells
                why.
            initial_state: [species, rows, columns], at most 4 MiB, or what `upload` returned for a larger one; whole
                numbers travel as float64. Default: the model's own for the seed.
            initial_step: The step number of that state.
            species: Which to send. Default: all.
            element_type: "float64", "float32", "float16", or "uint8" and "int8", which arrive as float32 within one
                part in 255 of the frame's range. Default: as the precision.
            max_edge: Longest edge of a frame, in cells; larger grids are averaged over square blocks.
            with_features: Whether every frame and the summary carry the 18 features of the run so far.
            feature_species: The species that they describe. Default: the model's first.
            thresholds: Low, medium and high threshold of the features, in the unit of that species, rising. Default
                -60, -50, -40 mV; needed for any other unit.
            timeout: Seconds for everything. Default: none.
            resume_token: Continues a simulation of the same spec after the frame that the token came with.
            resume_for: Seconds to go on without progress when the server is lost or busy.
            **parameters: The model's own; `models()` lists them.

        Raises:
            InvalidArgument: something is unknown or of the wrong kind. Ranges are checked by the server, whose answer
                comes with the first frame.
        """
        spec = SpecArguments(
            model=model,
            parameters=parameters,
            steps=steps,
            rows=rows,
            cols=cols,
            seed=seed,
            spacing=spacing,
            dt=dt,
            boundary=boundary,
            precision=precision,
            stepper=stepper,
            initial_state=initial_state,
            initial_step=initial_step,
        )
        features = FeatureArguments(with_features, feature_species, thresholds)
        request = simulate_request(spec, stride, species, element_type, max_edge, resume_token, features)
        return self._simulation(SimulationStream(request, timeout, Backoff(resume_for)))
