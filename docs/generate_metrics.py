"""Print docs/metrics.md from what the server declares: `python docs/generate_metrics.py > docs/metrics.md`."""

from collections.abc import Iterable, Iterator

from mfn_server.telemetry.metrics.across import RULES, Across
from mfn_server.telemetry.metrics.declared import Declared, GaugeOf, Label
from mfn_server.telemetry.metrics.gauges import READ
from mfn_server.telemetry.metrics.metrics import COUNTED
from mfn_server.telemetry.metrics.sizes import GRIDS, STEPS
from mfn_server.telemetry.metrics.supervising import SUPERVISED

GROUPS = {
    "Calls": ("grpc_server_",),
    "Simulations": ("mfn_simulation", "mfn_fractal", "mfn_growth", "mfn_lyapunov"),
    "Federations": ("mfn_federation",),
    "Credentials and limits": ("mfn_auth", "mfn_rate_limit", "mfn_reload"),
    "The server": ("mfn_",),
}
"""How the names of each group begin; a metric belongs to the first that fits."""

INTRODUCTION = f"""\
# Metrics

<!-- Written by docs/generate_metrics.py from server/mfn_server/telemetry/metrics; do not edit. -->

With `MFN_METRICS_PORT` the server answers Prometheus there, over HTTP, at any path; 0 takes a free port, and none
serves nothing. Unless set it is none in dev, and 9464 in staging and prod. The port asks for no credential and is not
encrypted. It is protected by where it listens:
`MFN_METRICS_HOST` is 127.0.0.1 unless set. To scrape from another machine, listen on the address of the pod and let
nothing but Prometheus reach the port: a NetworkPolicy, or a mesh that encrypts it.

Labels have a fixed set of values, listed below, so that no caller can add a series: a method that does not exist counts
as `_OTHER`, grids are labelled by the smallest of {", ".join(f"{edge} x {edge}" for edge in GRIDS)} with as many cells
(larger ones by the largest), runs by the smallest of {", ".join(f"{steps:,}" for steps in STEPS)} steps that they do
not exceed, or `more`. No principal, peer, federation or key is a label. Counters begin at zero with the process; those
of calls exist before the first call.

Beside these there are `process_*`, `python_info` and `python_gc_*` of the Prometheus client, and the `_created` of its
counters and histograms.

With `MFN_WORKERS` above 1 the port is the supervisor's, which asks all workers at each scrape and serves one page: the
column "of workers" says what becomes of their values. What a worker that has ended had counted stays in the sums, as
far as a scrape or its own end told of it: a worker that is killed takes with it what it counted since the last scrape.
A worker that does not answer within 3 s counts with its last values and shows in `mfn_workers{{state="silent"}}`. The
supervisor's own process is part of `process_*`.

The share of calls that fail, by method, and the slowest of a hundred that succeed:

```promql
sum by (grpc_method) (rate(grpc_server_handled_total{{grpc_code=~"INTERNAL|UNAVAILABLE|DATA_LOSS"}}[5m]))
  / sum by (grpc_method) (rate(grpc_server_handled_total[5m]))
histogram_quantile(0.99,
  sum by (grpc_method, le) (rate(grpc_server_handling_seconds_bucket{{grpc_code="OK"}}[5m])))
```
"""

HEADER = """\
| metric | type | labels | of workers | meaning |
| --- | --- | --- | --- | --- |
"""


def row(metric: Declared) -> str:
    """One metric as a line of a table."""
    labels = ", ".join(f"`{name}`" for name in metric.label_names) or "none"
    return f"| `{metric.name}` | {metric.kind} | {labels} | {across(metric)} | {metric.meaning} |\n"


def across(metric: Declared) -> str:
    """What becomes of the values of several workers."""
    if metric in SUPERVISED:
        return "the supervisor's"
    return str(RULES[metric.name] if isinstance(metric, GaugeOf) else Across.SUM)


def group_of(metric: Declared) -> str:
    """The title of the group that a metric belongs to."""
    return next(title for title, beginnings in GROUPS.items() if metric.name.startswith(beginnings))


def sections(metrics: Iterable[Declared]) -> Iterator[str]:
    """One table for each group."""
    rows = dict.fromkeys(GROUPS, "")
    for metric in sorted(metrics, key=lambda metric: metric.name):
        rows[group_of(metric)] += row(metric)
    for title, lines in rows.items():
        yield f"## {title}\n\n{HEADER}{lines}"


def values_of(label: Label) -> str:
    """What a label can be."""
    return label.values if isinstance(label.values, str) else ", ".join(f"`{value}`" for value in label.values)


def labels(metrics: Iterable[Declared]) -> str:
    """The table of all labels, each with the metrics that have it."""
    bearers: dict[Label, list[str]] = {}
    for metric in sorted(metrics, key=lambda metric: metric.name):
        for label in metric.labels:
            bearers.setdefault(label, []).append(f"`{metric.name}`")
    rows = (
        f"| `{label.name}` | {', '.join(names)} | {values_of(label)} |\n"
        for label, names in sorted(bearers.items(), key=lambda each: (each[0].name, each[1]))
    )
    return f"## Labels\n\n| label | metrics | values |\n| --- | --- | --- |\n{''.join(rows)}"


def page() -> str:
    """The whole of docs/metrics.md."""
    metrics = (*COUNTED, *READ, *SUPERVISED)
    return "\n".join((INTRODUCTION, *sections(metrics), labels(metrics)))


if __name__ == "__main__":
    print(page(), end="")
