"""Checks of rules, pre-aggregators and attacks where their results are known to the last digit or nearly."""

from collections.abc import Callable
from functools import partial

import numpy as np

from mfn_grpc.core.aggregation import (
    AdaptiveClipping,
    AggregationPolicy,
    BulyanRule,
    CenteredClippingRule,
    CoordinateMedianRule,
    GeometricMedianRule,
    KrumNeighbors,
    KrumRule,
    MeanRule,
    MinimumDiameterRule,
    MultiKrumRule,
    NearestNeighborMixing,
    ServerOptimizer,
    StaticClipping,
    TrimmedMeanRule,
    WeightedMeanRule,
)
from mfn_grpc.core.attacks import ALittleIsEnough, InnerProductManipulation, SignFlip
from mfn_grpc.core.validation.aggregation.combining import aggregated, off, policy
from mfn_grpc.core.validation.checks import CheckSpec, Measure, Suite
from mfn_grpc.core.validation.expected import aggregation as expected
from mfn_grpc.core.validation.measuring import at_once

BLANCHARD = "Blanchard et al., NeurIPS (2017), section 4"
YIN = "Yin et al., ICML (2018), definitions 1 and 2"
BULYAN = "El Mhamdi, Guerraoui & Rouault, ICML (2018), section 4"
MINIMUM_DIAMETER = "El Mhamdi et al., arXiv:1905.03853 (2019)"
MIXING = "Allouah et al., AISTATS (2023), algorithm 2"
CLIPPING = "Karimireddy, He & Jaggi, ICML (2021)"
ADAPTIVE = "Allouah et al., adaptive robust clipping, arXiv:2405.14432 (2024)"
LI, XIE, BARUCH = "Li et al., AAAI (2019)", "Xie, Koyejo & Gupta, UAI (2020)", "Baruch et al., NeurIPS (2019)"
ARITHMETIC = "arithmetic by hand"

OF_TWO = KrumNeighbors.MEAN_N_MINUS_F_MINUS_1

check = partial(CheckSpec, suite=Suite.AGGREGATION, unit="1", in_quick=True)
exact = partial(
    check, expected=0.0, tolerance=0.0, why_this_tolerance="small whole numbers and their halves: every step is exact"
)
rounded = partial(check, tolerance=1e-14, why_this_tolerance="roundoff of sums of numbers of order 10")


def _off_rows(chosen: AggregationPolicy, known: tuple[float, ...]) -> Measure:
    """The largest difference from the known aggregate of the three rows."""
    return at_once(lambda: off(aggregated(expected.ROWS, chosen)[0], known))


def _single(values: tuple[float, ...], chosen: AggregationPolicy, weights: tuple[float, ...] | None = None) -> Measure:
    """The aggregate of one number a client."""
    return at_once(lambda: float(aggregated(values, chosen, weights)[0][0]))


def _middle() -> float:
    rules = MeanRule(), CoordinateMedianRule(), TrimmedMeanRule()
    return max(off(aggregated(expected.ROWS, policy(rule, f=1))[0], expected.MIDDLE_ROW) for rule in rules)


def _attack(attack: Callable[..., np.ndarray], sent: tuple[float, ...]) -> Measure:
    return at_once(lambda: off(attack(expected.ROWS, 2), [sent, sent]))


def _after_steps() -> float:
    optimizer = ServerOptimizer(expected.STEP, expected.MOMENTUM)
    model, velocity = np.zeros(1), None
    for _ in range(expected.STEPS):
        model, velocity = optimizer.apply(model, np.ones(1), velocity)
    return float(model[0])


CHECKS = (
    exact(
        name="middle_of_three",
        description="Largest difference of mean, coordinate median and trimmed mean of three rows from the middle row.",
        measure=at_once(_middle),
        reference=YIN,
    ),
    exact(
        name="krum_tie",
        description="Difference of Krum over the n - f - 1 nearest from the first of two rows of equal scores.",
        measure=_off_rows(policy(KrumRule(OF_TWO), f=1, anyway=True), expected.FIRST_ROW),
        reference=BLANCHARD,
    ),
    exact(
        name="multi_krum_of_two",
        description="Difference of Multi-Krum of three rows with f = 1 from the mean of the first two.",
        measure=_off_rows(policy(MultiKrumRule(OF_TWO), f=1, anyway=True), expected.FIRST_TWO),
        reference=BLANCHARD,
    ),
    exact(
        name="mixing_of_three",
        description="Difference of the mean behind nearest-neighbour mixing of three rows with f = 1 from its value.",
        measure=_off_rows(policy(MeanRule(), NearestNeighborMixing(), f=1), expected.MIXED_MEAN),
        reference=MIXING,
    ),
    exact(
        name="krum_beside_nan",
        description="Difference of Krum from the central one of four updates beside one that holds a NaN.",
        measure=at_once(lambda: off(aggregated(expected.WITH_NAN, policy(KrumRule(), f=1))[0], expected.KRUM_WITH_NAN)),
        reference=BLANCHARD,
    ),
    check(
        name="trimmed_beside_1e30",
        description="Trimmed mean with f = 1 of 1, 2, 3, 4 and 1e30.",
        measure=_single(expected.OUTLYING, policy(TrimmedMeanRule(), f=1)),
        expected=expected.TRIMMED_OUTLYING,
        tolerance=0.0,
        why_this_tolerance="the values are sorted and the middle ones averaged: 1e30 enters no sum",
        reference=YIN,
    ),
    rounded(
        name="bulyan_scalars",
        description="Bulyan with f = 1 of seven numbers, one of them far off.",
        measure=_single(expected.SCALARS, policy(BulyanRule(), f=1)),
        expected=expected.BULYAN_SCALARS,
        reference=BULYAN,
    ),
    rounded(
        name="minimum_diameter_scalars",
        description="Mean of the five of the same seven numbers that span least.",
        measure=_single(expected.SCALARS, policy(MinimumDiameterRule(), f=2)),
        expected=expected.NARROWEST_SCALARS,
        reference=MINIMUM_DIAMETER,
    ),
    check(
        name="geometric_median_of_corners",
        description="Distance of the geometric median of four corners from the point where their diagonals cross.",
        measure=at_once(
            lambda: off(aggregated(expected.CORNERS, policy(GeometricMedianRule(), f=1))[0], expected.CROSSING)
        ),
        expected=0.0,
        tolerance=1e-6,
        why_this_tolerance="the iteration ends at steps of 1e-8 of the norm and shortens them by a constant factor",
        reference="Fermat-Torricelli point of four points: the diagonals' crossing by the triangle inequality",
    ),
    rounded(
        name="static_clipping",
        description="Mean of 1, 2, 3, 4 and 100 clipped to 2.",
        measure=_single(expected.CLIPPED, policy(MeanRule(), StaticClipping(2.0), f=1)),
        expected=expected.STATICALLY_CLIPPED,
        reference=ARITHMETIC,
    ),
    rounded(
        name="adaptive_clipping",
        description="Mean of 1, 2, 3, 4 and 100, the longest clipped to the next when f = 1.",
        measure=_single(expected.CLIPPED, policy(MeanRule(), AdaptiveClipping(), f=1)),
        expected=expected.ADAPTIVELY_CLIPPED,
        reference=ADAPTIVE,
    ),
    rounded(
        name="weights_capped",
        description="Weighted mean of 0, 0, 0, 0 and 14, the last of which claims a million times the others' weight.",
        measure=_single(expected.WEIGHED, policy(WeightedMeanRule(), f=0), expected.WEIGHTS),
        expected=expected.CAPPED_MEAN,
        reference=ARITHMETIC,
    ),
    rounded(
        name="centered_clipping_steps",
        description="Centred clipping in three steps of radius 1 from 0 towards five updates at 10.",
        measure=_single((10.0,) * 5, policy(CenteredClippingRule(radius=1.0, iterations=3), f=1)),
        expected=expected.CLIPPING_STEPS,
        reference=CLIPPING,
    ),
    check(
        name="server_momentum",
        description="The model after 25 steps with a constant aggregate of 1 and a momentum of 0.9.",
        measure=at_once(_after_steps),
        expected=expected.MODEL_AFTER_STEPS,
        tolerance=1e-11,
        why_this_tolerance="75 roundings of numbers of order 100",
        reference="heavy ball: Polyak (1964); at the server: Hsu, Qi & Brown, arXiv:1909.06335 (2019)",
    ),
    exact(
        name="attack_sign_flip",
        description="Difference of sign-flipped updates from the mean of three rows with its sign changed.",
        measure=_attack(SignFlip(), expected.SIGN_FLIP),
        reference=LI,
    ),
    exact(
        name="attack_inner_product",
        description="Difference of inner-product manipulation with epsilon 2 from minus two means.",
        measure=_attack(InnerProductManipulation(2.0), expected.INNER_PRODUCT_2),
        reference=XIE,
    ),
    exact(
        name="attack_a_little_is_enough",
        description="Difference of A Little Is Enough with z = 1.5 from the mean and 1.5 sample deviations.",
        measure=_attack(ALittleIsEnough(1.5), expected.LITTLE_1_5),
        reference=BARUCH,
    ),
)
