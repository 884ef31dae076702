"""The rules by which updates become one, and the steps before them; the names are those of the contract.

Each may be named by its word ("krum") or given with its switches (`Krum(neighbors=...)`). What is left out keeps the
server's default.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mean:
    """Mean of all updates; not robust."""


@dataclass(frozen=True)
class WeightedMean:
    """Mean weighted by examples; not robust. Weights above `max_weight_over_median` medians are cut to that."""

    max_weight_over_median: float | None = None


@dataclass(frozen=True)
class CoordinateMedian:
    """Median of every coordinate. Needs n >= 2f + 1."""


@dataclass(frozen=True)
class TrimmedMean:
    """Mean of every coordinate without the f smallest and f largest values. Needs n >= 2f + 1.

    `fraction`: share dropped at each side in place of f. `rounding` of fraction * n: "exact_ceiling" or "binary_floor".
    """

    fraction: float | None = None
    rounding: str | None = None


@dataclass(frozen=True)
class Krum:
    """The update closest to its neighbours. Needs n >= 2f + 3.

    `neighbors`: "sum_n_minus_f_minus_2" or "mean_n_minus_f_minus_1".
    """

    neighbors: str | None = None


@dataclass(frozen=True)
class MultiKrum:
    """Mean of the `selected` updates closest to their neighbours. Needs n >= 2f + 3. `neighbors` as in `Krum`."""

    neighbors: str | None = None
    selected: int | None = None
    weight_by_examples: bool = False


@dataclass(frozen=True)
class Bulyan:
    """Trimmed mean of updates picked by Krum, "iterated" or "one_shot". Needs n >= 4f + 3."""

    selection: str | None = None


@dataclass(frozen=True)
class GeometricMedian:
    """The point with the least summed distance to all updates, by smoothed iteration. Needs n >= 2f + 1."""

    smoothing: float | None = None
    tolerance: float | None = None
    max_iterations: int | None = None


@dataclass(frozen=True)
class CenteredClipping:
    """From the last aggregate, repeated steps by the mean of differences clipped to `radius`. Needs n >= 2f + 1."""

    radius: float | None = None
    iterations: int | None = None


@dataclass(frozen=True)
class MeanAroundMedian:
    """For every coordinate the mean of the n - f values nearest the median. Needs n >= 2f + 1."""


@dataclass(frozen=True)
class MinimumDiameter:
    """Mean of the n - f updates whose largest distance is least; for small n. Needs n >= 2f + 1."""


@dataclass(frozen=True)
class CovarianceFilter:
    """Mean, with updates weighted down along the directions of greatest covariance. Needs n >= 2f + 1."""


@dataclass(frozen=True)
class HierarchicalKrum:
    """Krum within clusters of `cluster_size`, dealt by `seed`, then Krum over their representatives."""

    cluster_size: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class LegacyHierarchicalKrum:
    """0.7 Krum over the clusters' Krum updates plus 0.3 their median, f unchecked; to compare with older systems."""

    clusters: int | None = None


@dataclass(frozen=True)
class NearestNeighborMixing:
    """Every update becomes the mean of its n - f nearest."""


@dataclass(frozen=True)
class Bucketing:
    """Updates are dealt at random, by `seed`, to groups of `size`; the groups' means go on."""

    size: int | None = None
    seed: int = 0


@dataclass(frozen=True)
class StaticClipping:
    """Updates longer than `max_norm` are shortened to it."""

    max_norm: float


@dataclass(frozen=True)
class AdaptiveClipping:
    """The longest updates are shortened to a norm that the updates themselves give."""


Rule = (
    Mean
    | WeightedMean
    | CoordinateMedian
    | TrimmedMean
    | Krum
    | MultiKrum
    | Bulyan
    | GeometricMedian
    | CenteredClipping
    | MeanAroundMedian
    | MinimumDiameter
    | CovarianceFilter
    | HierarchicalKrum
    | LegacyHierarchicalKrum
)
PreAggregator = NearestNeighborMixing | Bucketing | StaticClipping | AdaptiveClipping
