"""The synchronous client."""

import time
from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc
from numpy.typing import ArrayLike, NDArray

from mfn_client import _calls
from mfn_client._base import SIMULATE, BaseClient
from mfn_client._calls import BODY_TEMPERATURE_K, Ion, NernstBatch, UnaryCall
from mfn_client._channel import sync_channel
from mfn_client._exceptions import translated
from mfn_client._results import Model, RunResult, StabilityReport
from mfn_client._resume import UnaryAttempts
from mfn_client._simulation import Simulation
from mfn_client._spec import SpecArguments
from mfn_client._stream import SimulationStream
from mfn_client._uploads import UPLOAD_ARRAY, UPLOAD_TIMEOUT_S, UploadedArray, upload_requests, uploaded
from mfn_grpc.v1 import simulation_pb2 as simulation

T = TypeVar("T")


class Client(BaseClient[Simulation]):
    """Calls a server and waits; numbers and numpy arrays in and out. Use it as a context manager, or `close()` it.

    Safe to share between threads. Every method raises `RpcError` and its kinds; see `mfn_client.MfnError`.
    """

    @cached_property
    def _channel(self) -> grpc.Channel:
        return sync_channel(self.target, self._api_key, self._options)

    def _unary(self, call: UnaryCall[T], timeout: float | None) -> T:
        method = self._channel.unary_unary(
            call.method,
            request_serializer=type(call.request).SerializeToString,
            response_deserializer=call.answer.FromString,
        )
        attempts = UnaryAttempts(self._seconds(call, timeout))
        while True:
            try:
                return call.decode(method(call.request, timeout=attempts.seconds_left()))
            except grpc.RpcError as error:
                delay = attempts.delay(translated(error))
            time.sleep(delay)

    def _simulation(self, stream: SimulationStream) -> Simulation:
        method = self._channel.unary_stream(
            SIMULATE,
            request_serializer=simulation.SimulateRequest.SerializeToString,
            response_deserializer=simulation.SimulateResponse.FromString,
        )
        return Simulation(stream, lambda request, timeout: method(request, timeout=timeout))

    def nernst(
        self,
        z_valence: int,
        concentration_out_molar: float,
        concentration_in_molar: float,
        temperature_k: float = BODY_TEMPERATURE_K,
        *,
        timeout: float | None = None,
    ) -> float:
        """The Nernst potential of an ion, inside against outside, in mV; concentrations in mol/L, above 0."""
        return self._unary(
            _calls.nernst(z_valence, concentration_out_molar, concentration_in_molar, temperature_k), timeout
        )

    def nernst_batch(
        self,
        z_valence: ArrayLike,
        concentration_out_molar: ArrayLike,
        concentration_in_molar: ArrayLike,
        temperature_k: ArrayLike = BODY_TEMPERATURE_K,
        *,
        timeout: float | None = None,
    ) -> NDArray[Any]:
        """Nernst potentials in mV, float64, of the shape to which the inputs broadcast; units as `nernst`.

        More than 4 MiB is cut into several calls; an error then counts its indices within one of them.
        """
        batch = NernstBatch.of(z_valence, concentration_out_molar, concentration_in_molar, temperature_k)
        return batch.joined([self._unary(call, timeout) for call in batch.calls()])

    def goldman(
        self, ions: Sequence[Ion], temperature_k: float = BODY_TEMPERATURE_K, *, timeout: float | None = None
    ) -> float:
        """The Goldman-Hodgkin-Katz voltage of 1 to 64 permeant ions, in mV; only permeability ratios matter."""
        return self._unary(_calls.goldman(ions, temperature_k), timeout)

    def goldman_current(
        self,
        ion: Ion,
        membrane_potential_mv: float,
        temperature_k: float = BODY_TEMPERATURE_K,
        *,
        timeout: float | None = None,
    ) -> float:
        """The Goldman-Hodgkin-Katz current density, in A/m^2, outward positive; the permeability is in m/s."""
        return self._unary(_calls.goldman_current(ion, membrane_potential_mv, temperature_k), timeout)

    def models(self, *, timeout: float | None = None) -> list[Model]:
        """The models with their species, parameters, ranges, units and references."""
        return self._unary(_calls.models(), timeout)

    def analyze(self, model: str, *, timeout: float | None = None, **spec: Any) -> StabilityReport:
        """Linear stability and Turing conditions of a spec; `**spec` as in `simulate`, from `rows` to `parameters`."""
        return self._unary(_calls.analyze(SpecArguments.of(model, spec)), timeout)

    def run(
        self,
        model: str,
        *,
        steps: int,
        with_final_state: bool = False,
        resume_token: bytes = b"",
        timeout: float | None = None,
        **spec: Any,
    ) -> RunResult:
        """Simulate without frames; the final state comes when asked for, up to 4 MiB. `**spec` as in `simulate`."""
        arguments = SpecArguments.of(model, {"steps": steps, **spec})
        return self._unary(_calls.run(arguments, with_final_state, resume_token), timeout)

    def upload(self, array: ArrayLike, *, timeout: float = UPLOAD_TIMEOUT_S) -> UploadedArray:
        """Hand over an array of more than 4 MiB, to be used as `initial_state`; it expires when it is not used.

        A server without a state directory forgets the array when it restarts; `initial_state` is then NotFound:
        upload it again.
        """
        method = self._channel.stream_unary(
            UPLOAD_ARRAY,
            request_serializer=simulation.UploadArrayRequest.SerializeToString,
            response_deserializer=simulation.UploadArrayResponse.FromString,
        )
        try:
            answer = method(upload_requests(array), timeout=timeout)
        except grpc.RpcError as error:
            raise translated(error) from None
        return uploaded(array, answer)

    def health(self, service: str = "", *, timeout: float | None = None) -> str:
        """Says "SERVING" or "NOT_SERVING"; raises NotFound for a service that the server does not know."""
        return self._unary(_calls.health(service), timeout)

    def close(self) -> None:
        """Close the channel; calls in flight are cancelled."""
        if "_channel" in self.__dict__:
            self._channel.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
