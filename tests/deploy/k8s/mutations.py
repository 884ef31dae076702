"""Small faults, each of which one check must find: its name, the rendering, what it says, and what is done."""

from tests.deploy.k8s.mutating import Mutation, setting, with_object, with_setting, without, without_variable

SIMULATION, FEDERATION = ("Deployment", "mfn-simulation"), ("StatefulSet", "mfn-federation")
POD = "spec.template.spec"
SERVER = f"{POD}.containers.0"
PROBE, READY = (f"{SERVER}.{kind}.exec.command" for kind in ("livenessProbe", "readinessProbe"))
CLAIM = "spec.volumeClaimTemplates.0"


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
    Mutation(
        "selectors_find_pods",
        "prod",
        "Service mfn-simulation selects no pod",
        setting(SERVICE, "spec.selector", {"app": "mfn"}),
    ),
    Mutation(
        "selectors_find_pods",
        "prod",
        "NetworkPolicy mfn-simulation selects no pod",
        setting(POLICY, "spec.podSelector.matchLabels", {"app": "mfn"}),
    ),
    Mutation("all_is_in_one_namespace", "prod with tracing", "is in None", setting(SERVICE, "metadata.namespace")),
    Mutation(
        "ports_exist",
        "prod",
        "Service mfn-simulation: mfn-simulation has no port 'http'",
        setting(SERVICE, "spec.ports.0.targetPort", "http"),
    ),
    Mutation(
        "ports_exist",
        "prod",
        "NetworkPolicy mfn-simulation: mfn-simulation has no port 'http'",
        setting(POLICY, "spec.ingress.0.ports.0.port", "http"),
    ),
    Mutation(
        "secrets_are_documented",
        "prod",
        "key 'password' is made by nobody",
        setting(FEDERATION, f"{LAST_VARIABLE}.key", "password"),
    ),
    Mutation(
        "secrets_are_documented",
        "prod",
        "secret 'mfn-secret' with",
        setting(FEDERATION, f"{LAST_VARIABLE}.name", "mfn-secret"),
    ),
    Mutation("secrets_are_documented", "prod", "is optional", setting(FEDERATION, f"{LAST_VARIABLE}.optional", True)),
    Mutation(
        "config_maps_exist",
        "base",
        "there is no ConfigMap 'mfn'",
        setting(SIMULATION, f"{SERVER}.envFrom.0.configMapRef.name", "mfn"),
    ),
    Mutation("volumes_are_mounted", "prod", "volume and mount 'tmp'", setting(SIMULATION, f"{POD}.volumes.0")),
    Mutation("volumes_are_mounted", "prod", "volume and mount 'x'", setting(FEDERATION, f"{CLAIM}.metadata.name", "x")),
    Mutation(
        "targets_exist", "prod", "no service account 'mfn-federation'", without("ServiceAccount", "mfn-federation")
    ),
    Mutation("targets_exist", "prod", "scales 'mfn'", setting(SCALER, "spec.scaleTargetRef.name", "mfn")),
    Mutation(
        "targets_exist", "prod", "is no headless Service", setting(FEDERATION, "spec.serviceName", "mfn-federation")
    ),
    Mutation(
        "monitors_find_each_pod_once", "prod", "'prometheus'", setting(HEADLESS, "spec.ports.1.name", "prometheus")
    ),
    Mutation(
        "monitors_find_each_pod_once",
        "prod",
        "'metrics', 'grpc', 'metrics'",
        setting(SERVICE, "spec.ports.0.name", "metrics"),
    ),
    Mutation("backends_exist", "prod with gateway-api", "with port 50051", setting(SERVICE, "spec.ports.0.port", 443)),
    Mutation(
        "backends_exist", "prod with ingress-nginx", "with port 'grpc'", setting(SERVICE, "spec.ports.0.name", "http")
    ),
    Mutation(
        "every_backend_is_verified",
        "prod with ingress-traefik",
        "mfn: nothing verifies mfn-simulation",
        setting(SERVICE, TRAEFIK, "http"),
    ),
    Mutation(
        "every_backend_is_verified",
        "prod with ingress-nginx",
        "mfn-simulation: nothing verifies",
        setting(INGRESS, f"{NGINX}proxy-ssl-verify"),
    ),
    Mutation(
        "every_backend_is_verified", "prod with gateway-api", "mfn: nothing verifies mfn-simulation", without(*BACKEND)
    ),
    Mutation(
        "made_secrets_are_used",
        "prod with cert-manager",
        "nobody uses 'tls'",
        setting(("Certificate", "mfn-tls"), "spec.secretName", "tls"),
    ),
    Mutation(
        "made_secrets_are_used",
        "prod with external-secrets",
        "mfn-secrets makes",
        setting(("ExternalSecret", "mfn-secrets"), "spec.data.0"),
    ),
    Mutation("issuers_and_stores_exist", "prod with cert-manager", "no Issuer 'mfn-ca'", without("Issuer", "mfn-ca")),
    Mutation(
        "issuers_and_stores_exist",
        "prod with external-secrets",
        "no store 'other'",
        setting(("ExternalSecret", "mfn-secrets"), "spec.secretStoreRef.name", "other"),
    ),
    Mutation("listeners_and_authorities_exist", "prod with gateway-api", "no listener", without("Gateway", "mfn")),
    Mutation(
        "listeners_and_authorities_exist",
        "prod with gateway-api",
        "no authorities",
        setting(BACKEND, "spec.validation.caCertificateRefs.0.name", "other"),
    ),
    Mutation("contexts_are_restricted", "prod", "does not enforce", setting(("Namespace", "mfn"), ENFORCE, "baseline")),
    Mutation(
        "contexts_are_restricted",
        "prod",
        "runAsNonRoot is False",
        setting(SIMULATION, f"{POD}.securityContext.runAsNonRoot", False),
    ),
    Mutation(
        "contexts_are_restricted",
        "prod",
        "capabilities is {}",
        setting(SIMULATION, f"{SERVER}.securityContext.capabilities", {}),
    ),
    Mutation(
        "contexts_are_restricted",
        "dev",
        "readOnlyRootFilesystem is None",
        setting(FEDERATION, f"{SERVER}.securityContext"),
    ),
    Mutation("contexts_are_restricted", "prod", "hostNetwork is set", setting(SIMULATION, f"{POD}.hostNetwork", True)),
    Mutation("contexts_are_restricted", "prod", "there is no namespace", without("Namespace", "mfn")),
    Mutation("commands_are_explicit", "prod", "the image decides", setting(SIMULATION, f"{SERVER}.command")),
    Mutation("commands_are_explicit", "prod", "the image decides", setting(SIMULATION, f"{SERVER}.args")),
    Mutation(
        "commands_are_explicit", "prod", "'mfn-grpc:latest'", setting(SIMULATION, f"{SERVER}.image", "mfn-grpc:latest")
    ),
    Mutation("commands_are_explicit", "prod", "image 'mfn-grpc'", setting(SIMULATION, f"{SERVER}.image", "mfn-grpc")),
    Mutation(
        "commands_are_explicit",
        "prod",
        "host.example",
        setting(SIMULATION, f"{SERVER}.image", "host.example/mfn-grpc:0.1.0"),
    ),
    Mutation("no_secret_is_held", "prod", "a Secret 'mfn-secrets'", with_object(SECRET)),
    Mutation(
        "no_secret_is_held",
        "prod",
        "does not follow its secret",
        setting(SIMULATION, f"{SERVER}.volumeMounts.2.subPath", "keys.json"),
    ),
    Mutation("no_secret_is_held", "prod", "MFN_API_KEY_PEPPER stands", with_setting("MFN_API_KEY_PEPPER", "0" * 32)),
    Mutation(
        "no_secret_is_held",
        "prod",
        "all keys of a secret",
        setting(SIMULATION, f"{SERVER}.envFrom", [{"secretRef": {"name": "mfn-secrets"}}]),
    ),
    Mutation(
        "tokens_are_for_vault", "prod", "should be False", setting(SIMULATION, f"{POD}.automountServiceAccountToken")
    ),
    Mutation(
        "tokens_are_for_vault",
        "prod with vault",
        "should be True",
        setting(SIMULATION, f"{POD}.automountServiceAccountToken", False),
    ),
    Mutation("tokens_are_for_vault", "prod", "look like settings", setting(SIMULATION, f"{POD}.enableServiceLinks")),
    Mutation(
        "tokens_are_for_vault",
        "prod",
        "mfn-federation: its token is mounted",
        setting(("ServiceAccount", "mfn-federation"), "automountServiceAccountToken"),
    ),
    Mutation(
        "no_origin_stands_for_all",
        "prod with ingress-nginx",
        "cors-allow-origin: *",
        setting(INGRESS, f"{NGINX}cors-allow-origin", "*"),
    ),
    Mutation(
        "no_origin_stands_for_all",
        "prod",
        "MFN_CORS_ORIGINS: https://*",
        with_setting("MFN_CORS_ORIGINS", "https://*"),
    ),
    Mutation("all_is_denied_first", "prod", "all pods: []", without(*DENY)),
    Mutation(
        "all_is_denied_first", "prod", "'policyTypes': ['Ingress']", setting(DENY, "spec.policyTypes", ["Ingress"])
    ),
    Mutation("ports_are_for_their_callers", "prod", "'grpc': {'everybody'}", setting(POLICY, "spec.ingress.0.from")),
    Mutation(
        "ports_are_for_their_callers",
        "prod",
        "'metrics': {'everybody'}",
        setting(POLICY, "spec.ingress.1.from.0", {"podSelector": {}}),
    ),
    Mutation("ports_are_for_their_callers", "prod", "'any':", setting(POLICY, "spec.ingress.0.ports")),
    Mutation("ways_out_are_used", "prod", "'mfn-grpc/redis'] and needs []", without_variable("MFN_RATE_LIMIT_STORE")),
    Mutation(
        "ways_out_are_used",
        "prod",
        "'k8s-app'] and needs ['mfn-grpc/redis']",
        without("NetworkPolicy", "mfn-to-redis"),
    ),
    Mutation(
        "ways_out_are_used",
        "prod",
        "'everybody', 'k8s-app'] and needs",
        setting(("NetworkPolicy", "mfn-to-redis"), "spec.egress.0.to", []),
    ),
    Mutation(
        "requests_are_limits",
        "prod",
        "limit of memory differ",
        setting(SIMULATION, f"{SERVER}.resources.requests.memory", "1Gi"),
    ),
    Mutation(
        "requests_are_limits", "prod", "MFN_COMPUTE_THREADS does not follow", without_variable("MFN_COMPUTE_THREADS")
    ),
    Mutation(
        "state_fits_memory",
        "prod",
        "in 4294967296 bytes of memory",
        setting(SIMULATION, f"{SERVER}.resources.limits.memory", "4Gi"),
    ),
    Mutation("state_fits_memory", "dev", "in 2147483648 bytes of memory", without_variable("MFN_MAX_STATE_BYTES")),
    Mutation(
        "written_places_are_bounded", "prod", "mounted at /tmp", setting(SIMULATION, f"{POD}.volumes.0.emptyDir", {})
    ),
    Mutation(
        "written_places_are_bounded",
        "prod",
        "mounted at /var/cache/mfn",
        setting(FEDERATION, f"{SERVER}.volumeMounts.1"),
    ),
    Mutation(
        "written_places_are_bounded",
        "prod",
        "kernels are not kept",
        with_setting("NUMBA_CACHE_DIR", "/opt/mfn/share/kernels"),
    ),
    Mutation(
        "written_places_are_bounded",
        "prod",
        "may hold more than",
        setting(SIMULATION, f"{POD}.volumes.0.emptyDir.sizeLimit", "64Gi"),
    ),
    Mutation(
        "stored_state_fits_its_volume",
        "prod",
        "MFN_AGGREGATE_SPOOL_BYTES is more",
        without_variable("MFN_AGGREGATE_SPOOL_BYTES"),
    ),
    Mutation("stored_state_fits_its_volume", "prod", "MFN_STATE_DIR is no volume", without_variable("MFN_STATE_DIR")),
    Mutation(
        "stored_state_fits_its_volume",
        "prod",
        "deleted with the StatefulSet",
        setting(FEDERATION, "spec.persistentVolumeClaimRetentionPolicy"),
    ),
    Mutation(
        "stored_state_fits_its_volume",
        "prod",
        "the volume is shared",
        setting(FEDERATION, f"{CLAIM}.spec.accessModes", ["ReadWriteMany"]),
    ),
    Mutation("replicas_share_limits", "prod", "grants the whole rate", without_variable("MFN_RATE_LIMIT_STORE")),
    Mutation("replicas_share_limits", "prod", "one pod is not enough", setting(SCALER, "spec.minReplicas", 1)),
    Mutation(
        "probes_ask_what_there_is", "prod", "livenessProbe asks for ''", setting(SIMULATION, f"{PROBE}.2", "-service=")
    ),
    Mutation(
        "probes_ask_what_there_is", "prod", "asks port 9464", setting(SIMULATION, f"{PROBE}.1", "-addr=127.0.0.1:9464")
    ),
    Mutation(
        "probes_ask_what_there_is",
        "prod",
        "readinessProbe asks for 'mfn.v1.FederationService'",
        setting(FEDERATION, f"{SERVER}.args.2", "simulation"),
    ),
    Mutation(
        "probes_speak_as_the_port",
        "prod",
        "livenessProbe and the port do not speak alike",
        setting(SIMULATION, f"{PROBE}.3"),
    ),
    Mutation(
        "probes_speak_as_the_port", "prod", "livenessProbe should verify: False", setting(SIMULATION, f"{PROBE}.4")
    ),
    Mutation(
        "probes_speak_as_the_port",
        "prod",
        "readinessProbe and the port do not speak alike",
        with_setting("MFN_TRANSPORT_SECURITY", "mesh"),
    ),
    Mutation("probes_speak_as_the_port", "prod with mtls", "a client's certificate", setting(SIMULATION, f"{READY}.8")),
    Mutation(
        "probes_have_time", "prod", "a cold compile", setting(SIMULATION, f"{SERVER}.startupProbe.failureThreshold", 5)
    ),
    Mutation(
        "probes_have_time",
        "prod",
        "takes 8.0 s of 1 s",
        setting(SIMULATION, f"{SERVER}.livenessProbe.timeoutSeconds", 1),
    ),
    Mutation("drains_have_time", "prod", "killed after 70 s", with_setting("MFN_DRAIN_GRACE_S", "60")),
    Mutation(
        "drains_have_time",
        "prod",
        "killed after 60 s",
        setting(FEDERATION, f"{POD}.terminationGracePeriodSeconds", 60),
    ),
    Mutation("drains_have_time", "prod", "the next pod goes before", setting(FEDERATION, "spec.minReadySeconds")),
    Mutation(
        "updates_roll",
        "prod",
        "'maxUnavailable': 1",
        setting(SIMULATION, "spec.strategy.rollingUpdate.maxUnavailable", 1),
    ),
    Mutation(
        "updates_roll",
        "prod",
        "faster than they drain",
        setting(SCALER, "spec.behavior.scaleDown.policies.0.periodSeconds", 15),
    ),
    Mutation("updates_roll", "prod", "has no budget", without("PodDisruptionBudget", "mfn-federation")),
]
