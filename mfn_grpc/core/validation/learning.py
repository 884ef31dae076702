"""Checks of the learning parts: plasticity, attention, the gradient, and what the training cycle learns."""

from functools import partial
from operator import attrgetter

import numpy as np

from mfn_grpc.core.learning import (
    AdamParameters,
    StdpParameters,
    adam_start,
    adam_step,
    sparse_attention,
    stdp_pairwise,
    stdp_trace,
    training_cycle,
    weight_change,
)
from mfn_grpc.core.learning.network import penalised_loss, weight_count
from mfn_grpc.core.pieces import Pieces
from mfn_grpc.core.validation.checks import CheckSpec, Relation, Suite
from mfn_grpc.core.validation.expected import learning as expected
from mfn_grpc.core.validation.measuring import at_once, random_numbers

BI_POO = "Bi & Poo, J. Neurosci. 18:10464 (1998); Song, Miller & Abbott, Nat. Neurosci. 3:919 (2000)"
MORRISON = "Morrison, Diesmann & Gerstner, Biol. Cybern. 98:459 (2008), section 4.1"
VASWANI = "Vaswani et al., NeurIPS (2017), equation 1"
ZHAO = "Zhao et al., arXiv:1912.11637 (2019)"

WINDOW = StdpParameters(amplitude_plus=0.01, amplitude_minus=0.012, tau_plus_ms=20.0, tau_minus_ms=20.0)
TRAIN_MS = 10.0 * np.arange(1, 41)

QUERY, KEYS, VALUES = [[1.0, 0.0]], [[2.0, 0.0], [0.0, 0.0], [-1.0, 0.0]], [[1.0], [0.0], [10.0]]

check = partial(CheckSpec, suite=Suite.LEARNING, in_quick=True)
exact = partial(check, unit="1", tolerance=1e-15, why_this_tolerance="roundoff of sums of order 0.01")
softmax = partial(check, unit="1", tolerance=1e-14, why_this_tolerance="roundoff of sums of order 10")


def _gradient_error(seed: int) -> Pieces[float]:
    """Largest distance of the gradient from central differences of the loss, over the largest component."""
    features, units, samples, step = 5, 4, 20, 1e-5
    rng = random_numbers(seed)
    inputs, targets = rng.standard_normal((samples, features)), rng.standard_normal(samples)
    weights = 0.5 * rng.standard_normal(weight_count(features, units))
    _, gradient = penalised_loss(weights, inputs, targets, 0.01)
    differences = np.empty_like(gradient)
    for i, shift in enumerate(step * np.eye(len(weights))):
        above, below = (penalised_loss(weights + s * shift, inputs, targets, 0.01)[0] for s in (1, -1))
        differences[i] = (above - below) / (2 * step)
    yield
    return float(np.abs(gradient - differences).max() / np.abs(differences).max())


def _adam_first_step() -> float:
    start = np.zeros(1)
    moved, _ = adam_step(start, np.array([3.0]), adam_start(start), AdamParameters())
    return float(moved[0])


def _gain(seed: int) -> Pieces[float]:
    return (yield from training_cycle(seed)).gain


def _shuffled_gain(seed: int) -> Pieces[float]:
    return (yield from training_cycle(seed)).shuffled_gain


CHECKS = (
    exact(
        name="stdp_rise_10_ms",
        description="Weight change of a pair whose post spike comes 10 ms after the pre spike: A+ exp(-1/2).",
        measure=at_once(lambda: float(weight_change(10.0, WINDOW))),
        expected=expected.RISE_10_MS,
        reference=BI_POO,
    ),
    exact(
        name="stdp_fall_20_ms",
        description="Weight change of a pair whose post spike comes 20 ms before the pre spike: -A- exp(-1).",
        measure=at_once(lambda: float(weight_change(-20.0, WINDOW))),
        expected=expected.FALL_20_MS,
        reference=BI_POO,
    ),
    exact(
        name="stdp_train_pairwise",
        description="Change by one pre spike before 40 post spikes 10 ms apart, pair by pair: a geometric series.",
        measure=at_once(lambda: stdp_pairwise([0.0], TRAIN_MS, WINDOW)),
        expected=expected.TRAIN_CHANGE,
        reference=BI_POO,
    ),
    exact(
        name="stdp_train_trace",
        description="The same train by decaying traces.",
        measure=at_once(lambda: stdp_trace([0.0], TRAIN_MS, WINDOW)),
        expected=expected.TRAIN_CHANGE,
        reference=MORRISON,
    ),
    exact(
        name="stdp_train_trace_mirrored",
        description="The 40 post spikes before one pre spike, by decaying traces.",
        measure=at_once(lambda: stdp_trace([410.0], TRAIN_MS, WINDOW)),
        expected=expected.MIRRORED_TRAIN_CHANGE,
        reference=MORRISON,
    ),
    softmax(
        name="attention_dense",
        description="Attention of one query to three keys when k is 3: the softmax over all scores.",
        measure=at_once(lambda: float(sparse_attention(QUERY, KEYS, VALUES, k=3)[0, 0])),
        expected=expected.DENSE_ATTENTION,
        reference=VASWANI,
    ),
    softmax(
        name="attention_top_2",
        description="The same when k is 2: the third key, of the lowest score and the largest value, has no weight.",
        measure=at_once(lambda: float(sparse_attention(QUERY, KEYS, VALUES, k=2)[0, 0])),
        expected=expected.TOP_2_ATTENTION,
        reference=ZHAO,
    ),
    check(
        name="gradient_finite_difference",
        description="Largest relative distance of the network's gradient from central differences of its loss.",
        measure=_gradient_error,
        expected=0.0,
        tolerance=1e-8,
        unit="1",
        why_this_tolerance="differences with a step of 1e-5 lose 1e-10 to truncation and 1e-11 to rounding",
        reference="definition of the derivative",
    ),
    check(
        name="adam_first_step",
        description="First step of Adam along a gradient of 3: the learning rate, whatever the gradient's size.",
        measure=at_once(_adam_first_step),
        expected=expected.ADAM_FIRST_STEP,
        tolerance=1e-17,
        unit="1",
        why_this_tolerance="roundoff of a step of 0.001",
        reference="Kingma & Ba, ICLR (2015), algorithm 1",
    ),
    check(
        name="training_gain",
        description="Share of the mean's loss that the trained network saves on fields it has not seen.",
        measure=_gain,
        of_training=attrgetter("gain"),
        expected=0.2,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="a bound that this project set: chance does not reach it, the cycle passes it by far",
        reference="none: a requirement, no theoretical value; 0 is the gain of the best constant predictor",
        relation=Relation.AT_LEAST,
    ),
    check(
        name="training_gain_shuffled",
        description="The same where the targets were dealt out anew: there is nothing to learn, and nothing is.",
        measure=_shuffled_gain,
        of_training=attrgetter("shuffled_gain"),
        expected=0.2,
        tolerance=0.0,
        unit="1",
        why_this_tolerance="the bound that true labels must pass; a network that saw its test labels would as well",
        reference="permutation test: Good, Permutation, Parametric and Bootstrap Tests of Hypotheses (2005)",
        relation=Relation.AT_MOST,
    ),
)
