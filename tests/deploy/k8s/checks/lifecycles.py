"""How pods start, tell that they are ready, and end."""

from collections.abc import Iterator

from mfn_server.config.offering import Service
from mfn_server.lifecycle import LEAVING_S
from mfn_server.services.offered import DESCRIPTORS
from tests.deploy.k8s.manifests import Json, Manifests, Workload, flags

COLD_COMPILE_S = 54
"""Measured on two processors."""
RECONNECTING_S = 5
"""Measured: the longest that clients of gRPC take to find a server that has started again."""
PROBES = ("startupProbe", "readinessProbe", "livenessProbe")


ALIVE = {"path": "/metrics", "port": "metrics", "scheme": "HTTP"}
"""How a pod is asked for its life where the port of calls wants a certificate."""


def shows_certificate(found: Manifests, workload: Workload) -> bool:
    """True where the port of calls hears nobody without one."""
    return found.settings(workload).get("MFN_TLS_CLIENT_AUTH") == "required"


def health_probes(found: Manifests, workload: Workload) -> list[str]:
    """The probes that ask the port of calls."""
    return [kind for kind in PROBES if kind == "readinessProbe" or not shows_certificate(found, workload)]


def no_certificate_restarts_a_pod(found: Manifests) -> Iterator[str]:
    """Where the port of calls wants a certificate, start and liveness ask one that wants none."""
    for workload in found.workloads:
        for kind in set(PROBES) - set(health_probes(found, workload)):
            if workload.container[kind].get("httpGet") != ALIVE or "exec" in workload.container[kind]:
                yield f"{workload.name}: {kind} ends with a certificate"


def asked(probe: Json) -> tuple[int, str]:
    """The port and the health name that a probe asks for."""
    if "grpc" in probe:
        return probe["grpc"]["port"], probe["grpc"].get("service", "")
    options = flags(probe["exec"]["command"])
    return int(options["addr"].rpartition(":")[2]), options.get("service", "")


def probes_ask_what_there_is(found: Manifests) -> Iterator[str]:
    """The port of calls, and names that the services of this pod have; `liveness` for liveness, and only there."""
    for workload in found.workloads:
        names = {"", *(DESCRIPTORS[Service(service)].full_name for service in workload.services)}
        for kind in health_probes(found, workload):
            port, name = asked(workload.container[kind])
            if port != workload.ports["grpc"]:
                yield f"{workload.name}: {kind} asks port {port}"
            if name not in ({"liveness"} if kind == "livenessProbe" else names):
                yield f"{workload.name}: {kind} asks for {name!r}"


def probes_speak_as_the_port(found: Manifests) -> Iterator[str]:
    """TLS where the port does; only readiness verifies the certificate, by the name of the pod's Service."""
    for workload in found.workloads:
        settings = found.settings(workload)
        encrypted = settings["MFN_TRANSPORT_SECURITY"] == "tls"
        for kind in health_probes(found, workload):
            probe = workload.container[kind]
            told = flags(probe["exec"]["command"]) if "exec" in probe else {}
            if encrypted != ("tls" in told):
                yield f"{workload.name}: {kind} and the port do not speak alike"
            verified = told.get("tls-server-name") == f"{workload.name}.mfn.svc" and "tls-ca-cert" in told
            verifies = kind == "readinessProbe"
            if encrypted and (verified, "tls-no-verify" in told) != (verifies, not verifies):
                yield f"{workload.name}: {kind} should verify: {verifies}"
            if shows_certificate(found, workload) != ("tls-client-cert" in told):
                yield f"{workload.name}: {kind} and the port do not agree on a client's certificate"


def probes_have_time(found: Manifests) -> Iterator[str]:
    """A probe ends by itself before the kubelet ends it, and a cold compile fits into the start several times."""
    for workload in found.workloads:
        for kind in PROBES:
            probe = workload.container[kind]
            told = flags(probe["exec"]["command"]) if "exec" in probe else {}
            own = sum(float(told.get(name, "0s").removesuffix("s")) for name in ("connect-timeout", "rpc-timeout"))
            if not own < probe["timeoutSeconds"] <= probe["periodSeconds"]:
                yield f"{workload.name}: {kind} takes {own} s of {probe['timeoutSeconds']} s"
        start = workload.container["startupProbe"]
        if start["periodSeconds"] * start["failureThreshold"] < 3 * COLD_COMPILE_S:
            yield f"{workload.name}: a cold compile has no time"


def drains_have_time(found: Manifests) -> Iterator[str]:
    """The grace period is longer than all that an end may take, and notice is given for as long as it is needed."""
    for workload in found.workloads:
        needed = needed_grace_s(found, workload)
        if workload.pod["terminationGracePeriodSeconds"] <= needed:
            yield f"{workload.name}: killed after {workload.pod['terminationGracePeriodSeconds']} s of {needed} s"
        if workload.spec.get("minReadySeconds", 0) <= RECONNECTING_S:
            yield f"{workload.name}: the next pod goes before clients have found this one"


def needed_grace_s(found: Manifests, workload: Workload) -> float:
    """preStop, notice, grace, and what the process takes at most beyond them."""
    settings = found.settings(workload)
    before = workload.container["lifecycle"]["preStop"]["sleep"]["seconds"]
    return float(before) + float(settings["MFN_DRAIN_NOTICE_S"]) + float(settings["MFN_DRAIN_GRACE_S"]) + LEAVING_S


def updates_roll(found: Manifests) -> Iterator[str]:
    """A pod goes only when another is ready; scaling down waits for drains; each workload has a budget."""
    for deployment in found.of("Deployment"):
        if deployment["spec"]["strategy"].get("rollingUpdate") != {"maxUnavailable": 0, "maxSurge": 1}:
            yield f"{deployment['metadata']['name']}: {deployment['spec']['strategy']}"
    for scaler in found.of("HorizontalPodAutoscaler"):
        pace = scaler["spec"]["behavior"]["scaleDown"]["policies"]
        (target,) = (each for each in found.workloads if each.name == scaler["spec"]["scaleTargetRef"]["name"])
        if any(each["value"] > 1 or each["periodSeconds"] < needed_grace_s(found, target) for each in pace):
            yield f"{scaler['metadata']['name']}: pods go faster than they drain"
    budgeted = {
        each.name
        for budget in found.of("PodDisruptionBudget")
        if budget["spec"].get("maxUnavailable") == 1
        for each in found.selected(budget["spec"]["selector"])
    }
    yield from (f"{each.name} has no budget" for each in found.workloads if each.name not in budgeted)
