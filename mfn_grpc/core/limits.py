"""Ranges of parameters: declared once beside each parameter, checked in one place.

A parameter class is a frozen dataclass whose fields are made by `parameter`; `violations_of` then checks an instance.
The same declarations feed the command line, `ListModels` and the documentation.
"""

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields
from numbers import Integral
from typing import Any


@dataclass(frozen=True)
class Violation:
    """One field outside what is allowed, in words that name the remedy."""

    field: str
    value: str
    description: str

    def under(self, prefix: str) -> "Violation":
        """The same violation seen from the message that holds the field."""
        return Violation(f"{prefix}.{self.field}", self.value, self.description)


class InvalidInput(ValueError):
    """Input outside its limits; `violations` names every faulty field, not only the first."""

    def __init__(self, violations: Iterable[Violation]) -> None:
        self.violations = tuple(violations)
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in self.violations))


class UnstableSpec(InvalidInput):
    """A time step, or rates, beyond the stability limit; the violation names the largest that is stable."""


@dataclass(frozen=True)
class Limit:
    """The closed range of one parameter, its unit ("1" when dimensionless) and its meaning.

    whole: whether it is a count or the like, an int or an integer of numpy; a float is refused whatever its value.
    """

    minimum: float
    maximum: float
    unit: str
    description: str
    whole: bool = False

    def violation(self, name: str, value: float) -> Violation | None:
        """What is wrong with `value`, or None; NaN and infinities are outside every range."""
        fraction = self.whole and not isinstance(value, Integral)
        if not fraction and math.isfinite(value) and self.minimum <= value <= self.maximum:
            return None
        unit = "" if self.unit == "1" else f" {self.unit}"
        # The point of 8.0 is what is wrong with it.
        shown = str(value) if fraction else str(value).removesuffix(".0")
        kind = "a whole number, " if fraction else ""
        allowed = f"{kind}{_in_full(self.minimum)} to {_in_full(self.maximum)}{unit}"
        return Violation(name, shown, f"is {shown}, must be {allowed} ({self.description})")


def _in_full(bound: float) -> str:
    """All digits of a whole number, six of any other where they are the bound itself, else all of them."""
    short = f"{bound:g}"
    return str(bound) if isinstance(bound, int) or float(short) != bound else short


SEED = Limit(0, 2**63 - 1, "1", "seed", whole=True)


def parameter(default: Any, minimum: float, maximum: float, unit: str, description: str, *, whole: bool = False) -> Any:
    """A dataclass field with a closed range [minimum, maximum] in `unit`; `whole` as in Limit."""
    return limited(default, Limit(minimum, maximum, unit, description, whole))


def limited(default: Any, limit: Limit) -> Any:
    """A dataclass field with the range of `limit`."""
    return field(default=default, metadata={"limit": limit})


def limits_of(parameters: Any) -> dict[str, Limit]:
    """The declared limits of a parameter class or instance, in field order."""
    return {f.name: f.metadata["limit"] for f in fields(parameters) if "limit" in f.metadata}


def violations_of(parameters: Any) -> list[Violation]:
    """Every field of a parameter dataclass that lies outside its declared range."""
    found = (limit.violation(name, getattr(parameters, name)) for name, limit in limits_of(parameters).items())
    return [violation for violation in found if violation is not None]


def refuse(violations: Iterable[Violation]) -> None:
    """Raise InvalidInput when there is any violation."""
    if listed := tuple(violations):
        raise InvalidInput(listed)


class Faults:
    """Gathers the violations of one request, each under the path of the message it was found in."""

    def __init__(self) -> None:
        self._violations: list[Violation] = []
        self._path: tuple[str, ...] = ()
        self._only_instability = True

    def add(self, violation: Violation) -> None:
        """Note a violation of a field of the current message."""
        self._only_instability = False
        self._note(violation)

    def collect(self, check: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        """What `check` returns, or None after noting the violations that it raised."""
        try:
            return check(*arguments, **options)
        except InvalidInput as error:
            self._only_instability &= isinstance(error, UnstableSpec)
            for violation in error.violations:
                self._note(violation)

    @contextmanager
    def under(self, field_name: str) -> Iterator[None]:
        """Violations noted inside belong to the message in this field."""
        self._path += (field_name,)
        try:
            yield
        finally:
            self._path = self._path[:-1]

    def refuse(self) -> None:
        """Raise all that was noted, if anything was: UnstableSpec when instability is the only fault."""
        if self._violations:
            raise (UnstableSpec if self._only_instability else InvalidInput)(self._violations)

    def _note(self, violation: Violation) -> None:
        for field_name in reversed(self._path):
            violation = violation.under(field_name)
        self._violations.append(violation)
