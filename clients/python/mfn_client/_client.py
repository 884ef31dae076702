"""The synchronous client."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc

from mfn_client import _calls
from mfn_client._base import SIMULATE, BaseClient
from mfn_client._calls import BODY_TEMPERATURE_K, VALIDATION_TIMEOUT_S, Ion, NernstBatch, UnaryCall
from mfn_client._channel import sync_channel
from mfn_client._exceptions import translated
from mfn_client._federation_client import FederationMethods
from mfn_client._late import late
from mfn_client._resume import UnaryAttempts
from mfn_client._simulation import Simulation
from mfn_client._spec import FeatureArguments, SpecArguments
from mfn_client._uploads import UPLOAD_ARRAY, UPLOAD_TIMEOUT_S, UploadedArray, upload_requests, uploaded

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from numpy.typing import ArrayLike, NDArray

    from mfn_client import _feature_calls
    from mfn_client import _feature_stream as feature_streaming
    from mfn_client import _validation_stream as validating
    from mfn_client._feature_calls import FieldCall
    from mfn_client._feature_stream import FeatureStream, Frames
    from mfn_client._features import EarlyWarningOptions, ExtractedFeatures
    from mfn_client._fractals import BoxCountOptions, FractalAnalysis, NullComparisonOptions
    from mfn_client._results import Model, RunResult, StabilityReport
    from mfn_client._stream import SimulationStream
    from mfn_client._validation import ValidationReport
    from mfn_client._validation_stream import Validation
    from mfn_grpc.v1 import features_pb2, validation_pb2
    from mfn_grpc.v1 import simulation_pb2 as simulation
else:
    _feature_calls = late("mfn_client._feature_calls")
    feature_streaming = late("mfn_client._feature_stream")
    validating = late("mfn_client._validation_stream")
    features_pb2 = late("mfn_grpc.v1.features_pb2")
    simulation = late("mfn_grpc.v1.simulation_pb2")
    validation_pb2 = late("mfn_grpc.v1.validation_pb2")

T = TypeVar("T")


class Client(FederationMethods, BaseClient[Simulation]):
    """Calls a server and waits; numbers and numpy arrays in and out. Use it as a context manager, or `close()` it.

    Safe to share between threads. Every method raises `RpcError` and its kinds; see `mfn_client.MfnError`.
    """

    @cached_property
    def _channel(self) -> grpc.Channel:
        return sync_channel(self.target, self._credentials, self._options)

    def _unary(self, call: UnaryCall[T], timeout: float | None) -> T:
        method = self._channel.unary_unary(
            call.method,
            request_serializer=type(call.request).SerializeToString,
            response_deserializer=call.answer.FromString,
        )
        attempts = UnaryAttempts(self._seconds(call, timeout), lost_attempts=call.lost_attempts)
        while True:
            try:
                return call.decode(method(call.request, timeout=attempts.seconds_left()))
            except grpc.RpcError as error:
                delay = attempts.delay(translated(error))
            time.sleep(delay)

    def _field_unary(self, call: FieldCall[T], timeout: float | None) -> T:
        """A call about an array, which is uploaded first when it is large; the seconds cover both."""
        if call.large is None:
            return self._unary(call.call, timeout)
        began = time.monotonic()
        kept = self.upload(call.large, timeout=UPLOAD_TIMEOUT_S if timeout is None else timeout)
        left = None if timeout is None else timeout - (time.monotonic() - began)
        return self._unary(call.about(kept), left)

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
        with_features: bool = False,
        feature_species: str | None = None,
        thresholds: Sequence[float] | None = None,
        resume_token: bytes = b"",
        timeout: float | None = None,
        **spec: Any,
    ) -> RunResult:
        """Simulate without frames; the final state comes when asked for, up to 4 MiB. The rest as in `simulate`."""
        arguments = SpecArguments.of(model, {"steps": steps, **spec})
        features = FeatureArguments(with_features, feature_species, thresholds)
        return self._unary(_calls.run(arguments, with_final_state, resume_token, features), timeout)

    def upload(self, array: ArrayLike, *, timeout: float = UPLOAD_TIMEOUT_S) -> UploadedArray:
        """Hand over an array, to be used as `initial_state` or in place of a field; it expires when it is not used.

        Fields above 4 MiB are handed over by the calls that take them; this saves doing so again for each call.

        A server without a state directory forgets the array when it restarts; its use is then NotFound: upload it
        again.
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

    def extract_features(
        self,
        field: ArrayLike | UploadedArray,
        thresholds: Sequence[float] | None = None,
        *,
        timeout: float | None = None,
    ) -> ExtractedFeatures:
        """The 18 features of a field [rows, columns], or of a history [steps, rows, columns] one step apart.

        `thresholds`: low, medium and high, rising, in the field's unit; default -60, -50, -40, which fit mV. The
        features of change are NaN for a single field. More than 4 MiB is uploaded first.
        """
        return self._field_unary(_feature_calls.extract_features(field, thresholds), timeout)

    def feature_stream(
        self,
        frames: Frames,
        thresholds: Sequence[float] | None = None,
        *,
        report_stride: int | None = None,
        early_warning: EarlyWarningOptions | None = None,
        timeout: float | None = None,
    ) -> FeatureStream:
        """Features of a history while it comes into being, which is stored nowhere; early warnings when asked for.

        Args:
            frames: Fields [rows, columns] of one shape, one step apart, at least one.
            thresholds: As in `extract_features`.
            report_stride: Frames between two reports, 1 (default) to 1,000,000; the last frame is always reported.
            early_warning: Whether and how to look for signs that the system loses its stability.
            timeout: Seconds for everything. Default: none.
        """
        begin = _feature_calls.stream_begin(thresholds, report_stride, early_warning)
        method = self._channel.stream_stream(
            feature_streaming.EXTRACT_FEATURE_STREAM,
            request_serializer=features_pb2.ExtractFeatureStreamRequest.SerializeToString,
            response_deserializer=features_pb2.ExtractFeatureStreamResponse.FromString,
        )
        state = feature_streaming.FeatureStreamState(begin, frames, timeout)
        return feature_streaming.FeatureStream(state, lambda requests, seconds: method(requests, timeout=seconds))

    def analyze_fractal(
        self,
        field: ArrayLike | UploadedArray,
        threshold: float | None = None,
        *,
        estimators: Sequence[str] = (),
        box_count: BoxCountOptions | None = None,
        null_comparison: NullComparisonOptions | None = None,
        lacunarity_box_edges: Sequence[int] = (),
        generalized_orders: Sequence[float] = (),
        timeout: float | None = None,
    ) -> FractalAnalysis:
        """Fractal dimensions of a set of cells with the evidence for them.

        Args:
            field: [rows, columns]. The set is the cells above the threshold; without one, of an array of true and
                false or of whole numbers, those that are not 0. More than 4 MiB is uploaded first.
            threshold: In the field's unit; needed for floating point.
            estimators: "box_count" (default) and "boundary_count".
            box_count: How boxes are laid and counted.
            null_comparison: Which chance patterns the dimensions are compared with. Default: none.
            lacunarity_box_edges: Edges of the gliding boxes of the lacunarity, in cells, rising. Default: none.
            generalized_orders: Orders q of the generalised dimensions, rising, -50 to 50. Their measure is the field,
                which must not be negative, or the same on every cell of a set. Default: none.
            timeout: Seconds for everything. Default: 300 for the call.
        """
        call = _feature_calls.analyze_fractal(
            field, threshold, estimators, box_count, null_comparison, lacunarity_box_edges, generalized_orders
        )
        return self._field_unary(call, timeout)

    def validate(self, suite: str = "quick", seed: int = 0, *, timeout: float | None = None) -> ValidationReport:
        """Let the server measure its engine against exact results; the same suite and seed measure the same.

        `suite`: "quick", "physics", "reaction_diffusion", "fractal", "dynamics", "aggregation", "learning" or "all". A
        server that does not offer one of them answers UNIMPLEMENTED.
        """
        return self._unary(validating.validate(suite, seed), timeout)

    def validate_stream(
        self, suite: str = "quick", seed: int = 0, *, timeout: float = VALIDATION_TIMEOUT_S
    ) -> Validation:
        """As `validate`, an iterator of the checks as they finish; the call opens with the first of them."""
        request = validating.validate_stream_request(suite, seed)
        method = self._channel.unary_stream(
            validating.VALIDATE_STREAM,
            request_serializer=validation_pb2.ValidateStreamRequest.SerializeToString,
            response_deserializer=validation_pb2.ValidateStreamResponse.FromString,
        )
        stream = validating.ValidationStream(request, UnaryAttempts(timeout))
        return validating.Validation(stream, lambda message, seconds: method(message, timeout=seconds))

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
