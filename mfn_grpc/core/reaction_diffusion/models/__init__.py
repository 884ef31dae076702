"""The models, in the order of the protocol."""

from mfn_grpc.core.reaction_diffusion.models.base import Model, Species, TwoSpeciesModel
from mfn_grpc.core.reaction_diffusion.models.brusselator import Brusselator
from mfn_grpc.core.reaction_diffusion.models.fitzhugh_nagumo import FitzhughNagumo
from mfn_grpc.core.reaction_diffusion.models.gierer_meinhardt import GiererMeinhardt
from mfn_grpc.core.reaction_diffusion.models.gray_scott import GrayScott
from mfn_grpc.core.reaction_diffusion.models.mycelium import Mycelium
from mfn_grpc.core.reaction_diffusion.models.schnakenberg import Schnakenberg

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
