"""What becomes of every client, traced from the rows that a rule saw back to the updates they were made of."""

from collections.abc import Sequence

import numpy as np

from mfn_grpc.core.aggregation.preaggregators.base import LinearMap
from mfn_grpc.core.aggregation.results import ClientVerdict, VerdictKind, VerdictReason
from mfn_grpc.core.aggregation.rules.base import Prepared
from mfn_grpc.core.aggregation.screening import Screened
from mfn_grpc.core.arrays import Array


def verdicts_of(
    screened: Screened, links: Sequence[LinearMap], rule: Prepared, distances: Array, size: int
) -> list[ClientVerdict]:
    """The verdicts on those that passed the screens; distances: of the rows from the aggregate [rows]."""
    scores = distances if rule.scores is None else rule.scores
    weights, taken, home = rule.shares(size), rule.taken, np.arange(len(screened.passed))
    for link in links:
        home = link.home[home]
    for link in reversed(links):
        # A sum of shares may pass 1 in its last bit.
        weights, taken = np.minimum(weights @ link.matrix, 1.0), link.behind(taken)
    details = _details(links, taken, weights, scores, home, rule)
    return [
        ClientVerdict(update.client_id, *_judged(part), detail, float(norm), float(score), float(weight))
        for update, part, detail, norm, score, weight in zip(
            screened.passed, taken, details, screened.norms, scores[home], weights, strict=True
        )
    ]


def in_vain(screened: Screened) -> list[ClientVerdict]:
    """The verdicts on those that passed the screens of a round without an aggregate."""
    why = VerdictKind.REJECTED, VerdictReason.ROUND_SKIPPED, ""
    return [
        ClientVerdict(update.client_id, *why, float(norm), None, None)
        for update, norm in zip(screened.passed, screened.norms, strict=True)
    ]


def _judged(taken: bool) -> tuple[VerdictKind, VerdictReason]:
    if taken:
        return VerdictKind.ACCEPTED, VerdictReason.UNSPECIFIED
    return VerdictKind.REJECTED, VerdictReason.OUTLIER


def _details(
    links: Sequence[LinearMap], taken: Array, weights: Array, scores: Array, home: Array, rule: Prepared
) -> list[str]:
    """In words: what the pre-aggregators did, and how the score compares with those that were taken."""
    most = scores[rule.taken].max()
    details = []
    for part, weight, row, before in zip(taken, weights, home, _notes(links, len(home)), strict=True):
        against = f"share {weight:.4g}" if part else f"at most {most:.6g} among those taken"
        details.append("; ".join([*before, f"{rule.measure} {scores[row]:.6g}", against]))
    return details


def _notes(links: Sequence[LinearMap], clients: int) -> list[list[str]]:
    notes, home = [list[str]() for _ in range(clients)], np.arange(clients)
    for link in links:
        for client in range(clients):
            if note := link.notes[home[client]]:
                notes[client].append(note)
        home = link.home[home]
    return notes
