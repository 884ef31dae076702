"""Everything that one application counts."""

from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector

from mfn_grpc.core.reaction_diffusion import NUMERICS_VERSION
from mfn_server.telemetry.metrics import auth, federations, limits, rpcs, simulations
from mfn_server.telemetry.metrics.declared import Declared, GaugeOf, Label
from mfn_server.version import server_version

BUILD = GaugeOf(
    "mfn_build_info",
    "Always 1.",
    (Label("version", "that of the server"), Label("numerics_version", "that of its numerics")),
)
COUNTED: tuple[Declared, ...] = (
    BUILD,
    *rpcs.METRICS,
    *simulations.METRICS,
    *federations.METRICS,
    auth.AUTH,
    auth.RELOADS,
    auth.RELOAD_FAULTS,
    limits.RATE_LIMIT,
)


class Metrics:
    """Its parts, on a registry of the application's own, so that several in one process do not share their numbers."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.registry = registry
        self.rpcs, self.auth, self.limits = rpcs.RpcMetrics(), auth.AuthMetrics(), limits.LimitMetrics()
        self.simulations = simulations.SimulationMetrics(registry)
        self.federations = federations.FederationMetrics(registry)
        self.reloads = auth.ReloadMetrics(registry)
        for collector in (self.rpcs, self.auth, self.limits):
            registry.register(collector)
        BUILD.made(registry).labels(server_version(), NUMERICS_VERSION).set(1)
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        GCCollector(registry=registry)
