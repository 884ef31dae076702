"""Finds the subjects: every module of `benchmarks.subjects`.

A subject's first docstring line is its title, and `measure(quick)` yields its rows. Adding one is adding a file;
`benchmarks.measuring.order` may give it a place in the table.
"""

import importlib
import pkgutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from benchmarks import subjects
from benchmarks.measuring.order import in_order
from benchmarks.measuring.rows import Row


@dataclass(frozen=True)
class Subject:
    """Something to measure; `measure(quick)` yields rows, with `quick` in seconds and without promise of precision."""

    name: str
    title: str
    measure: Callable[[bool], Iterable[Row]]


def names() -> list[str]:
    """The subjects there are, in the order of the table, without loading them."""
    return in_order(module.name for module in pkgutil.iter_modules(subjects.__path__))


def load(name: str) -> Subject:
    """One subject; raises ImportError or AttributeError when its file is not as it must be."""
    module = importlib.import_module(f"{subjects.__name__}.{name}")
    title = (module.__doc__ or name).strip().splitlines()[0].removesuffix(".")
    return Subject(name, title, module.measure)
