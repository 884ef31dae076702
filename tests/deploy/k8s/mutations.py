"""Small faults, each of which one check must find: its name, the rendering that gets it, and what is done to that."""

from collections.abc import Callable
from typing import Any, NamedTuple

from tests.deploy.k8s.manifests import Json, Manifests

SIMULATION, FEDERATION = ("Deployment", "mfn-simulation"), ("StatefulSet", "mfn-federation")
POD = "spec.template.spec"
SERVER = f"{POD}.containers.0"
PROBE = f"{SERVER}.livenessProbe.exec.command"
GONE = object()


class Mutation(NamedTuple):
    """A fault. check: the name of the one that finds it. variant: what is rendered."""

    check: str
    variant: str
    mutate: Callable[[Manifests], None]


def _setting(object_: tuple[str, str], path: str, value: Any = GONE) -> Callable[[Manifests], None]:
    """Set what stands at the path of an object, or take it away; a number in the path is a place in a list."""

    def mutate(found: Manifests) -> None:
        *way, last = path.split(".") if "|" not in path else path.split("|")
        place: Any = found.one(*object_)
        for step in way:
            place = place[int(step) if isinstance(place, list) else step]
        key = int(last) if isinstance(place, list) else last
        if value is GONE:
            del place[key]
        else:
            place[key] = value

    return mutate


def _without(kind: str, name: str) -> Callable[[Manifests], None]:
    return lambda found: found.objects.remove(found.one(kind, name))


def _with(object_: Json) -> Callable[[Manifests], None]:
    return lambda found: found.objects.append(object_)


def _without_variable(name: str) -> Callable[[Manifests], None]:
    def mutate(found: Manifests) -> None:
        for workload in found.workloads:
            environment = workload.container["env"]
            environment[:] = [each for each in environment if each["name"] != name]

    return mutate


def _with_setting(name: str, value: str) -> Callable[[Manifests], None]:
    def mutate(found: Manifests) -> None:
        (settings,) = (each for each in found.of("ConfigMap") if each["metadata"]["name"].startswith("mfn-config"))
        settings["data"][name] = value

    return mutate


SERVICE, HEADLESS = ("Service", "mfn-simulation"), ("Service", "mfn-simulation-headless")
POLICY, DENY = ("NetworkPolicy", "mfn-simulation"), ("NetworkPolicy", "default-deny")
SCALER = ("HorizontalPodAutoscaler", "mfn-simulation")
TRAEFIK = "metadata|annotations|traefik.ingress.kubernetes.io/service.serversscheme"
NGINX = "metadata|annotations|nginx.ingress.kubernetes.io/"
INGRESS = ("Ingress", "mfn-simulation")
BACKEND = ("BackendTLSPolicy", "mfn-simulation")
SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "mfn-secrets"}}
LAST_VARIABLE = f"{SERVER}.env.-1.valueFrom.secretKeyRef"
ENFORCE = "metadata|labels|pod-security.kubernetes.io/enforce"

MUTATIONS = [
    Mutation("selectors_find_pods", "prod", _setting(SERVICE, "spec.selector", {"app": "mfn"})),
    Mutation("selectors_find_pods", "prod", _setting(POLICY, "spec.podSelector.matchLabels", {"app": "mfn"})),
    Mutation("all_is_in_one_namespace", "prod with tracing", _setting(SERVICE, "metadata.namespace")),
    Mutation("ports_exist", "prod", _setting(SERVICE, "spec.ports.0.targetPort", "http")),
    Mutation("ports_exist", "prod", _setting(POLICY, "spec.ingress.0.ports.0.port", "http")),
    Mutation("secrets_are_documented", "prod", _setting(FEDERATION, f"{LAST_VARIABLE}.key", "password")),
    Mutation("secrets_are_documented", "prod", _setting(FEDERATION, f"{LAST_VARIABLE}.name", "mfn-secret")),
    Mutation("secrets_are_documented", "prod", _setting(FEDERATION, f"{LAST_VARIABLE}.optional", True)),
    Mutation("config_maps_exist", "base", _setting(SIMULATION, f"{SERVER}.envFrom.0.configMapRef.name", "mfn")),
    Mutation("volumes_are_mounted", "prod", _setting(SIMULATION, f"{POD}.volumes.0")),
    Mutation("volumes_are_mounted", "prod", _setting(FEDERATION, "spec.volumeClaimTemplates.0.metadata.name", "x")),
    Mutation("targets_exist", "prod", _without("ServiceAccount", "mfn-federation")),
    Mutation("targets_exist", "prod", _setting(SCALER, "spec.scaleTargetRef.name", "mfn")),
    Mutation("targets_exist", "prod", _setting(FEDERATION, "spec.serviceName", "mfn-federation")),
    Mutation("monitors_find_each_pod_once", "prod", _setting(HEADLESS, "spec.ports.1.name", "prometheus")),
    Mutation("monitors_find_each_pod_once", "prod", _setting(SERVICE, "spec.ports.0.name", "metrics")),
    Mutation("backends_exist", "prod with gateway-api", _setting(SERVICE, "spec.ports.0.port", 443)),
    Mutation("backends_exist", "prod with ingress-nginx", _setting(SERVICE, "spec.ports.0.name", "http")),
    Mutation("every_backend_is_verified", "prod with ingress-traefik", _setting(SERVICE, TRAEFIK, "http")),
    Mutation("every_backend_is_verified", "prod with ingress-nginx", _setting(INGRESS, f"{NGINX}proxy-ssl-verify")),
    Mutation("every_backend_is_verified", "prod with gateway-api", _without(*BACKEND)),
    Mutation(
        "made_secrets_are_used",
        "prod with cert-manager",
        _setting(("Certificate", "mfn-tls"), "spec.secretName", "tls"),
    ),
    Mutation(
        "made_secrets_are_used",
        "prod with external-secrets",
        _setting(("ExternalSecret", "mfn-secrets"), "spec.data.0"),
    ),
    Mutation("issuers_and_stores_exist", "prod with cert-manager", _without("Issuer", "mfn-ca")),
    Mutation("listeners_and_authorities_exist", "prod with gateway-api", _without("Gateway", "mfn")),
    Mutation("contexts_are_restricted", "prod", _setting(("Namespace", "mfn"), ENFORCE, "baseline")),
    Mutation("contexts_are_restricted", "prod", _setting(SIMULATION, f"{POD}.securityContext.runAsNonRoot", False)),
    Mutation("contexts_are_restricted", "prod", _setting(SIMULATION, f"{SERVER}.securityContext.capabilities", {})),
    Mutation("contexts_are_restricted", "dev", _setting(FEDERATION, f"{SERVER}.securityContext")),
    Mutation("contexts_are_restricted", "prod", _setting(SIMULATION, f"{POD}.hostNetwork", True)),
    Mutation("commands_are_explicit", "prod", _setting(SIMULATION, f"{SERVER}.command")),
    Mutation("commands_are_explicit", "prod", _setting(SIMULATION, f"{SERVER}.args")),
    Mutation("commands_are_explicit", "prod", _setting(SIMULATION, f"{SERVER}.image", "mfn-grpc:latest")),
    Mutation("commands_are_explicit", "prod", _setting(SIMULATION, f"{SERVER}.image", "mfn-grpc")),
    Mutation("commands_are_explicit", "prod", _setting(SIMULATION, f"{SERVER}.image", "host.example/mfn-grpc:0.1.0")),
    Mutation("no_secret_is_held", "prod", _with(SECRET)),
    Mutation("no_secret_is_held", "prod", _setting(SIMULATION, f"{SERVER}.volumeMounts.2.subPath", "keys.json")),
    Mutation("no_secret_is_held", "prod", _with_setting("MFN_API_KEY_PEPPER", "0" * 32)),
    Mutation(
        "no_secret_is_held", "prod", _setting(SIMULATION, f"{SERVER}.envFrom", [{"secretRef": {"name": "mfn-secrets"}}])
    ),
    Mutation("tokens_are_for_vault", "prod", _setting(SIMULATION, f"{POD}.automountServiceAccountToken")),
    Mutation(
        "tokens_are_for_vault", "prod with vault", _setting(SIMULATION, f"{POD}.automountServiceAccountToken", False)
    ),
    Mutation("tokens_are_for_vault", "prod", _setting(SIMULATION, f"{POD}.enableServiceLinks")),
    Mutation(
        "no_origin_stands_for_all",
        "prod with ingress-nginx",
        _setting(INGRESS, f"{NGINX}cors-allow-origin", "*"),
    ),
    Mutation("no_origin_stands_for_all", "prod", _with_setting("MFN_CORS_ORIGINS", "https://*")),
    Mutation("all_is_denied_first", "prod", _without(*DENY)),
    Mutation("all_is_denied_first", "prod", _setting(DENY, "spec.policyTypes", ["Ingress"])),
    Mutation("ports_are_for_their_callers", "prod", _setting(POLICY, "spec.ingress.0.from")),
    Mutation("ports_are_for_their_callers", "prod", _setting(POLICY, "spec.ingress.1.from.0", {"podSelector": {}})),
    Mutation("ports_are_for_their_callers", "prod", _setting(POLICY, "spec.ingress.0.ports")),
    Mutation("ways_out_are_used", "prod", _without_variable("MFN_RATE_LIMIT_STORE")),
    Mutation("ways_out_are_used", "prod", _without("NetworkPolicy", "mfn-to-redis")),
    Mutation("ways_out_are_used", "prod", _setting(("NetworkPolicy", "mfn-to-redis"), "spec.egress.1.to", [])),
    Mutation("requests_are_limits", "prod", _setting(SIMULATION, f"{SERVER}.resources.requests.memory", "1Gi")),
    Mutation("requests_are_limits", "prod", _without_variable("MFN_WORKERS")),
    Mutation("state_fits_memory", "prod", _setting(SIMULATION, f"{SERVER}.resources.limits.memory", "4Gi")),
    Mutation("state_fits_memory", "dev", _without_variable("MFN_MAX_STATE_BYTES")),
    Mutation("written_places_are_bounded", "prod", _setting(SIMULATION, f"{POD}.volumes.0.emptyDir", {})),
    Mutation("written_places_are_bounded", "prod", _setting(FEDERATION, f"{SERVER}.volumeMounts.1")),
    Mutation("written_places_are_bounded", "prod", _with_setting("NUMBA_CACHE_DIR", "/opt/mfn/share/kernels")),
    Mutation("stored_state_fits_its_volume", "prod", _without_variable("MFN_AGGREGATE_SPOOL_BYTES")),
    Mutation("stored_state_fits_its_volume", "prod", _without_variable("MFN_STATE_DIR")),
    Mutation("stored_state_fits_its_volume", "prod", _setting(FEDERATION, "spec.persistentVolumeClaimRetentionPolicy")),
    Mutation("replicas_share_limits", "prod", _without_variable("MFN_RATE_LIMIT_STORE")),
    Mutation("replicas_share_limits", "prod", _setting(SCALER, "spec.minReplicas", 1)),
    Mutation("probes_ask_what_there_is", "prod", _setting(SIMULATION, f"{PROBE}.2", "-service=")),
    Mutation("probes_ask_what_there_is", "prod", _setting(SIMULATION, f"{PROBE}.1", "-addr=127.0.0.1:9464")),
    Mutation("probes_ask_what_there_is", "prod", _setting(FEDERATION, f"{SERVER}.args.2", "simulation")),
    Mutation("probes_speak_as_the_port", "prod", _setting(SIMULATION, f"{PROBE}.3")),
    Mutation("probes_speak_as_the_port", "prod", _setting(SIMULATION, f"{PROBE}.4")),
    Mutation("probes_speak_as_the_port", "prod", _with_setting("MFN_TRANSPORT_SECURITY", "mesh")),
    Mutation("probes_speak_as_the_port", "prod with mtls", _setting(SIMULATION, f"{PROBE}.7")),
    Mutation("probes_have_time", "prod", _setting(SIMULATION, f"{SERVER}.startupProbe.failureThreshold", 5)),
    Mutation("probes_have_time", "prod", _setting(SIMULATION, f"{SERVER}.livenessProbe.timeoutSeconds", 1)),
    Mutation("drains_have_time", "prod", _with_setting("MFN_DRAIN_GRACE_S", "60")),
    Mutation("drains_have_time", "prod", _setting(FEDERATION, f"{POD}.terminationGracePeriodSeconds", 60)),
    Mutation("drains_have_time", "prod", _setting(FEDERATION, "spec.minReadySeconds")),
    Mutation("updates_roll", "prod", _setting(SIMULATION, "spec.strategy.rollingUpdate.maxUnavailable", 1)),
    Mutation("updates_roll", "prod", _setting(SCALER, "spec.behavior.scaleDown.policies.0.periodSeconds", 15)),
    Mutation("updates_roll", "prod", _without("PodDisruptionBudget", "mfn-federation")),
]
