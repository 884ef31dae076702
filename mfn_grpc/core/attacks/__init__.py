"""Attacks on federated learning, for tests of the rules and for the simulator: what liars send, given the honest.

Attackers know all honest updates of the round; those of the optimised attacks know the rule and its policy as well.

Sources: Baruch 2019 (A Little Is Enough), Xie 2020 (Fall of Empires: inner product manipulation), Karimireddy 2022
(Byzantine-robust learning on heterogeneous datasets: mimic), Shejwalkar & Houmansadr 2021 (Manipulating the Byzantine:
optimised attacks), Blanchard 2017 (Gaussian), Li 2019 (RSA: sign flipping), Fang 2020 (Local model poisoning: label
flipping), Bagdasaryan 2020 (How to backdoor federated learning: scaling), Fung 2020 (FoolsGold: sybils).
"""

from mfn_grpc.core.attacks.a_little_is_enough import ALittleIsEnough, largest_hidden_shift
from mfn_grpc.core.attacks.base import RULE_UNKNOWN, Aggregate, Attack, Situation
from mfn_grpc.core.attacks.colluding_copies import ColludingCopies
from mfn_grpc.core.attacks.gaussian import Gaussian
from mfn_grpc.core.attacks.inner_product import InnerProductManipulation
from mfn_grpc.core.attacks.label_flip import LabelFlip
from mfn_grpc.core.attacks.mimic import Mimic
from mfn_grpc.core.attacks.not_finite import NotFiniteValue
from mfn_grpc.core.attacks.optimised import OptimisedALittleIsEnough, OptimisedInnerProduct
from mfn_grpc.core.attacks.registry import ATTACKS
from mfn_grpc.core.attacks.scaled import Scaled
from mfn_grpc.core.attacks.sign_flip import SignFlip

__all__ = [
    "ATTACKS",
    "RULE_UNKNOWN",
    "ALittleIsEnough",
    "Aggregate",
    "Attack",
    "ColludingCopies",
    "Gaussian",
    "InnerProductManipulation",
    "LabelFlip",
    "Mimic",
    "NotFiniteValue",
    "OptimisedALittleIsEnough",
    "OptimisedInnerProduct",
    "Scaled",
    "SignFlip",
    "Situation",
    "largest_hidden_shift",
]
