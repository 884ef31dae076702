"""The asynchronous client, on the running event loop."""

# ruff: noqa: ASYNC109  # the timeout becomes the deadline of the call, which the server sees

import asyncio
from collections.abc import Sequence
from functools import cached_property
from types import TracebackType
from typing import Any, Self, TypeVar

import grpc.aio
from numpy.typing import ArrayLike, NDArray

from mfn_client import _calls
from mfn_client._aio_simulation import AsyncSimulation
from mfn_client._base import SIMULATE, BaseClient
from mfn_client._calls import BODY_TEMPERATURE_K, Ion, NernstBatch, UnaryCall
from mfn_client._channel import aio_channel
from mfn_client._exceptions import translated
from mfn_client._results import Model, RunResult, StabilityReport
from mfn_client._resume import UnaryAttempts
from mfn_client._spec import SpecArguments
from mfn_client._stream import SimulationStream
from mfn_client._uploads import UPLOAD_ARRAY, UPLOAD_TIMEOUT_S, UploadedArray, upload_requests, uploaded
from mfn_grpc.v1 import simulation_pb2 as simulation

T = TypeVar("T")


class AsyncClient(BaseClient[AsyncSimulation]):
    """As `Client`, for `await` and `async for`. Use it as an asynchronous context manager, or `close()` it.

    It belongs to the event loop of its first call. Every method raises `RpcError` and its kinds; see `MfnError`.
    """

    @cached_property
    def _channel(self) -> grpc.aio.Channel:
        return aio_channel(self.target, self._api_key, self._options)

    async def _unary(self, call: UnaryCall[T], timeout: float | None) -> T:
        method = self._channel.unary_unary(
            call.method,
            request_serializer=type(call.request).SerializeToString,
            response_deserializer=call.answer.FromString,
        )
        attempts = UnaryAttempts(self._seconds(call, timeout))
        while True:
            try:
                return call.decode(await method(call.request, timeout=attempts.seconds_left()))
            except grpc.aio.AioRpcError as error:
                delay = attempts.delay(translated(error))
            await asyncio.sleep(delay)

    def _simulation(self, stream: SimulationStream) -> AsyncSimulation:
        method = self._channel.unary_stream(
            SIMULATE,
            request_serializer=simulation.SimulateRequest.SerializeToString,
            response_deserializer=simulation.SimulateResponse.FromString,
        )
        return AsyncSimulation(stream, lambda request, timeout: method(request, timeout=timeout))

    async def nernst(
        self,
        z_valence: int,
        concentration_out_molar: float,
        concentration_in_molar: float,
        temperature_k: float = BODY_TEMPERATURE_K,
        *,
        timeout: float | None = None,
    ) -> float:
        """The Nernst potential of an ion, inside against outside, in mV; concentrations in mol/L, above 0."""
        return await self._unary(
            _calls.nernst(z_valence, concentration_out_molar, concentration_in_molar, temperature_k), timeout
        )

    async def nernst_batch(
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
        return batch.joined([await self._unary(call, timeout) for call in batch.calls()])

    async def goldman(
        self, ions: Sequence[Ion], temperature_k: float = BODY_TEMPERATURE_K, *, timeout: float | None = None
    ) -> float:
        """The Goldman-Hodgkin-Katz voltage of 1 to 64 permeant ions, in mV; only permeability ratios matter."""
        return await self._unary(_calls.goldman(ions, temperature_k), timeout)

    async def goldman_current(
        self,
        ion: Ion,
        membrane_potential_mv: float,
        temperature_k: float = BODY_TEMPERATURE_K,
        *,
        timeout: float | None = None,
    ) -> float:
        """The Goldman-Hodgkin-Katz current density, in A/m^2, outward positive; the permeability is in m/s."""
        return await self._unary(_calls.goldman_current(ion, membrane_potential_mv, temperature_k), timeout)

    async def models(self, *, timeout: float | None = None) -> list[Model]:
        """The models with their species, parameters, ranges, units and references."""
        return await self._unary(_calls.models(), timeout)

    async def analyze(self, model: str, *, timeout: float | None = None, **spec: Any) -> StabilityReport:
        """Linear stability and Turing conditions of a spec; `**spec` as in `simulate`, from `rows` to `parameters`."""
        return await self._unary(_calls.analyze(SpecArguments.of(model, spec)), timeout)

    async def run(
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
        return await self._unary(_calls.run(arguments, with_final_state, resume_token), timeout)

    async def upload(self, array: ArrayLike, *, timeout: float = UPLOAD_TIMEOUT_S) -> UploadedArray:
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
            answer = await method(upload_requests(array), timeout=timeout)
        except grpc.aio.AioRpcError as error:
            raise translated(error) from None
        return uploaded(array, answer)

    async def health(self, service: str = "", *, timeout: float | None = None) -> str:
        """Says "SERVING" or "NOT_SERVING"; raises NotFound for a service that the server does not know."""
        return await self._unary(_calls.health(service), timeout)

    async def close(self) -> None:
        """Close the channel; calls in flight are cancelled."""
        if "_channel" in self.__dict__:
            await self._channel.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
