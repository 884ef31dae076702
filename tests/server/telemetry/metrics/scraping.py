"""Asks a server for its metrics as Prometheus does."""

import asyncio
import urllib.request
from collections.abc import Mapping

from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from mfn_server.app import Application
from mfn_server.telemetry.metrics.gauges import READ
from mfn_server.telemetry.metrics.metrics import COUNTED
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
    return samples_of(await page(server))


async def scrape_unstarted(application: Application) -> Samples:
    """Every sample of an application that serves nothing yet."""
    text = await asyncio.to_thread(generate_latest, application.metrics.registry)
    return samples_of(text.decode())


def samples_of(text: str) -> Samples:
    """What a page says."""
    families = text_string_to_metric_families(text)
    samples = (sample for family in families for sample in family.samples)
    return {(sample.name, frozenset(sample.labels.items())): sample.value for sample in samples}


def value(samples: Samples, name: str, **labels: str) -> float:
    """The sum of a metric's samples that have these labels."""
    wanted = set(labels.items())
    return sum(value for (found, given), value in samples.items() if found == name and wanted <= given)


def undeclared(samples: Samples) -> set[tuple[str, str, str]]:
    """Name, label and value of every series that docs/metrics.md does not list."""
    return {
        (name, label, given)
        for name, labels in ours(samples)
        for label, given in labels
        if label != "le" and not _listed(given, _values(name, label))
    }


def _values(name: str, label: str) -> tuple[str, ...] | str:
    """What the label of a series can be, by the longest declared name that the series begins with."""
    named = (each for each in (*COUNTED, *READ) if name.startswith(each.name.removesuffix("_total")))
    metric = max(named, key=lambda each: len(each.name))
    return next((each.values for each in metric.labels if each.name == label), ())


def _listed(given: str, values: tuple[str, ...] | str) -> bool:
    return isinstance(values, str) or given in values


def ours(samples: Samples) -> set[tuple[str, frozenset[tuple[str, str]]]]:
    """The series that callers could have a say in."""
    return {key for key in samples if key[0].startswith(("grpc_", "mfn_"))}
