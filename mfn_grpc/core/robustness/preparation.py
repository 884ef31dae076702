"""Preprocessing that all participants share: the constants of a data set, like the mean and deviation of its pixels.

Linear models on features that are products of principal components, brought to like variances, come close to the best
model within few steps, and while they do the updates of clients with different classes still point the same way. That
is what a robust rule needs: the longer a model is trained, the more its updates differ (docs/federation.md).
"""

from dataclasses import dataclass

import numpy as np

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import parameter


@dataclass(frozen=True)
class PreparationOptions:
    """How features become inputs of a linear model. Counts beyond what the features have are cut to it.

    product_gain: products are of components of features of mean squared length 1, times this.
    ridge: an axis of variance v is divided by sqrt(v + ridge v_max), so that axes of noise alone are not blown up.
    """

    products: int = parameter(16, 0, 200, "1", "leading principal components whose products are added", whole=True)
    product_gain: float = parameter(2.0, 1e-6, 1e6, "1", "weight of the products beside the features")
    axes: int = parameter(100, 1, 10_000, "1", "principal axes kept", whole=True)
    ridge: float = parameter(0.05, 1e-12, 1e6, "1", "least variance amplified in full, over the largest")


@dataclass(frozen=True)
class _Principal:
    """Principal axes of a sample: its mean [p], the axes [p, axes] and their variances [axes], largest first."""

    mean: Array
    axes: Array
    variances: Array

    @classmethod
    def of(cls, sample: Array, most: int) -> "_Principal":
        mean = sample.mean(axis=0)
        centred = sample - mean
        variances, axes = np.linalg.eigh(centred.T @ centred / len(sample))
        kept = slice(None, -most - 1, -1)
        return cls(mean, axes[:, kept], np.maximum(variances[kept], 0))


@dataclass(frozen=True)
class Preparation:
    """Features and products of their leading principal components, whitened; mean squared length 1 on its sample.

    centre: [p]. unit: length that features are divided by. leading: [p, products], whose components are multiplied.
    mean and matrix: of the whitening that comes last, [q] and [q, axes].
    """

    centre: Array
    unit: float
    leading: Array
    mean: Array
    matrix: Array

    @classmethod
    def of(cls, features: Array, options: PreparationOptions) -> "Preparation":
        """From features [samples, p] that are not all equal."""
        first = _Principal.of(features, features.shape[1])
        unit = float(np.sqrt(first.variances.sum()))
        leading = first.axes[:, : options.products] * np.sqrt(options.product_gain)
        found = _Principal.of(_expanded((features - first.mean) / unit, leading), options.axes)
        scales = 1 / np.sqrt(found.variances + options.ridge * found.variances[0])
        length = np.sqrt(np.sum(found.variances * scales * scales))
        return cls(first.mean, unit, leading, found.mean, found.axes * scales / length)

    def apply(self, features: Array) -> Array:
        """The inputs [samples, axes] that features [samples, p] become."""
        expanded = _expanded((features - self.centre) / self.unit, self.leading)
        return np.asarray((expanded - self.mean) @ self.matrix)


def _expanded(features: Array, leading: Array) -> Array:
    """Features, then the products of each two of their components along `leading`, squares among them."""
    components = features @ leading
    first, second = np.triu_indices(components.shape[1])
    return np.concatenate([features, components[:, first] * components[:, second]], axis=1)
