"""Why there is no aggregate.

AggregationFailure
├── TooFewUpdates       fewer updates passed the screens than the rule needs for its f
├── ScreenedBeyondF     more updates failed the screens than may be faulty
├── TooManyChoices      too many ways to choose f of n for a rule that tries them all
└── NotFinite           the aggregate holds a value that float64 cannot
"""

from mfn_grpc.core.aggregation.results import ClientVerdict


class AggregationFailure(Exception):
    """A round that gives no aggregate although its input is in order.

    verdicts: on every client, in the order of their ids, once `aggregate` raised it: SCREENED with the reason, or
    REJECTED as ROUND_SKIPPED; with norms.
    """

    verdicts: tuple[ClientVerdict, ...] = ()


class TooFewUpdates(AggregationFailure):
    """`present` updates passed the screens; the rule needs `needed` of them for its `f`.

    who: the rule, by name. remedy: what else to do, in words, "" for nothing.
    """

    def __init__(self, needed: int, present: int, f: int, who: str, remedy: str = "") -> None:
        text = f"{who} needs {needed} updates for f = {f}; {present} passed the screens"
        super().__init__(f"{text}; {remedy}" if remedy else text)
        self.needed, self.present, self.f = needed, present, f


class ScreenedBeyondF(AggregationFailure):
    """`screened` updates failed the screens, and no more than `f` may be faulty. remedy: what to do, in words."""

    def __init__(self, screened: int, f: int, remedy: str) -> None:
        super().__init__(f"{screened} updates failed the screens, more than the f = {f} that may be faulty; {remedy}")
        self.screened, self.f = screened, f


class TooManyChoices(AggregationFailure):
    """There are more than `most` ways to choose `f` of `n` updates."""

    def __init__(self, n: int, f: int, most: int) -> None:
        super().__init__(f"there are more than {most} ways to choose {f} of {n} updates; lower f or take another rule")
        self.n, self.f, self.most = n, f, most


class NotFinite(AggregationFailure):
    """The aggregate is not finite at `element`."""

    def __init__(self, element: int) -> None:
        super().__init__(f"the aggregate is not finite at element {element}")
        self.element = element
