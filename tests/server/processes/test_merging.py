"""The metrics of several processes add up, and never go back."""

import json
import math

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from mfn_server.processes.channel import LENGTH, encoded
from mfn_server.processes.merging import Family, counted, merged, read, taken, written
from tests.server.telemetry.metrics.scraping import samples_of, value


def process(calls: int, seconds: list[float], open_calls: int = 0, ready: int = 0) -> list[Family]:
    """The snapshot of one."""
    registry = CollectorRegistry()
    Counter("calls_total", "Calls.", ["method"], registry=registry).labels("Check").inc(calls)
    histogram = Histogram("handling_seconds", "Time.", buckets=(0.1, 1.0), registry=registry)
    for each in seconds:
        histogram.observe(each)
    Gauge("grpc_server_in_flight", "Open.", registry=registry).set(open_calls)
    Gauge("mfn_kernels_ready", "Ready.", registry=registry).set(ready)
    Gauge("mfn_event_loop_delay_seconds", "Delay.", registry=registry).set(open_calls)
    return taken(registry)


def found(families: list[Family]) -> dict[str, float]:
    """Samples by name and labels, without the moments at which counting began."""
    return {
        name + "".join(f"{{{label}={given}}}" for label, given in labels): value
        for family in families
        for (name, labels), value in family.samples.items()
        if not name.endswith("_created")
    }


def test_counters_and_histograms_are_sums_and_gauges_go_by_their_rule() -> None:
    together = found(merged([process(3, [0.05, 5.0], 2, 1), process(4, [0.5], 7, 0)]))
    assert together == {
        "calls_total{method=Check}": 7,
        "handling_seconds_bucket{le=0.1}": 1,
        "handling_seconds_bucket{le=1.0}": 2,
        "handling_seconds_bucket{le=+Inf}": 3,
        "handling_seconds_count": 3,
        "handling_seconds_sum": 5.55,
        "grpc_server_in_flight": 9,
        "mfn_kernels_ready": 0,
        "mfn_event_loop_delay_seconds": 7,
    }


def test_what_one_that_has_ended_had_counted_stays_and_its_gauges_do_not() -> None:
    together = found(merged([process(3, [0.05], 2, 1)], process(4, [0.5], 7, 0)))
    assert together["calls_total{method=Check}"] == 7
    assert together["handling_seconds_count"] == 2
    assert (together["grpc_server_in_flight"], together["mfn_kernels_ready"]) == (2, 1)


def test_the_labels_of_all_processes_are_there() -> None:
    one, other = (
        Family("a", "", "counter", {("a_total", (("m", "x"),)): 1.0}),
        Family("a", "", "counter", {("a_total", (("m", "y"),)): 2.0}),
    )
    assert found(merged([[one], [other]])) == {"a_total{m=x}": 1, "a_total{m=y}": 2}


def test_counting_began_with_the_first_process() -> None:
    key = ("a_created", ())
    snapshots = [[Family("a", "", "counter", {key: moment})] for moment in (30.0, 10.0, 20.0)]
    assert merged(snapshots)[0].samples[key] == 10.0


@given(st.lists(st.integers(0, 1000), min_size=1, max_size=5), st.integers(0, 4))
def test_no_count_goes_back_when_one_process_ends_and_another_begins(calls: list[int], which: int) -> None:
    which %= len(calls)
    snapshots = [process(count, [0.5] * (count % 3)) for count in calls]
    before = found(merged(snapshots))
    alive = [*snapshots[:which], *snapshots[which + 1 :], process(0, [])]
    after = found(merged(alive, counted(snapshots[which])))
    assert {name: after[name] for name in after if name.startswith(("calls", "handling"))} == {
        name: before[name] for name in before if name.startswith(("calls", "handling"))
    }


def test_a_snapshot_survives_its_way_over_the_socket() -> None:
    families = [*process(3, [0.5]), Family("g", "m", "gauge", {("g", ()): math.inf})]
    sent = encoded({"families": written(families)})
    assert read(json.loads(sent[LENGTH.size :])["families"]) == families


def test_what_is_merged_is_served_as_the_client_of_prometheus_serves_it() -> None:
    registry, families = CollectorRegistry(), merged([process(3, [0.5])])

    class Merged:
        def collect(self) -> object:
            return [family.metric() for family in families]

    registry.register(Merged())  # type: ignore[arg-type]  # has what is asked for
    samples = samples_of(generate_latest(registry).decode())
    assert value(samples, "calls_total", method="Check") == 3
    assert value(samples, "handling_seconds_count") == 1
