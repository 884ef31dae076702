"""All attacks, by name."""

from mfn_grpc.core.attacks.a_little_is_enough import ALittleIsEnough
from mfn_grpc.core.attacks.base import Attack
from mfn_grpc.core.attacks.colluding_copies import ColludingCopies
from mfn_grpc.core.attacks.gaussian import Gaussian
from mfn_grpc.core.attacks.inner_product import InnerProductManipulation
from mfn_grpc.core.attacks.label_flip import LabelFlip
from mfn_grpc.core.attacks.mimic import Mimic
from mfn_grpc.core.attacks.not_finite import NotFiniteValue
from mfn_grpc.core.attacks.optimised import OptimisedALittleIsEnough, OptimisedInnerProduct
from mfn_grpc.core.attacks.scaled import Scaled
from mfn_grpc.core.attacks.sign_flip import SignFlip

ATTACKS: dict[str, type[Attack] | type[LabelFlip]] = {
    "sign_flip": SignFlip,
    "a_little_is_enough": ALittleIsEnough,
    "inner_product": InnerProductManipulation,
    "mimic": Mimic,
    "label_flip": LabelFlip,
    "gaussian": Gaussian,
    "not_finite": NotFiniteValue,
    "scaled": Scaled,
    "colluding_copies": ColludingCopies,
    "optimised_a_little_is_enough": OptimisedALittleIsEnough,
    "optimised_inner_product": OptimisedInnerProduct,
}
"""Each with its defaults is one column of the robustness table."""
