"""The training cycle: a small regression on features of simulated fields that shows whether it learnt anything.

Two trainings stand side by side. One is on the fields as they are; its test loss must beat the mean's. In the other the
targets are dealt out anew among all fields, before the split: there is nothing to learn, and a test loss that beats the
mean's would show that the test side leaked into the training side.

Neither spike-timing plasticity nor attention has a part in it: a field is one vector of 18 features, which has neither
spikes nor tokens.
"""

from decimal import Decimal, localcontext

from mfn_grpc.core.dynamics import field_exponents
from mfn_grpc.core.electrochemistry import nernst_potential_mv
from mfn_grpc.core.features import FEATURE_NAMES, Thresholds
from mfn_grpc.core.fractals import estimate_dimension
from mfn_grpc.core.learning.fields import (
    Samples,
    field_seeds,
    field_spec,
    is_test,
    simulate_samples,
)
from mfn_grpc.core.learning.fitting import Fit, Recipe, fit
from mfn_grpc.core.learning.metrics import TrainingMetrics
from mfn_grpc.core.limits import SEED, refuse
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.randomness import Stream, generator

EXPONENT_STEPS, EXPONENT_TRANSIENT = 400, 100
RECIPE = Recipe()


def training_cycle(seed: int) -> Pieces[TrainingMetrics]:
    """Simulate fields, train on some, test on the others; all under `seed`, 0 to 2^63 - 1.

    Equal seeds give equal bits on one build and type of processor. Raises InvalidInput for another seed.
    """
    if fault := SEED.violation("seed", seed):
        refuse([fault])
    return _cycle(int(seed))


def _cycle(seed: int) -> Pieces[TrainingMetrics]:
    samples = yield from simulate_samples(field_seeds(seed))
    test = is_test(samples.seeds)
    learnt = yield from fit(samples.inputs, samples.targets, test, generator(seed, Stream.WEIGHTS), RECIPE)
    dealt = generator(seed, Stream.DEALT_TARGETS).permutation(samples.targets)
    shuffled = yield from fit(samples.inputs, dealt, test, generator(seed, Stream.WEIGHTS), RECIPE)
    dimension = yield from estimate_dimension(samples.last_potential_mv > Thresholds().medium)
    last = field_spec(int(samples.seeds[-1]))
    exponents = yield from field_exponents(last, steps=EXPONENT_STEPS, transient=EXPONENT_TRANSIENT)
    return _metrics(samples, learnt, shuffled, dimension.dimension, exponents.per_step[0])


def _metrics(samples: Samples, learnt: Fit, shuffled: Fit, dimension: float, exponent: float) -> TrainingMetrics:
    return TrainingMetrics(
        loss_start=learnt.loss_start,
        loss_final=learnt.loss_final,
        loss_drop=learnt.loss_start - learnt.loss_final,
        pot_min_mv=float(samples.inputs[:, FEATURE_NAMES.index("v_min")].min()),
        pot_max_mv=float(samples.inputs[:, FEATURE_NAMES.index("v_max")].max()),
        fractal_dimension=dimension,
        lyapunov_exponent=exponent,
        growth_events=samples.growth_events,
        nernst_symbolic_mv=potassium_potential_mv(),
        nernst_numeric_mv=nernst_potential_mv(1, 0.005, 0.140, 310.15),
        test_loss=learnt.test_loss,
        mean_loss=learnt.mean_loss,
        shuffled_test_loss=shuffled.test_loss,
        shuffled_mean_loss=shuffled.mean_loss,
    )


def potassium_potential_mv() -> float:
    """E = (k T / e) ln(5 / 140) at 310.15 K in 50 digits, rounded once; about -89.06 mV.

    k and e are exact by the definition of the SI (BIPM, SI Brochure, 9th edition, 2019), and k / e = R / F: nothing is
    taken from the engine, neither its constants nor its logarithm.
    """
    with localcontext() as context:
        context.prec = 50
        boltzmann, charge = Decimal("1.380649e-23"), Decimal("1.602176634e-19")
        volts = boltzmann * Decimal("310.15") / charge * (Decimal(5) / Decimal(140)).ln()
        return float(1000 * volts)
