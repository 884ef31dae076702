"""Shortening rows to a norm."""

import numpy as np

from mfn_grpc.core.aggregation.preaggregators.base import Scaling
from mfn_grpc.core.arrays import Array


def shortened(norms: Array, longest: float) -> Scaling:
    """Rows of these norms [rows], none longer than `longest`."""
    factors = np.ones_like(norms)
    np.divide(longest, norms, out=factors, where=norms > longest)
    notes = tuple(f"shortened from norm {norm:.6g} to {longest:.6g}" if norm > longest else "" for norm in norms)
    return Scaling(factors, notes)
