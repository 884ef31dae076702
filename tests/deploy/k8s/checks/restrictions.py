"""What pods may do, and what the manifests must not hold."""

from collections.abc import Iterator

from tests.deploy.k8s.manifests import Json, Manifests

POD = {"runAsNonRoot": True, "runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}
CONTAINER = {
    "allowPrivilegeEscalation": False,
    "readOnlyRootFilesystem": True,
    "runAsNonRoot": True,
    "runAsUser": 1000,
    "runAsGroup": 1000,
    "capabilities": {"drop": ["ALL"]},
    "seccompProfile": {"type": "RuntimeDefault"},
}
SHARED = ("hostNetwork", "hostPID", "hostIPC", "initContainers")


def contexts_are_restricted(found: Manifests) -> Iterator[str]:
    """Every pod keeps to the Pod Security standard `restricted`, and to a root that nobody writes to."""
    if not found.of("Namespace"):
        yield "there is no namespace"
    for namespace in found.of("Namespace"):
        for mode in ("enforce", "audit", "warn"):
            if namespace["metadata"]["labels"].get(f"pod-security.kubernetes.io/{mode}") != "restricted":
                yield f"the namespace does not {mode} restricted"
    for workload in found.workloads:
        yield from (f"{workload.name}: {name} is set" for name in SHARED if name in workload.pod)
        yield from _departing(workload.name, workload.pod["securityContext"], POD)
        for container in workload.pod["containers"]:
            yield from _departing(workload.name, container.get("securityContext", {}), CONTAINER)


def _departing(name: str, context: Json, wanted: Json) -> Iterator[str]:
    for key, value in wanted.items():
        if context.get(key) != value:
            yield f"{name}: {key} is {context.get(key)!r} and not {value!r}"


def commands_are_explicit(found: Manifests) -> Iterator[str]:
    """Each container says what it runs, and of which image: its own name and tag, without a registry."""
    for workload in found.workloads:
        for container in workload.pod["containers"]:
            if not container.get("command") or not container.get("args"):
                yield f"{workload.name}: the image decides what runs"
            name, _, tag = container["image"].partition(":")
            if name != "mfn-grpc" or tag in {"", "latest"}:
                yield f"{workload.name}: image {container['image']!r}"


def no_secret_is_held(found: Manifests) -> Iterator[str]:
    """Secrets are referred to: none is an object, a whole environment, or a file that would not follow a rotation."""
    yield from (f"there is a Secret {each['metadata']['name']!r}" for each in found.of("Secret"))
    for workload in found.workloads:
        for source in workload.container.get("envFrom", []):
            if "secretRef" in source:
                yield f"{workload.name}: all keys of a secret become variables"
        for mount in workload.container["volumeMounts"]:
            if "subPath" in mount or (mount["mountPath"].startswith("/run/secrets") and not mount.get("readOnly")):
                yield f"{workload.name}: {mount['mountPath']} does not follow its secret"
        for name in ("MFN_API_KEY_PEPPER", "MFN_RESUME_TOKEN_KEY", "MFN_FEDERATION_KEYS", "MFN_RATE_LIMIT_STORE"):
            value = found.settings(workload).get(name, "@")
            if not value.startswith(("@", "vault:", "aws:")):
                yield f"{workload.name}: {name} stands in the manifest"


def tokens_are_for_vault(found: Manifests) -> Iterator[str]:
    """The cluster's token is mounted only where Vault knows the pod by it; links to other services nowhere."""
    for workload in found.workloads:
        wanted = "MFN_VAULT_KUBERNETES_ROLE" in found.settings(workload)
        if workload.pod.get("automountServiceAccountToken", True) != wanted:
            yield f"{workload.name}: automountServiceAccountToken should be {wanted}"
        if workload.pod.get("enableServiceLinks", True):
            yield f"{workload.name}: variables of other services look like settings"
    for account in found.of("ServiceAccount"):
        if account.get("automountServiceAccountToken", True):
            yield f"service account {account['metadata']['name']}: its token is mounted everywhere"


def no_origin_stands_for_all(found: Manifests) -> Iterator[str]:
    """`cors-allow-origin: "*"` and its like are nowhere."""
    for each in found.objects:
        for place, text in _texts(each, each["kind"]):
            if ("cors" in place.lower() or "origin" in place.lower()) and "*" in text:
                yield f"{place}: {text}"


def _texts(value: object, place: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _texts(each, f"{place}.{key}")
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each, place)
    else:
        yield place, str(value)
