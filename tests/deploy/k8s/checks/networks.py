"""Who reaches the pods, and whom they reach."""

from collections.abc import Iterator

from tests.deploy.k8s.manifests import Json, Manifests

EGRESS = {
    "mfn-grpc/redis": "MFN_RATE_LIMIT_STORE",
    "mfn-grpc/collector": "MFN_TRACE_EXPORTER",
    "mfn-grpc/vault": "MFN_VAULT_ADDRESS",
    "0.0.0.0/0": "MFN_AWS_REGION",
}
"""What a way out leads to, and the variable without which nobody takes it."""
NAMES = {"k8s-app", "169.254.20.10/32", "dns.operator.openshift.io/daemonset-dns"}
"""Who answers for names: the cluster's DNS, its cache on each node, and that of OpenShift."""
STANDS_FOR = {"192.0.2.0/24": "mfn-grpc/redis"}
"""What an operator puts an address of his own in place of."""
CALLERS = {"grpc": {"mfn-grpc/gateway", "mfn-grpc/client"}, "metrics": {"mfn-grpc/monitoring"}}


def all_is_denied_first(found: Manifests) -> Iterator[str]:
    """One policy selects every pod, both ways, and allows nothing."""
    specs = [policy["spec"] for policy in found.of("NetworkPolicy") if policy["spec"]["podSelector"] == {}]
    if specs != [{"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}]:
        yield f"policies of all pods: {specs}"


def ports_are_for_their_callers(found: Manifests) -> Iterator[str]:
    """The port of calls is for gateways and clients, that of metrics for monitoring, each said by label."""
    for workload in found.workloads:
        reached: dict[str, set[str]] = {}
        for rule in _rules(found, workload.labels, "ingress"):
            for port in rule.get("ports", [{"port": "any"}]):
                reached.setdefault(str(port["port"]), set()).update(_peers(rule.get("from", [])))
        if reached != CALLERS:
            yield f"{workload.name} is reached by {reached}"


def ways_out_are_used(found: Manifests) -> Iterator[str]:
    """Each way out has a setting that needs it, each such setting its way out; names are looked up for these alone."""
    for workload in found.workloads:
        rules = _rules(found, workload.labels, "egress")
        reached = {peer for rule in rules for peer in _peers(rule["to"])} - {"169.254.170.23/32"}
        open_ = {STANDS_FOR.get(peer, peer) for peer in reached}
        named = set(found.settings(workload)) | set(workload.variables)
        wanted = {peer for peer, variable in EGRESS.items() if variable in named}
        if open_ != (wanted | NAMES if wanted else set()):
            yield f"{workload.name} reaches {sorted(open_)} and needs {sorted(wanted)}"


def _rules(found: Manifests, labels: Json, direction: str) -> list[Json]:
    policies = [each["spec"] for each in found.of("NetworkPolicy")]
    chosen = [spec for spec in policies if spec["podSelector"].get("matchLabels", {}).items() <= labels.items()]
    return [rule for spec in chosen for rule in spec.get(direction, [])]


def _peers(peers: list[Json]) -> Iterator[str]:
    """What each peer is known by; one without anything is everybody."""
    if not peers:
        yield "everybody"
    for peer in peers:
        if "ipBlock" in peer:
            yield peer["ipBlock"]["cidr"]
            continue
        selector: Json = peer.get("podSelector") or peer.get("namespaceSelector") or {}
        yield from selector.get("matchLabels", {"everybody": ""})
