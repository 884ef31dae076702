"""What stands in front of the pods leads to them, encrypted, and makes only what somebody uses."""

from collections.abc import Iterator

from tests.deploy.k8s.externals import CONFIG_MAPS, ISSUERS, SECRETS, STORES
from tests.deploy.k8s.manifests import Json, Manifests

NGINX = "nginx.ingress.kubernetes.io/"
TRAEFIK = "traefik.ingress.kubernetes.io/service."


def backends_exist(found: Manifests) -> Iterator[str]:
    """Every backend is a Service with that port."""
    known = {
        (service["metadata"]["name"], port[by])
        for service in found.of("Service")
        for port in service["spec"]["ports"]
        for by in ("name", "port")
    }
    for backend in _backends(found):
        if backend not in known:
            yield f"there is no Service {backend[0]!r} with port {backend[1]!r}"


def callers_show_certificates_to_the_pods_themselves(found: Manifests) -> Iterator[str]:
    """No gateway ends TLS in front of pods that ask for a client's certificate: it has none to show them."""
    gateways = [each["metadata"]["name"] for each in found.of("Ingress", "GRPCRoute")]
    for workload in found.workloads:
        if gateways and found.settings(workload).get("MFN_TLS_CLIENT_AUTH") == "required":
            yield f"{workload.name} refuses every call of {gateways}"


def _backends(found: Manifests) -> Iterator[tuple[str, str | int]]:
    for ingress in found.of("Ingress"):
        for path in (path for rule in ingress["spec"]["rules"] for path in rule["http"]["paths"]):
            yield path["backend"]["service"]["name"], path["backend"]["service"]["port"]["name"]
    for route in found.of("GRPCRoute"):
        yield from ((each["name"], each["port"]) for rule in route["spec"]["rules"] for each in rule["backendRefs"])
    for policy in found.of("BackendTLSPolicy"):
        yield from ((each["name"], each["sectionName"]) for each in policy["spec"]["targetRefs"])


def every_backend_is_verified(found: Manifests) -> Iterator[str]:
    """No gateway takes a pod's word for who it is: the certificate is checked against the Service's own name."""
    policies = {
        (each["spec"]["targetRefs"][0]["name"], each["spec"]["validation"]["hostname"])
        for each in found.of("BackendTLSPolicy")
    }
    transports = {each["metadata"]["name"]: each["spec"] for each in found.of("ServersTransport")}
    for route in found.of("GRPCRoute"):
        for name in (each["name"] for rule in route["spec"]["rules"] for each in rule["backendRefs"]):
            if (name, f"{name}.mfn.svc") not in policies:
                yield f"{route['metadata']['name']}: nothing verifies {name}"
    for ingress in found.of("Ingress"):
        for name in (path["backend"]["service"]["name"] for path in ingress["spec"]["rules"][0]["http"]["paths"]):
            service = found.one("Service", name)["metadata"].get("annotations", {})
            if not (_nginx_verifies(ingress, name) or _traefik_verifies(service, name, transports)):
                yield f"{ingress['metadata']['name']}: nothing verifies {name}"


def _nginx_verifies(ingress: Json, name: str) -> bool:
    told = ingress["metadata"].get("annotations", {})
    wanted = {
        "backend-protocol": "GRPCS",
        "proxy-ssl-verify": "on",
        "proxy-ssl-name": f"{name}.mfn.svc",
        "proxy-ssl-secret": "mfn/mfn-tls",  # pragma: allowlist secret
    }
    return all(told.get(NGINX + key) == value for key, value in wanted.items())


def _traefik_verifies(told: Json, name: str, transports: dict[str, Json]) -> bool:
    transport = told.get(f"{TRAEFIK}serverstransport", "").removeprefix("mfn-").removesuffix("@kubernetescrd")
    spec = transports.get(transport, {})
    known = spec.get("serverName") == f"{name}.mfn.svc" and spec.get("rootCAs") == [{"secret": "mfn-tls"}]
    return bool(known and told.get(f"{TRAEFIK}serversscheme") == "https")


def made_secrets_are_used(found: Manifests) -> Iterator[str]:
    """What cert-manager and external-secrets.io make has the names and keys that are documented, and nothing else."""
    authorities = {each["spec"]["ca"]["secretName"] for each in found.of("Issuer") if "ca" in each["spec"]}
    for certificate in found.of("Certificate"):
        if certificate["spec"]["secretName"] not in set(SECRETS) | authorities:
            yield f"nobody uses {certificate['spec']['secretName']!r}"
    for external in found.of("ExternalSecret"):
        keys = {each["secretKey"] for each in external["spec"]["data"]}
        if keys != SECRETS.get(external["spec"]["target"]["name"]):
            yield f"{external['metadata']['name']} makes {sorted(keys)}"


def issuers_and_stores_exist(found: Manifests) -> Iterator[str]:
    """Issuers of certificates and stores of secrets: of the namespace, or ones that the operator is told to make."""
    for certificate in found.of("Certificate"):
        issuer = certificate["spec"]["issuerRef"]
        if issuer["name"] not in (found.names("Issuer") if issuer["kind"] == "Issuer" else ISSUERS):
            yield f"there is no {issuer['kind']} {issuer['name']!r}"
    for external in found.of("ExternalSecret"):
        if external["spec"]["secretStoreRef"]["name"] not in STORES:
            yield f"there is no store {external['spec']['secretStoreRef']['name']!r}"


def listeners_and_authorities_exist(found: Manifests) -> Iterator[str]:
    """Listeners that routes belong to, and ConfigMaps of authorities that backends are verified by."""
    listeners = {
        (each["metadata"]["name"], listener["name"])
        for each in found.of("Gateway")
        for listener in each["spec"]["listeners"]
    }
    parents = [each for route in found.of("GRPCRoute") for each in route["spec"]["parentRefs"]]
    yield from (f"no listener {each}" for each in parents if (each["name"], each["sectionName"]) not in listeners)
    for policy in found.of("BackendTLSPolicy"):
        for reference in policy["spec"]["validation"]["caCertificateRefs"]:
            if reference["kind"] != "ConfigMap" or reference["name"] not in CONFIG_MAPS:
                yield f"there are no authorities {reference}"
