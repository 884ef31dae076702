"""What a training cycle comes to."""

from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingMetrics:
    """The training cycle in numbers; losses are mean squared errors of the standardised target, dimensionless.

    loss_start, loss_final: on the training fields, before and after training. loss_drop: the first less the second.
    pot_min_mv, pot_max_mv: extremes of the membrane potential over the last states of all fields.
    fractal_dimension: box-counting dimension of the cells above -50 mV in the last field; NaN when undefined.
    lyapunov_exponent: largest of the last field, per step; NaN when undefined.
    growth_events: over all fields.
    nernst_symbolic_mv, nernst_numeric_mv: potassium, 5 mM outside and 140 mM inside, at 310.15 K; from the closed form
    in 50 digits, and from the engine.
    test_loss: on the test fields, after training. mean_loss: on the test fields, of the mean training target.
    shuffled_test_loss, shuffled_mean_loss: the same where the targets were dealt out anew among all fields.
    """

    loss_start: float
    loss_final: float
    loss_drop: float
    pot_min_mv: float
    pot_max_mv: float
    fractal_dimension: float
    lyapunov_exponent: float
    growth_events: int
    nernst_symbolic_mv: float
    nernst_numeric_mv: float
    test_loss: float
    mean_loss: float
    shuffled_test_loss: float
    shuffled_mean_loss: float

    @property
    def gain(self) -> float:
        """Share of the mean's test loss that the network saves, at most 1; learning shows as 0.2 or more."""
        return 1 - self.test_loss / self.mean_loss

    @property
    def shuffled_gain(self) -> float:
        """The same with shuffled targets, where 0.2 or more shows a leak."""
        return 1 - self.shuffled_test_loss / self.shuffled_mean_loss
