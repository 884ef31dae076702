"""From a federation's events to reports of its rounds, with the attackers' updates forged as each round begins."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from mfn_client.cli.federated_demo.outcome import RoundReport, left_out
from mfn_client.cli.federation.rows import short_name

if TYPE_CHECKING:
    from mfn_client import FederationEvent, ModelRef, Round, Verdict


class Follower:
    """Takes the events in order.

    Args:
        first: The weights of version 0.
        download: The weights of a version.
        accuracy: Of weights, on digits that nobody holds.
        forge: Called with a round, its weights and the last aggregate when a round begins.
        liars: The attackers' names.
    """

    def __init__(
        self,
        *,
        first: Any,
        download: "Callable[[ModelRef], Any]",
        accuracy: Callable[[Any], float],
        forge: Callable[[int, Any, Any], None],
        liars: Sequence[str],
    ) -> None:
        self._model, self._aggregate, self._version = first, first * 0, 0
        self._download, self._accuracy, self._forge, self._liars = download, accuracy, forge, frozenset(liars)
        self._verdicts: defaultdict[int, list[Verdict]] = defaultdict(list)

    def follow(self, event: "FederationEvent") -> RoundReport | None:
        """Take the next event; returns a report when a round has ended."""
        now: Any = event.event
        if event.kind == "round_started":
            self._forge(now.round, self._model, self._aggregate)
        elif event.kind == "verdict":
            self._verdicts[now.round].append(now)
        elif event.kind == "model_published":
            self._publish(now)
        elif event.kind == "round_ended":
            return self._report(now)
        return None

    def _publish(self, ref: "ModelRef") -> None:
        if ref.version <= self._version:
            return
        model = self._download(ref)
        self._model, self._aggregate, self._version = model, model - self._model, ref.version

    def _report(self, ended: "Round") -> RoundReport:
        verdicts = self._verdicts.pop(ended.round, [])
        state = f"skipped: {ended.skip_reason}" if ended.state == "skipped" else ended.state
        return RoundReport(
            round=ended.round,
            state=state,
            accuracy=self._accuracy(self._model),
            counted=ended.counted,
            attackers_weight=self._weight(verdicts),
            left_out=left_out(verdicts),
        )

    def _weight(self, verdicts: "Sequence[Verdict]") -> float | None:
        known = [each for each in verdicts if each.weight is not None]
        if not known:
            return None
        return sum(each.weight or 0.0 for each in known if short_name(each.participant) in self._liars)
