"""The models, in the order of the protocol."""

from .base import Model, Species, TwoSpeciesModel
from .brusselator import Brusselator
from .fitzhugh_nagumo import FitzhughNagumo
from .gierer_meinhardt import GiererMeinhardt
from .gray_scott import GrayScott
from .mycelium import Mycelium
from .schnakenberg import Schnakenberg

MODELS: dict[str, type[Model]] = {
    model.name: model for model in (Mycelium, GrayScott, Schnakenberg, GiererMeinhardt, Brusselator, FitzhughNagumo)
}

__all__ = [
    "MODELS",
    "Brusselator",
    "FitzhughNagumo",
    "GiererMeinhardt",
    "GrayScott",
    "Model",
    "Mycelium",
    "Schnakenberg",
    "Species",
    "TwoSpeciesModel",
]
