"""A Prometheus of its own, on the loopback interface, that scrapes one server and evaluates the rules."""

import json
import math
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from urllib.request import urlopen

import yaml

from tests.deploy.monitoring.rules import rule_files
from tests.e2e.federation.nursery import free_port
from tests.e2e.process import PATIENCE_S, until

LABELS = {"namespace": "mfn", "component": "simulation"}
"""What the ServiceMonitor adds to the series of a pod."""


class Prometheus:
    """One that runs; asked over its HTTP API."""

    def __init__(self, address: str, log: Path) -> None:
        self._address, self._log = address, log

    def ask(self, path: str, **parameters: str) -> Any:
        """What an endpoint of its API answers; it must succeed."""
        with urlopen(f"http://{self._address}/api/v1/{path}?{urlencode(parameters)}", timeout=PATIENCE_S) as answer:
            found = json.load(answer)
        assert found["status"] == "success"
        return found["data"]

    def numbers(self, query: str) -> list[float]:
        """The values of a query now, those apart that are not numbers."""
        values = [float(series["value"][1]) for series in self.ask("query", query=query)["result"]]
        return [value for value in values if not math.isnan(value)]

    def await_scrapes(self, count: int) -> None:
        """Until the server has been scraped so many times more."""
        scrapes = 'count_over_time(up{job="mfn"}[1h])'
        before = sum(self.numbers(scrapes))
        self.until(lambda: sum(self.numbers(scrapes)) >= before + count)

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a condition."""
        until(holds, lambda: self._log.read_text(encoding="utf-8"))

    def ready(self) -> bool:
        """Whether it answers queries yet."""
        try:
            with urlopen(f"http://{self._address}/-/ready", timeout=PATIENCE_S):
                return True
        except OSError:
            return False


@contextmanager
def scraping(program: Path, target: str, folder: Path) -> Iterator[Prometheus]:
    """Prometheus with all rules, while it scrapes `target`, HOST:PORT, each second; what it keeps is in the folder."""
    address, log = f"127.0.0.1:{free_port()}", folder / "prometheus.log"
    (folder / "prometheus.yml").write_text(yaml.safe_dump(_configuration(target, folder)), encoding="utf-8")
    command = [
        str(program),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.size=64MB",
        f"--web.listen-address={address}",
        "--log.level=warn",
    ]
    with log.open("w", encoding="utf-8") as written:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=written, stderr=written)
    try:
        prometheus = Prometheus(address, log)
        prometheus.until(prometheus.ready)
        prometheus.until(lambda: prometheus.numbers('up{job="mfn"}') == [1])
        yield prometheus
    finally:
        process.kill()
        process.wait(PATIENCE_S)


def _configuration(target: str, folder: Path) -> dict[str, Any]:
    return {
        "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
        "scrape_configs": [{"job_name": "mfn", "static_configs": [{"targets": [target], "labels": LABELS}]}],
        "rule_files": [str(path) for path in rule_files(folder)],
    }
