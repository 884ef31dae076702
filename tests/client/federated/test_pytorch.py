"""The adapter of PyTorch, against a module and a torch of our own: the library is not needed here."""

import contextlib
import subprocess
import sys
import types
from typing import Any

import numpy as np
import pytest

from mfn_client.federated import RoundConfig
from mfn_client.federated.pytorch import element_types, evaluator, load_arrays, to_arrays, trainer

CONFIG = RoundConfig({}, 1, None, None)  # type: ignore[arg-type]  # this training reads no model


class FakeTensor:
    """As much of a tensor as the adapter touches. `kind` is torch's name of its type."""

    def __init__(self, values: Any, kind: str = "float32") -> None:
        self.values, self.dtype = np.asarray(values), f"torch.{kind}"

    @property
    def shape(self) -> tuple[int, ...]:
        return self.values.shape

    def is_floating_point(self) -> bool:
        return "float" in self.dtype

    def detach(self) -> "FakeTensor":
        return self

    def cpu(self) -> "FakeTensor":
        return self

    def float(self) -> "FakeTensor":
        return FakeTensor(self.values.astype(np.float32))

    def numpy(self) -> Any:
        if self.dtype == "torch.bfloat16":
            raise TypeError("Got unsupported ScalarType BFloat16")
        return self.values

    def copy_(self, other: "FakeTensor") -> None:
        self.values[...] = other.values


class FakeModule:
    """A module with a parameter, a half-precision one, one in bfloat16, a running mean and a counter."""

    def __init__(self) -> None:
        self._state = {
            "weight": FakeTensor(np.zeros((2, 3), np.float32)),
            "half": FakeTensor(np.zeros(2, np.float16), "float16"),
            "brain": FakeTensor(np.zeros(2, np.float32), "bfloat16"),
            "running_mean": FakeTensor(np.zeros(3, np.float32)),
            "num_batches_tracked": FakeTensor(np.array(4), "int64"),
        }

    def state_dict(self) -> dict[str, FakeTensor]:
        return dict(self._state)


@pytest.fixture(autouse=True)
def torch(monkeypatch: pytest.MonkeyPatch) -> None:
    fake: Any = types.ModuleType("torch")
    fake.from_numpy = FakeTensor
    fake.no_grad = contextlib.nullcontext
    monkeypatch.setitem(sys.modules, "torch", fake)


def test_what_is_in_floating_point_travels_and_counters_stay() -> None:
    arrays = to_arrays(FakeModule())
    assert {name: values.dtype for name, values in arrays.items()} == {
        "weight": np.float32,
        "half": np.float16,
        "brain": np.float32,
        "running_mean": np.float32,
    }
    assert element_types(FakeModule()) == {"brain": "bfloat16"}


def test_arrays_are_copies_and_come_back_into_the_module() -> None:
    module = FakeModule()
    arrays = to_arrays(module)
    for values in arrays.values():
        np.add(values, 1, out=values)
    assert not module.state_dict()["weight"].values.any()
    load_arrays(module, arrays)
    assert module.state_dict()["weight"].values.all()
    assert module.state_dict()["num_batches_tracked"].values == 4


def test_arrays_of_another_module_are_refused_and_change_nothing() -> None:
    module = FakeModule()
    arrays = {**to_arrays(module), "weight": np.ones((3, 2)), "bias": np.ones(1)}
    del arrays["half"]
    with pytest.raises(ValueError, match="bias is none of the module's; half is missing; weight has the shape"):
        load_arrays(module, arrays)
    assert not module.state_dict()["weight"].values.any()


def test_training_and_evaluation_work_on_the_module() -> None:
    module = FakeModule()

    def train(trained: FakeModule, config: RoundConfig) -> Any:
        trained.state_dict()["weight"].values[...] += config.round
        return 5, {"loss": 0.5}

    def measure(measured: FakeModule, config: RoundConfig) -> Any:
        return 3, {"sum": float(measured.state_dict()["weight"].values.sum())}

    start = {name: values + 1 for name, values in to_arrays(module).items()}
    arrays, examples, metrics = trainer(module, train)(dict(start), CONFIG)
    np.testing.assert_array_equal(arrays["weight"], 2)
    assert (examples, metrics) == (5, {"loss": 0.5})
    assert evaluator(module, measure)(dict(start), CONFIG) == (3, {"sum": 6.0})


def test_importing_the_adapter_needs_no_torch() -> None:
    code = "import sys; sys.modules['torch'] = None; from mfn_client.federated.pytorch import trainer; print(trainer)"
    command, env = [sys.executable, "-c", code], {"PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert (done.returncode, done.stdout.startswith("<function trainer")) == (0, True), done.stderr
