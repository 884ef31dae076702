"""Who holds which samples: shares of every class drawn from a Dirichlet distribution."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from mfn_grpc.core.arrays import Array
from mfn_grpc.core.limits import SEED, InvalidInput, Limit, Violation, refuse
from mfn_grpc.core.randomness import Stream, generator

_CLIENTS = Limit(1, 10_000, "1", "clients", whole=True)
_ALPHA = Limit(1e-3, 1e6, "1", "concentration of the Dirichlet shares of each class")
_MOST_DRAWS = 1000


def split(labels: ArrayLike, clients: int, alpha: float, seed: int) -> list[Array]:
    """The samples of each client, ascending int64 indices; every sample is somebody's, nobody is left without any.

    Each class is cut by shares of its own, drawn from Dirichlet(alpha, ..., alpha) (Hsu 2019): the smaller alpha, the
    fewer clients hold most of a class. Shares are drawn anew until every client has a sample. Raises InvalidInput for
    arguments out of range, and when a thousand draws leave a client without samples.
    """
    array = np.asarray(labels)
    refuse(_violations(array, clients, alpha, seed))
    for draw in range(_MOST_DRAWS):
        holders = _holders(array, clients, alpha, generator(seed, Stream.CLIENT_SHARES, block=draw))
        parts = [np.flatnonzero(holders == client) for client in range(clients)]
        if all(len(part) for part in parts):
            return parts
    text = f"is {alpha:g}, must be larger: {_MOST_DRAWS} draws left one of {clients} clients without samples"
    raise InvalidInput([Violation("alpha", f"{alpha:g}", text)])


def _holders(labels: Array, clients: int, alpha: float, draws: np.random.Generator) -> Array:
    """The client of each sample: every class is shuffled, then cut where the rounded cumulative shares fall."""
    holders = np.empty(len(labels), np.int64)
    for label in np.unique(labels):
        members = draws.permutation(np.flatnonzero(labels == label))
        shares = draws.dirichlet(np.full(clients, alpha))
        cuts = np.rint(np.cumsum(shares)[:-1] * len(members)).astype(np.int64)
        for client, part in enumerate(np.split(members, cuts)):
            holders[part] = client
    return holders


def _violations(labels: Array, clients: int, alpha: float, seed: int) -> Sequence[Violation]:
    found = [_CLIENTS.violation("clients", clients), _ALPHA.violation("alpha", alpha), SEED.violation("seed", seed)]
    if labels.ndim != 1 or len(labels) < clients:
        shown = str(list(labels.shape))
        text = f"has shape {shown}, must be one label a sample and at least a sample a client"
        found.append(Violation("labels", shown, text))
    return [violation for violation in found if violation is not None]
