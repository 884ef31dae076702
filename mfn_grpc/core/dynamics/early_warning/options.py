"""What to watch for, and how much work a report may be."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from mfn_grpc.core.features import FEATURE_NAMES
from mfn_grpc.core.limits import SEED, Limit, Violation, limited, parameter, violations_of

WORK = Limit(0, 20_000_000, "1", "features x indicators x max(surrogates, 1) x (window_frames + trend_frames)")
LONGEST = 10_000


class Indicator(StrEnum):
    """A statistic that changes before a system tips."""

    VARIANCE = "variance"
    LAG1_AUTOCORRELATION = "lag1_autocorrelation"
    SKEWNESS = "skewness"


@dataclass(frozen=True)
class EarlyWarningOptions:
    """How to look for signs that a system loses its stability.

    features: names of FEATURE_NAMES, 1 to 18, no repeats. indicators: at least one, no repeats.
    detrend_bandwidth_frames: 0, or 1 to window_frames; the average reaches three of them back.
    """

    features: tuple[str, ...] = ("v_mean",)
    indicators: tuple[Indicator, ...] = tuple(Indicator)
    window_frames: int = parameter(100, 8, LONGEST, "frames", "length of the window", whole=True)
    detrend_bandwidth_frames: float = parameter(
        0.0, 0, LONGEST, "frames", "standard deviation of the Gaussian whose moving average is taken away"
    )
    surrogates: int = parameter(200, 0, 10_000, "1", "surrogate series behind each p-value", whole=True)
    seed: int = limited(0, SEED)
    trend_frames: int = parameter(1000, 10, LONGEST, "frames", "values of each indicator that tau looks at", whole=True)

    @property
    def work(self) -> int:
        """What a report costs, in values looked at."""
        series = len(self.features) * len(self.indicators)
        return series * max(self.surrogates, 1) * (self.window_frames + self.trend_frames)

    def violations(self) -> list[Violation]:
        """Fields outside their ranges, names that are not features or repeat, and more work than a report may be."""
        found = violations_of(self)
        if not found:
            found += [*self._bandwidth_violations(), *self._work_violations()]
        unknown = [i for i, name in enumerate(self.features) if name not in FEATURE_NAMES]
        for i in unknown:
            text = f"is {self.features[i]!r}, must be one of {', '.join(FEATURE_NAMES)}"
            found.append(Violation(f"features[{i}]", str(self.features[i]), text))
        return [*found, *_list_violations("features", self.features), *_list_violations("indicators", self.indicators)]

    def _bandwidth_violations(self) -> Iterator[Violation]:
        bandwidth = self.detrend_bandwidth_frames
        if bandwidth and not 1 <= bandwidth <= self.window_frames:
            text = (
                f"is {bandwidth:g}, must be 0 (take nothing away) or 1 to window_frames, which is {self.window_frames}"
            )
            yield Violation("detrend_bandwidth_frames", f"{bandwidth:g}", text)

    def _work_violations(self) -> Iterator[Violation]:
        if WORK.violation("surrogates", self.work):
            text = (
                f"is {self.surrogates}: {WORK.description} is {self.work}, must be at most {WORK.maximum}; "
                "ask for fewer surrogates, features or indicators, or for shorter windows and trends"
            )
            yield Violation("surrogates", str(self.surrogates), text)


def _list_violations(name: str, values: Sequence[Any]) -> Iterator[Violation]:
    if not values:
        yield Violation(name, "[]", "is empty, must name at least one")
    for value, count in Counter(values).items():
        if count > 1:
            yield Violation(name, str(value), f"names {value} {count} times, must name each once")
