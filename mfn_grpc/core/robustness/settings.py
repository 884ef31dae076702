"""What is held fixed while rules and attacks vary."""

from dataclasses import dataclass, field
from math import nextafter

from mfn_grpc.core.limits import Violation, parameter, violations_of
from mfn_grpc.core.robustness.preparation import PreparationOptions


@dataclass(frozen=True)
class LocalTraining:
    """How a client trains: full-batch gradient steps on the cross-entropy of its own samples.

    prior_strength: this power of the client's own class shares multiplies the predicted odds while it trains, and
    classes that it does not have are left out (Menon 2021; by client: Zhang 2022). At 1 all clients of a problem where
    they differ in their class shares only have the same best model, which is what makes their updates alike.
    """

    steps: int = parameter(12, 1, 10_000, "1", "gradient steps a round", whole=True)
    learning_rate: float = parameter(4.0, 1e-9, 1e6, "1", "length of a step over that of the gradient")
    prior_strength: float = parameter(0.8, 0, 10, "1", "power of the class shares in the predicted odds")


@dataclass(frozen=True)
class Experiment:
    """One federation: who is in it, what they have and how long they train.

    attackers: the first clients by id, to whom ties fall. test_share: of the samples, held by nobody.
    """

    clients: int = parameter(20, 1, 1000, "1", "clients", whole=True)
    attackers: int = parameter(4, 0, 499, "1", "clients that attack", whole=True)
    alpha: float = parameter(0.3, 1e-3, 1e6, "1", "concentration of the Dirichlet shares of each class")
    rounds: int = parameter(15, 1, 100_000, "1", "rounds", whole=True)
    test_share: float = parameter(0.2, 0.01, nextafter(1.0, 0.0), "1", "share of the samples that tests the model")
    local: LocalTraining = LocalTraining()
    preparation: PreparationOptions = field(default_factory=PreparationOptions)

    def violations(self) -> list[Violation]:
        """Everything outside its range."""
        faults = violations_of(self)
        faults += (fault.under("local") for fault in violations_of(self.local))
        faults += (fault.under("preparation") for fault in violations_of(self.preparation))
        if self.attackers >= self.clients:
            text = f"is {self.attackers}, must leave honest ones among {self.clients} clients"
            faults.append(Violation("attackers", str(self.attackers), text))
        return faults
