"""Typed client for MyceliumFractalNet: membrane potentials and streamed reaction-diffusion simulations over gRPC.

    from mfn_client import Client

    with Client("localhost:50051") as client:
        for frame in client.simulate("gray_scott", steps=5_000, stride=100):
            print(frame.step, frame.fields["v"].mean())

`AsyncClient` is the same on asyncio. The names below are loaded when they are first used, so that importing a part of
the package does not load the rest.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfn_client._aio_client import AsyncClient
    from mfn_client._aio_simulation import AsyncSimulation
    from mfn_client._calls import Ion
    from mfn_client._client import Client
    from mfn_client._exceptions import (
        DeadlineExceeded,
        FailedPrecondition,
        FieldDiverged,
        FieldViolation,
        InsecureCredentials,
        InternalError,
        InvalidArgument,
        MfnError,
        NotFound,
        NotReproducible,
        Overloaded,
        PermissionDenied,
        ResourceExhausted,
        RpcError,
        StreamCorrupted,
        Unauthenticated,
        Unavailable,
        Unimplemented,
        UnstableSpec,
    )
    from mfn_client._results import (
        Frame,
        Model,
        MyceliumSummary,
        Parameter,
        RunResult,
        Species,
        SpeciesSummary,
        StabilityReport,
        Started,
        SteadyState,
        StepLimit,
        Summary,
        UnstableBand,
    )
    from mfn_client._simulation import Simulation
    from mfn_client._spec import Boundary
    from mfn_client._spectrum import peak_wavelength
    from mfn_client._uploads import UploadedArray

__all__ = [
    "AsyncClient",
    "AsyncSimulation",
    "Boundary",
    "Client",
    "DeadlineExceeded",
    "FailedPrecondition",
    "FieldDiverged",
    "FieldViolation",
    "Frame",
    "InsecureCredentials",
    "InternalError",
    "InvalidArgument",
    "Ion",
    "MfnError",
    "Model",
    "MyceliumSummary",
    "NotFound",
    "NotReproducible",
    "Overloaded",
    "Parameter",
    "PermissionDenied",
    "ResourceExhausted",
    "RpcError",
    "RunResult",
    "Simulation",
    "Species",
    "SpeciesSummary",
    "StabilityReport",
    "Started",
    "SteadyState",
    "StepLimit",
    "StreamCorrupted",
    "Summary",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "UnstableBand",
    "UnstableSpec",
    "UploadedArray",
    "peak_wavelength",
]

_HOMES = {
    "AsyncClient": "_aio_client",
    "AsyncSimulation": "_aio_simulation",
    "Boundary": "_spec",
    "Client": "_client",
    "Ion": "_calls",
    "Simulation": "_simulation",
    "UploadedArray": "_uploads",
    "peak_wavelength": "_spectrum",
}
_RESULTS = {
    "Frame", "Model", "MyceliumSummary", "Parameter", "RunResult", "Species", "SpeciesSummary", "StabilityReport",
    "Started", "SteadyState", "StepLimit", "Summary", "UnstableBand",
}  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name) or ("_results" if name in _RESULTS else "_exceptions")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return __all__
