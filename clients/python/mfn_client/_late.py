"""Modules that are imported when they are first used: most programs need few of the client's parts.

::

    if TYPE_CHECKING:
        from mfn_client import _results as results
    else:
        results = late("mfn_client._results")

Type checkers see the module; whoever imports this one does not pay for it.
"""

from importlib import import_module
from typing import Any


class _Late:
    def __init__(self, name: str) -> None:
        self.__name__ = name

    def __getattr__(self, attribute: str) -> Any:
        return getattr(import_module(self.__name__), attribute)


def late(name: str) -> Any:
    """The module of this full name, imported when one of its attributes is first asked for."""
    return _Late(name)
