"""Small languages of the command line: NAME=VALUE, boundaries, ions."""

# ruff: noqa: PLC0415  # grpc and numpy are loaded when a command runs, not for --help

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from mfn_client.cli.failures import UsageError

if TYPE_CHECKING:
    from mfn_client import Boundary, Ion

_WORDS = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
ION_FORM = "NAME:Z:PERMEABILITY:OUT:IN"


def parse_parameters(texts: Sequence[str]) -> dict[str, int | float | bool]:
    """NAME=VALUE each; a value is a number or true/false.

    Raises:
        UsageError: one is not, or a name comes twice.
    """
    found: dict[str, int | float | bool] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not name or not equals:
            raise UsageError(f"--param {text!r}: must be NAME=VALUE, for instance feed=0.0545")
        if name in found:
            raise UsageError(f"--param {name} is given twice")
        found[name] = _value(text, value.strip())
    return found


def _value(text: str, value: str) -> int | float | bool:
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    for kind in (int, float):
        try:
            return kind(value)
        except ValueError:
            continue
    raise UsageError(f"--param {text!r}: the value must be a number or true/false")


def _numbers(option: str, text: str) -> tuple[float, ...]:
    try:
        return tuple(float(each) for each in text.split(","))
    except ValueError:
        raise UsageError(f"{option} {text!r}: must be numbers with commas between them") from None


def parse_spacing(text: str | None) -> float | tuple[float, float] | None:
    """One number, or two for rows and columns."""
    if text is None:
        return None
    numbers = _numbers("--spacing", text)
    if len(numbers) > 2:
        raise UsageError(f"--spacing {text!r}: must be one number, or two for rows and columns")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def parse_boundaries(texts: Sequence[str]) -> Any:
    """Nothing, one condition for all edges, or one for rows and one for columns; LOWER/UPPER sets two ends."""
    if len(texts) > 2:
        raise UsageError("--boundary may be given once, for all edges, or twice, for rows and columns")
    axes = [_axis(text) for text in texts]
    return axes or None


def _axis(text: str) -> "Boundary | tuple[Boundary, ...]":
    ends = [_boundary(part) for part in text.split("/")]
    if len(ends) > 2:
        raise UsageError(f"--boundary {text!r}: an axis has two ends, LOWER/UPPER")
    return ends[0] if len(ends) == 1 else tuple(ends)


def _boundary(text: str) -> "Boundary":
    from mfn_client import Boundary

    kind, colon, values = text.partition(":")
    return Boundary(kind.strip(), _numbers("--boundary", values) if colon else ())


def parse_ion(text: str) -> "Ion":
    """NAME:Z:PERMEABILITY:OUT:IN, concentrations in mol/L.

    Raises:
        UsageError: a part is missing or is no number.
    """
    from mfn_client import Ion

    parts = text.split(":")
    if len(parts) != 5:
        raise UsageError(f"--ion {text!r}: must be {ION_FORM}, for instance K:1:1.0:0.005:0.140")
    name, valence, *numbers = parts
    try:
        permeability, outside, inside = (float(each) for each in numbers)
        return Ion(int(valence), permeability, outside, inside, name.strip())
    except ValueError:
        raise UsageError(f"--ion {text!r}: Z must be a whole number, the rest numbers ({ION_FORM})") from None
