"""Taking part in federated learning: `participate` keeps the stream, your `fit` only trains.

    from mfn_client.federated import generate_key, participate, public_key, save_key

    save_key(generate_key(), "alice.pem")           # once; the operator enrols public_key("alice.pem")

    def fit(arrays, config):
        arrays["weights"] -= 0.1 * gradient(arrays, config.get("batch", 32))
        return arrays, 1_000, {"loss": loss(arrays)}

    result = participate("localhost:50051", "digits", fit, name="alice", key="alice.pem")

`participate_async` is the same on asyncio; `mfn_client.federated.pytorch` and `.sklearn` adapt modules and estimators.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mfn_client.federated._participate import participate, participate_async
    from mfn_client.federated._record import read_acknowledgements
    from mfn_client.federated._results import Acknowledgement, Participation, RoundConfig
    from mfn_client.federated.keys import generate_key, load_key, public_key, save_key

__all__ = [
    "Acknowledgement",
    "Participation",
    "RoundConfig",
    "generate_key",
    "load_key",
    "participate",
    "participate_async",
    "public_key",
    "read_acknowledgements",
    "save_key",
]

_HOMES = {
    "Acknowledgement": "_results",
    "Participation": "_results",
    "RoundConfig": "_results",
    "generate_key": "keys",
    "load_key": "keys",
    "participate": "_participate",
    "participate_async": "_participate",
    "public_key": "keys",
    "read_acknowledgements": "_record",
    "save_key": "keys",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return __all__
