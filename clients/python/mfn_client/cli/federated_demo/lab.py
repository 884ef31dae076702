"""Attacks, rules and the simulator, found through entry points at run time, and the digits that all learn from."""

# ruff: noqa: PLC0415  # scikit-learn is loaded when the demo runs, not for --help

from collections.abc import Generator
from dataclasses import dataclass
from importlib.metadata import entry_points
from typing import Any

from mfn_client.cli.failures import UsageError

LAB_GROUP = "mfn.federated_lab"
PARTS = ("aggregation", "attacks", "robustness")
REMEDY = "install mfn-grpc[demo]"
AGAIN = "Where it is installed from a checkout that has changed since, run `pip install -e '.[demo]'` there again."


@dataclass(frozen=True)
class Lab:
    """Modules of the package that computes: rules and policies, attacks on them, and the simulator of both."""

    aggregation: Any
    attacks: Any
    robustness: Any


def load_lab() -> Lab:
    """The modules that the package names.

    Raises:
        UsageError: the package holds none, or something that they need is missing.
    """
    found = {entry.name: entry for entry in entry_points(group=LAB_GROUP)}
    if not found.keys() >= set(PARTS):
        raise UsageError(f"There is no simulator of federations here: {REMEDY}. {AGAIN}")
    try:
        return Lab(**{name: found[name].load() for name in PARTS})
    except ImportError as error:
        raise UsageError(f"The simulator of federations needs more than is here: {REMEDY}. ({error})") from error


def finish(pieces: Generator[None, None, Any]) -> Any:
    """Run a computation that comes in pieces; what it returns."""
    while True:
        try:
            next(pieces)
        except StopIteration as ended:
            return ended.value


def digits() -> tuple[Any, Any]:
    """The 1,797 handwritten digits of scikit-learn: 8 x 8 grey values [samples, 64], and which digit each is.

    Raises:
        UsageError: scikit-learn is missing.
    """
    try:
        from sklearn.datasets import load_digits
    except ModuleNotFoundError as error:
        raise UsageError(f"The digits come with scikit-learn, which is missing: {REMEDY}. ({error})") from error
    features, labels = load_digits(return_X_y=True)
    return features, labels
