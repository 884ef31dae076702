"""Asks a server for its metrics as Prometheus does."""

import asyncio
import urllib.request
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from tests.server.conftest import Running

Samples = Mapping[tuple[str, frozenset[tuple[str, str]]], float]


async def page(server: Running) -> str:
    """The whole page."""
    url = f"http://127.0.0.1:{server.lifecycle.metrics_port}/metrics"

    def fetch() -> str:
        with urllib.request.urlopen(url, timeout=60) as answer:
            text: str = answer.read().decode()
            return text

    return await asyncio.to_thread(fetch)


async def scrape(server: Running) -> Samples:
    """Every sample."""
    families = text_string_to_metric_families(await page(server))
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels."""
    wanted = set(labels.items())
    return sum(value for (found, given), value in samples.items() if found == name and wanted <= given)


def ours(samples: Samples) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """The series that callers could have a say in."""
    return {key for key in samples if key[0].startswith(("grpc_", "mfn_"))}
