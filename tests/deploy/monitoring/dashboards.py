"""The dashboards: their panels, and their queries as Grafana sends them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.deploy.monitoring.rules import DASHBOARDS

CHOSEN = {
    "$__rate_interval": "1m",
    "$__interval": "15s",
    "$__range": "1h",
    "$namespace": ".*",
    "$job": ".*",
    "$instance": ".*",
}
"""What Grafana puts for its variables when All is chosen."""


@dataclass(frozen=True)
class Panel:
    """One panel of a dashboard; rows apart."""

    dashboard: str
    stated: dict[str, Any]

    @property
    def title(self) -> str:
        """The dashboard's name and its own."""
        return f"{self.dashboard}: {self.stated['title']}"

    @property
    def queries(self) -> list[str]:
        """With values for variables."""
        return [substituted(target["expr"]) for target in self.stated["targets"]]


def dashboard(path: Path) -> dict[str, Any]:
    """One, as it is imported."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def substituted(query: str) -> str:
    """The query that Prometheus gets."""
    for variable, value in CHOSEN.items():
        query = query.replace(variable, value)
    return query


def _panels() -> Iterator[Panel]:
    for path in DASHBOARDS:
        for stated in dashboard(path)["panels"]:
            if stated["type"] != "row":
                yield Panel(path.stem, stated)


PANELS = tuple(_panels())
