"""A streamed simulation as an iterator of frames: the synchronous face."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mfn_client._streamed import OpenCall, Streamed

if TYPE_CHECKING:
    from collections.abc import Callable

    import xarray

    from mfn_client._results import Frame, Started, Summary  # noqa: F401  # the base class names a frame
    from mfn_client._stream import SimulationStream


class SimulationState:
    """What both faces tell of a simulation."""

    _stream: SimulationStream

    @property
    def started(self) -> Started | None:
        """How the server understood the request; None until the first frame has come."""
        return self._stream.started

    @property
    def summary(self) -> Summary | None:
        """What the run came to; None until the last frame has been handed out and the iteration has ended."""
        return self._stream.summary

    @property
    def resume_token(self) -> bytes:
        """Continues the simulation after the last frame handed out, by `simulate(..., resume_token=...)`."""
        return self._stream.resume_token


class Simulation(SimulationState, Streamed["Frame"]):
    """An iterator of `Frame` that resumes by itself, with the same bits, when the connection or the server is lost.

    Leaving a `for` loop, `close()` and the end of a `with` block cancel the call, and the server stops computing.

    Raises while iterating:
        RpcError: the server refuses, or stays away for longer than `resume_for`.
        DeadlineExceeded: the timeout came first; carries `resume_token` and `steps_done`.
        StreamCorrupted, NotReproducible: the stream cannot be trusted.
    """

    def __init__(
        self, stream: SimulationStream, open_call: OpenCall, sleep: Callable[[float], object] | None = None
    ) -> None:
        super().__init__(stream, open_call, sleep)
        self._stream = stream

    def to_xarray(self) -> xarray.Dataset:
        """The frames that are still to come as an `xarray.Dataset` with dimensions (step, row, col).

        Coordinates: step, time (model time units), row and col (length units, cell centres). Attributes: the spec as
        JSON, its hash, the model, numerics_version; each variable has its units. Features, where the frames carry
        them, are the variable `features` (step, feature).

        Raises:
            ImportError: xarray is not installed.
        """
        from mfn_client._xarray import dataset, require_xarray  # noqa: PLC0415  # only who calls this needs xarray

        require_xarray()
        frames = list(self)
        return dataset(frames, self.started, self.summary)
