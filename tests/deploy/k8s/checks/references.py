"""Every name that one object has for another, or for a part of it, leads somewhere."""

from collections.abc import Iterator

from tests.deploy.k8s.externals import CONFIG_MAPS, PODS_OF_OTHERS, SECRETS
from tests.deploy.k8s.manifests import Json, Manifests


def selectors_find_pods(found: Manifests) -> Iterator[str]:
    """Services, policies, budgets and workloads select pods that there are, or that a neighbour starts here."""
    for each in found.of("Service", "NetworkPolicy", "PodDisruptionBudget", "Deployment", "StatefulSet"):
        selector = each["spec"].get("selector", each["spec"].get("podSelector"))
        if not found.selected(selector) and selector.get("matchLabels") not in PODS_OF_OTHERS:
            yield f"{each['kind']} {each['metadata']['name']} selects no pod: {selector}"


def all_is_in_one_namespace(found: Manifests) -> Iterator[str]:
    """Every object says the namespace: one that does not lands wherever somebody applies it."""
    for each in found.objects:
        if each["kind"] != "Namespace" and each["metadata"].get("namespace") != "mfn":
            yield f"{each['kind']} {each['metadata']['name']} is in {each['metadata'].get('namespace')!r}"


def ports_exist(found: Manifests) -> Iterator[str]:
    """The ports that Services and policies name are ports of all the pods they select."""
    for service in found.of("Service"):
        wanted = [port["targetPort"] for port in service["spec"]["ports"]]
        yield from _missing(found, service, service["spec"]["selector"], wanted)
    for policy in found.of("NetworkPolicy"):
        wanted = [port["port"] for rule in policy["spec"].get("ingress", []) for port in rule["ports"]]
        yield from _missing(found, policy, policy["spec"]["podSelector"], wanted)


def _missing(found: Manifests, object_: Json, selector: Json, wanted: list[str]) -> Iterator[str]:
    for workload in found.selected(selector):
        for port in wanted:
            if port not in workload.ports:
                yield f"{object_['kind']} {object_['metadata']['name']}: {workload.name} has no port {port!r}"


def secrets_are_documented(found: Manifests) -> Iterator[str]:
    """Each secret and key is one that the operator is told to make, and none is optional."""
    for name, key, reference in found.secrets():
        if name not in SECRETS or (key and key not in SECRETS[name]):
            yield f"secret {name!r} with key {key!r} is made by nobody"
        if reference.get("optional"):
            yield f"secret {name!r} is optional: a pod would start without it"


def config_maps_exist(found: Manifests) -> Iterator[str]:
    """Each ConfigMap is rendered, or one that the operator is told to make."""
    known = found.names("ConfigMap") | set(CONFIG_MAPS)
    for workload in found.workloads:
        sources = [each["configMapRef"]["name"] for each in workload.container["envFrom"] if "configMapRef" in each]
        sources += [each["configMap"]["name"] for each in workload.pod["volumes"] if "configMap" in each]
        yield from (f"{workload.name}: there is no ConfigMap {name!r}" for name in sources if name not in known)


def claims_exist(found: Manifests) -> Iterator[str]:
    """Each claim that pods share is rendered, and may be mounted on several nodes at once."""
    known = {
        each["metadata"]["name"]: each["spec"]["accessModes"] == ["ReadWriteMany"]
        for each in found.of("PersistentVolumeClaim")
    }
    for workload in found.workloads:
        for each in workload.pod["volumes"]:
            if "persistentVolumeClaim" in each and not known.get(each["persistentVolumeClaim"]["claimName"]):
                yield f"{workload.name}: no claim that pods may share for {each['name']!r}"


def volumes_are_mounted(found: Manifests) -> Iterator[str]:
    """Each mount has its volume, and each volume is mounted."""
    for workload in found.workloads:
        mounted = {each["name"] for each in workload.container["volumeMounts"]}
        volumes = {each["name"] for each in workload.pod["volumes"]} | set(workload.claims)
        yield from (f"{workload.name}: volume and mount {name!r} miss each other" for name in mounted ^ volumes)


def targets_exist(found: Manifests) -> Iterator[str]:
    """Accounts of pods, targets of autoscalers and the Service that names a StatefulSet's pods."""
    for workload in found.workloads:
        if workload.pod["serviceAccountName"] not in found.names("ServiceAccount"):
            yield f"{workload.name}: there is no service account {workload.pod['serviceAccountName']!r}"
    for scaler in found.of("HorizontalPodAutoscaler"):
        target = scaler["spec"]["scaleTargetRef"]
        if target["name"] not in found.names(target["kind"]):
            yield f"the autoscaler scales {target['name']!r}, which there is not"
    headless = {each["metadata"]["name"] for each in found.of("Service") if each["spec"].get("clusterIP") == "None"}
    for stateful in found.of("StatefulSet"):
        if stateful["spec"]["serviceName"] not in headless:
            yield f"{stateful['spec']['serviceName']!r} is no headless Service"


def monitors_find_each_pod_once(found: Manifests) -> Iterator[str]:
    """A ServiceMonitor's port is one of exactly one Service that it selects for each workload."""
    for monitor in found.of("ServiceMonitor"):
        wanted = monitor["spec"]["selector"]["matchLabels"].items()
        for workload in found.workloads:
            ports = [
                port["name"]
                for service in found.of("Service")
                if wanted <= service["metadata"]["labels"].items()
                and service["spec"]["selector"].items() <= workload.labels.items()
                for port in service["spec"]["ports"]
            ]
            if any(ports.count(endpoint["port"]) != 1 for endpoint in monitor["spec"]["endpoints"]):
                yield f"{workload.name} is not scraped exactly once: its Services have the ports {ports}"
