"""How large a request message of each method may be: those that hold no arrays need little."""

from collections.abc import Mapping

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""Of the methods that are not below."""
FEW_VALUES, NAMES_AND_OPTIONS, CONFIGURATIONS = 4 * 1024, 64 * 1024, 1024 * 1024

_ELECTROCHEMISTRY, _SIMULATION = "mfn.v1.ElectrochemistryService", "mfn.v1.SimulationService"
_VALIDATION, _FEDERATION = "mfn.v1.ValidationService", "mfn.v1.FederationService"

MOST_BYTES: Mapping[str, int] = {
    f"{_ELECTROCHEMISTRY}.ComputeNernst": FEW_VALUES,
    f"{_ELECTROCHEMISTRY}.ComputeGoldman": NAMES_AND_OPTIONS,
    f"{_ELECTROCHEMISTRY}.ComputeGoldmanCurrent": NAMES_AND_OPTIONS,
    f"{_SIMULATION}.ListModels": FEW_VALUES,
    f"{_VALIDATION}.Validate": FEW_VALUES,
    f"{_VALIDATION}.ValidateStream": FEW_VALUES,
    f"{_FEDERATION}.CreateFederation": CONFIGURATIONS,
    f"{_FEDERATION}.GetFederation": FEW_VALUES,
    f"{_FEDERATION}.ListFederations": FEW_VALUES,
    f"{_FEDERATION}.DeleteFederation": FEW_VALUES,
    f"{_FEDERATION}.PauseFederation": FEW_VALUES,
    f"{_FEDERATION}.ResumeFederation": FEW_VALUES,
    f"{_FEDERATION}.EnrolParticipant": NAMES_AND_OPTIONS,
    f"{_FEDERATION}.ListParticipants": FEW_VALUES,
    f"{_FEDERATION}.RemoveParticipant": FEW_VALUES,
    f"{_FEDERATION}.ListRounds": FEW_VALUES,
    f"{_FEDERATION}.ListVerdicts": FEW_VALUES,
    f"{_FEDERATION}.WatchFederation": FEW_VALUES,
    f"{_FEDERATION}.DownloadModel": FEW_VALUES,
    "grpc.health.v1.Health.Check": FEW_VALUES,
    "grpc.health.v1.Health.List": FEW_VALUES,
    "grpc.health.v1.Health.Watch": FEW_VALUES,
    "grpc.reflection.v1alpha.ServerReflection.ServerReflectionInfo": NAMES_AND_OPTIONS,
}
"""By the full name of the method."""


def max_request_bytes(method: str) -> int:
    """The most bytes of one request message of a method, by its full name."""
    return MOST_BYTES.get(method, MAX_MESSAGE_BYTES)
