"""FeatureOptions understood: which field is looked at, and where its thresholds lie."""

from dataclasses import dataclass
from typing import TypeVar

from mfn_grpc.core.features import Thresholds
from mfn_grpc.core.limits import Faults, Violation
from mfn_grpc.core.reaction_diffusion import Model
from mfn_grpc.v1.types_pb2 import FeatureOptions

POTENTIAL_UNIT = "mV"
"""The unit that the default thresholds are in."""

M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Watch:
    """The species of a simulation whose features are wanted, by its index, and their thresholds."""

    species: int
    thresholds: Thresholds


def decode_watch(options: FeatureOptions, model: type[M], faults: Faults) -> Watch:
    """What is watched of a model; whatever is wrong with the options is added to `faults`."""
    index = _species(options, model, faults)
    species = model.species[index]
    if species.unit != POTENTIAL_UNIT and not options.thresholds:
        text = f"is missing, must be low, medium and high threshold: {species.name} is not in {POTENTIAL_UNIT}"
        faults.add(Violation("thresholds", "", text))
    return Watch(index, _thresholds(options, faults))


def decode_thresholds(options: FeatureOptions, faults: Faults) -> Thresholds:
    """The thresholds for a field that the caller brings; whatever is wrong with the options is added to `faults`."""
    if options.HasField("species"):
        text = f"is {options.species[:80]!r}, must be left out: an array has no species"
        faults.add(Violation("species", options.species[:80], text))
    return _thresholds(options, faults)


def _species(options: FeatureOptions, model: type[M], faults: Faults) -> int:
    names = [species.name for species in model.species]
    if not options.HasField("species"):
        return 0
    if options.species not in names:
        text = f"is {options.species[:80]!r}, must be one of {', '.join(names)}"
        faults.add(Violation("species", options.species[:80], text))
        return 0
    return names.index(options.species)


def _thresholds(options: FeatureOptions, faults: Faults) -> Thresholds:
    if not options.thresholds:
        return Thresholds()
    found: Thresholds | None = faults.collect(Thresholds.of, options.thresholds)
    return found or Thresholds()
