"""Authenticators that read a file at every call."""

from collections.abc import Callable
from pathlib import Path
from time import time

from mfn_server.access.keys import ApiKeys, entries, told_of
from mfn_server.access.reporting import Audit, Reloads
from mfn_server.secrets.held import literal
from mfn_server.secrets.sources.file import FileSource
from mfn_server.secrets.watch_list import WatchList
from mfn_server.secrets.watched import Watched
from tests.server.access.calls import Recorded


def api_keys(
    file: Path,
    pepper: bytes,
    audit: Audit | None = None,
    reloads: Reloads | None = None,
    now: Callable[[], float] = time,
) -> ApiKeys:
    """Those of a file, under one pepper."""
    tell = told_of(audit or Recorded())
    source = FileSource(file, look_every_s=0.0)
    keys = Watched(source, entries, setting="api_keys_file", reloads=reloads, on_reload=tell)
    return ApiKeys(keys, WatchList().keys(literal(pepper.decode()), setting="api_key_pepper"), now=now)
