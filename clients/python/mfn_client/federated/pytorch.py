"""PyTorch modules in a federation; needs `pip install 'mfn-grpc[pytorch]'`, or any PyTorch that is there.

    from mfn_client.federated import participate
    from mfn_client.federated.pytorch import evaluator, to_arrays, trainer

    client.upload_model("digits", to_arrays(net), element_type=element_types(net))
    participate(server, "digits", trainer(net, train), evaluator(net, measure), name="alice", key="alice.pem")

What travels is the floating-point part of `state_dict`: parameters, and buffers such as running means. Whole-number
buffers, such as `num_batches_tracked`, stay what they are on each participant: their mean would be no count.
"""

from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mfn_client.federated._results import RoundConfig
from mfn_client.federated._worker import Evaluate, Fit

__all__ = ["element_types", "evaluator", "load_arrays", "to_arrays", "trainer"]

Metrics = Mapping[str, float]
Train = Callable[[Any, RoundConfig], tuple[int, Metrics]]


def to_arrays(module: Any) -> dict[str, NDArray[Any]]:
    """Copies of the floating-point tensors of a module, by name, on the host; bfloat16 as float32."""
    return {name: _array(tensor) for name, tensor in _floating(module).items()}


def element_types(module: Any) -> dict[str, str]:
    """The tensors that numpy has no type for, as `upload_model(element_type=...)` takes them: "bfloat16"."""
    return {name: "bfloat16" for name, tensor in _floating(module).items() if _is_bfloat16(tensor)}


def load_arrays(module: Any, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Copy arrays into a module, each into the type and onto the device of its tensor.

    Raises:
        ValueError: names or shapes are not those of `to_arrays`; the module is then unchanged.
    """
    torch: Any = import_module("torch")  # only who trains with it needs it
    own = _floating(module)
    faults = [f"{name} is missing" for name in own.keys() - arrays.keys()]
    faults += [f"{name} is none of the module's" for name in arrays.keys() - own.keys()]
    for name in own.keys() & arrays.keys():
        if tuple(own[name].shape) != np.shape(arrays[name]):
            faults.append(f"{name} has the shape {np.shape(arrays[name])}, the module's has {tuple(own[name].shape)}")
    if faults:
        raise ValueError("; ".join(sorted(faults)))
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(torch.from_numpy(np.ascontiguousarray(arrays[name])))


def trainer(module: Any, train: Train) -> Fit:
    """A `fit` for `participate`: `train(module, config)` trains in place and returns (num_examples, metrics)."""

    def fit(arrays: dict[str, Any], config: RoundConfig) -> tuple[Mapping[str, Any], int, Metrics]:
        load_arrays(module, arrays)
        num_examples, metrics = train(module, config)
        return to_arrays(module), num_examples, metrics

    return fit


def evaluator(module: Any, measure: Train) -> Evaluate:
    """An `evaluate` for `participate`: `measure(module, config)` returns (num_examples, metrics)."""

    def evaluate(arrays: dict[str, Any], config: RoundConfig) -> tuple[int, Metrics]:
        load_arrays(module, arrays)
        return measure(module, config)

    return evaluate


def _floating(module: Any) -> dict[str, Any]:
    return {name: tensor for name, tensor in module.state_dict().items() if tensor.is_floating_point()}


def _is_bfloat16(tensor: Any) -> bool:
    return str(tensor.dtype) == "torch.bfloat16"


def _array(tensor: Any) -> NDArray[Any]:
    host = tensor.detach().cpu()
    return np.array((host.float() if _is_bfloat16(tensor) else host).numpy())
