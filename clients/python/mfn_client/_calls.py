"""The unary calls as values: which method, what to send, how to read the answer, how long to wait.

Both faces of the client send these; neither knows what is in them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from mfn_client._decoding import decoded
from mfn_client._exceptions import FieldViolation, StreamCorrupted, invalid
from mfn_client._late import late
from mfn_client._messages import ENVELOPE_BYTES, MESSAGE_BYTES
from mfn_client._spec import NO_FEATURES, Faults, FeatureArguments, SpecArguments
from mfn_grpc.arrays import AnyArray, ArrayError, from_array, to_array
from mfn_grpc.v1.types_pb2 import Array

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from google.protobuf import wrappers_pb2
    from google.protobuf.message import Message
    from numpy.typing import ArrayLike, NDArray

    from mfn_client import _results as results
    from mfn_client._results import Model, RunResult, StabilityReport
    from mfn_grpc.v1 import electrochemistry_pb2 as electro
    from mfn_grpc.v1 import simulation_pb2 as simulation
else:
    wrappers_pb2 = late("google.protobuf.wrappers_pb2")
    results = late("mfn_client._results")
    electro = late("mfn_grpc.v1.electrochemistry_pb2")
    simulation = late("mfn_grpc.v1.simulation_pb2")

T_co = TypeVar("T_co", covariant=True)
BODY_TEMPERATURE_K = 310.15
VALIDATION_TIMEOUT_S = 600.0
_ELECTRO = "/mfn.v1.ElectrochemistryService"
_SIMULATION = "/mfn.v1.SimulationService"
_BATCH_BYTES = MESSAGE_BYTES - ENVELOPE_BYTES
ION_FORM = "Ion(z_valence, permeability, concentration_out_molar, concentration_in_molar)"
_HEALTH_WORDS = {0: "UNKNOWN", 1: "SERVING", 2: "NOT_SERVING", 3: "SERVICE_UNKNOWN"}


@dataclass(frozen=True)
class UnaryCall(Generic[T_co]):
    """One unary call: `decode` turns the answer into what the caller wants; `timeout` in seconds.

    lost_attempts: as of `UnaryAttempts`.
    """

    method: str
    request: Message
    answer: type[Message]
    decode: Callable[[Any], T_co]
    timeout: float
    lost_attempts: int = 1


@dataclass(frozen=True)
class Ion:
    """One ion species across a membrane; concentrations in mol/L, the permeability relative or in m/s."""

    z_valence: int
    permeability: float
    concentration_out_molar: float
    concentration_in_molar: float
    name: str = ""


def nernst(z_valence: int, out_molar: float, in_molar: float, temperature_k: float) -> UnaryCall[float]:
    """The Nernst potential of one ion, in mV."""
    request, faults = electro.ComputeNernstRequest(), Faults()
    faults.assign(request, "z_valence", z_valence, "z_valence")
    faults.assign(request, "concentration_out_molar", out_molar, "concentration_out_molar")
    faults.assign(request, "concentration_in_molar", in_molar, "concentration_in_molar")
    faults.assign(request, "temperature_k", temperature_k, "temperature_k")
    faults.check()
    return UnaryCall(f"{_ELECTRO}/ComputeNernst", request, electro.ComputeNernstResponse, _potential, timeout=10)


def goldman(ions: Sequence[Ion], temperature_k: float) -> UnaryCall[float]:
    """The Goldman-Hodgkin-Katz voltage, in mV."""
    request, faults = electro.ComputeGoldmanRequest(), Faults()
    for index, ion in enumerate(_listed(ions, faults)):
        _fill_ion(request.ions.add(), ion, f"ions[{index}]", faults)
    faults.assign(request, "temperature_k", temperature_k, "temperature_k")
    faults.check()
    return UnaryCall(f"{_ELECTRO}/ComputeGoldman", request, electro.ComputeGoldmanResponse, _potential, timeout=10)


def goldman_current(ion: Ion, membrane_potential_mv: float, temperature_k: float) -> UnaryCall[float]:
    """The Goldman-Hodgkin-Katz current density of one ion, in A/m^2."""
    request, faults = electro.ComputeGoldmanCurrentRequest(), Faults()
    _fill_ion(request.ion, ion, "ion", faults)
    faults.assign(request, "membrane_potential_mv", membrane_potential_mv, "membrane_potential_mv")
    faults.assign(request, "temperature_k", temperature_k, "temperature_k")
    faults.check()
    answer = electro.ComputeGoldmanCurrentResponse
    return UnaryCall(f"{_ELECTRO}/ComputeGoldmanCurrent", request, answer, _current_density, timeout=10)


def models() -> UnaryCall[list[Model]]:
    """The models that the server simulates."""
    request, answer = simulation.ListModelsRequest(), simulation.ListModelsResponse
    return UnaryCall(f"{_SIMULATION}/ListModels", request, answer, _models, timeout=10)


def analyze(spec: SpecArguments) -> UnaryCall[StabilityReport]:
    """The stability of a spec."""
    faults = Faults()
    request = simulation.AnalyzeStabilityRequest(spec=spec.message(faults))
    faults.check()
    answer = simulation.AnalyzeStabilityResponse
    return UnaryCall(f"{_SIMULATION}/AnalyzeStability", request, answer, _stability, timeout=30)


def run(
    spec: SpecArguments, with_final_state: bool, resume_token: bytes, features: FeatureArguments = NO_FEATURES
) -> UnaryCall[RunResult]:
    """A simulation without frames."""
    faults = Faults()
    request = simulation.RunSimulationRequest(spec=spec.message(faults))
    faults.assign(request, "with_final_state", with_final_state, "with_final_state")
    faults.assign(request, "resume_token", resume_token, "resume_token")
    features.fill(request, faults)
    faults.check()
    answer = simulation.RunSimulationResponse
    return UnaryCall(f"{_SIMULATION}/RunSimulation", request, answer, _run_result, timeout=600)


def health(service: str) -> UnaryCall[str]:
    """What the standard health service says of a service ("" is the whole server).

    Its request holds one string and its answer one enum, both field 1: the well-known wrappers are the same on the
    wire, so that the client needs no further package.
    """
    request = wrappers_pb2.StringValue(value=service)
    return UnaryCall("/grpc.health.v1.Health/Check", request, wrappers_pb2.Int32Value, _health_word, timeout=5)


@dataclass(frozen=True)
class NernstBatch:
    """Many Nernst potentials, cut into as many calls as the 4 MiB limit needs."""

    inputs: Mapping[str, AnyArray]
    shape: tuple[int, ...]

    @classmethod
    def of(cls, z: ArrayLike, out_molar: ArrayLike, in_molar: ArrayLike, temperature_k: ArrayLike) -> NernstBatch:
        """Broadcast the inputs together.

        Raises:
            InvalidArgument: they do not broadcast, or are not numbers.
        """
        names = ("z_valence", "concentration_out_molar", "concentration_in_molar", "temperature_k")
        inputs = {
            name: _numbers(values) for name, values in zip(names, (z, out_molar, in_molar, temperature_k), strict=True)
        }
        try:
            return cls(inputs, np.broadcast_shapes(*(values.shape for values in inputs.values())))
        except ValueError:
            shapes = ", ".join(f"{name} {list(values.shape)}" for name, values in inputs.items())
            raise invalid([FieldViolation("z_valence", f"the shapes do not broadcast together: {shapes}")]) from None

    def calls(self) -> Iterator[UnaryCall[AnyArray]]:
        """The calls, in order; one when everything fits."""
        size = int(np.prod(self.shape))
        if max(size * 8, sum(values.nbytes for values in self.inputs.values())) <= _BATCH_BYTES:
            yield _batch_call(self.inputs)
            return
        wide = {name: values for name, values in self.inputs.items() if values.size > 1}
        step = _BATCH_BYTES // max(8, sum(values.itemsize for values in wide.values()))
        flat = {name: np.broadcast_to(values, self.shape).flat for name, values in wide.items()}
        for start in range(0, size, step):
            cut = {name: values[start : start + step] for name, values in flat.items()}
            yield _batch_call({**{name: values.reshape(-1) for name, values in self.inputs.items()}, **cut})

    def joined(self, answers: Sequence[AnyArray]) -> NDArray[np.float64]:
        """The answers of the calls as one array of the broadcast shape."""
        potentials = np.concatenate([answer.reshape(-1) for answer in answers])
        if potentials.size != int(np.prod(self.shape)):
            raise StreamCorrupted(f"{potentials.size} potentials came for inputs of shape {list(self.shape)}")
        return potentials.astype(np.float64).reshape(self.shape)


def _numbers(values: ArrayLike) -> AnyArray:
    """Floating point as it is; whole numbers as the smallest of the types that the server reads."""
    array = np.asarray(values)
    if array.dtype.kind not in "iu":
        return array
    small = array.size == 0 or (array.min() >= -128 and array.max() <= 127)
    return array.astype(np.int8 if small else np.int64)


def _batch_call(inputs: Mapping[str, AnyArray]) -> UnaryCall[AnyArray]:
    faults, messages = Faults(), dict[str, Array]()
    for name, values in inputs.items():
        as_floats = values.astype(np.float64) if name != "z_valence" and values.dtype.kind == "i" else values
        try:
            messages[name] = to_array(as_floats)
        except ArrayError as error:
            faults.add(name, str(error))
    faults.check()
    request, answer = electro.ComputeNernstBatchRequest(**messages), electro.ComputeNernstBatchResponse
    return UnaryCall(f"{_ELECTRO}/ComputeNernstBatch", request, answer, _potentials, timeout=30)


def _listed(ions: Any, faults: Faults) -> Iterable[Any]:
    if isinstance(ions, Iterable):
        return ions
    faults.add("ions", f"is {ions!r}, must be a list of {ION_FORM}")
    return ()


def _fill_ion(message: electro.Ion, ion: Any, path: str, faults: Faults) -> None:
    if not isinstance(ion, Ion):
        faults.add(path, f"is {ion!r}, must be {ION_FORM}")
        return
    for name in message.DESCRIPTOR.fields_by_name:
        faults.assign(message, name, getattr(ion, name), f"{path}.{name}")


def _decoded_array(message: Array) -> AnyArray:
    try:
        return from_array(message)
    except ArrayError as error:
        raise StreamCorrupted(f"The server's answer holds a damaged array: {error}") from error


def _potential(answer: electro.ComputeNernstResponse | electro.ComputeGoldmanResponse) -> float:
    return answer.potential_mv


def _potentials(answer: electro.ComputeNernstBatchResponse) -> AnyArray:
    return _decoded_array(answer.potential_mv)


def _current_density(answer: electro.ComputeGoldmanCurrentResponse) -> float:
    return answer.current_density_a_per_m2


def _models(answer: simulation.ListModelsResponse) -> list[Model]:
    return [decoded(results.Model, each) for each in answer.models]


def _stability(answer: simulation.AnalyzeStabilityResponse) -> StabilityReport:
    return decoded(results.StabilityReport, answer.stability)


def _run_result(answer: simulation.RunSimulationResponse) -> RunResult:
    state = _decoded_array(answer.final_state) if answer.HasField("final_state") else None
    started, summary = decoded(results.Started, answer.started), decoded(results.Summary, answer.summary)
    return results.RunResult(started, summary, state)


def _health_word(answer: wrappers_pb2.Int32Value) -> str:
    return _HEALTH_WORDS.get(answer.value, str(answer.value))
