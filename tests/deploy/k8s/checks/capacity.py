"""Memory, processors and disk: what the settings allow fits into what the pod gets."""

from collections.abc import Iterator, Mapping

from mfn_server.config.settings import Settings
from tests.deploy.k8s.manifests import Manifests, Workload, size

DEFAULT_STATE_BYTES: int = Settings.model_fields["max_state_bytes"].default
PROCESS_BYTES = 7 * 2**30 // 10
"""What the process takes beside the state of calls: docs/operations.md, Capacity."""


def requests_are_limits(found: Manifests) -> Iterator[str]:
    """Memory that was promised is there, and the threads are as many as the processors."""
    for workload in found.workloads:
        resources = workload.container["resources"]
        for name in ("cpu", "memory", "ephemeral-storage"):
            if name not in resources["limits"] or resources["requests"].get(name) != resources["limits"][name]:
                yield f"{workload.name}: request and limit of {name} differ: {resources}"
        workers = workload.variables.get("MFN_COMPUTE_THREADS", {}).get("valueFrom", {}).get("resourceFieldRef", {})
        if workers.get("resource") != "limits.cpu":
            yield f"{workload.name}: MFN_COMPUTE_THREADS does not follow the limit of processors"


def state_fits_memory(found: Manifests) -> Iterator[str]:
    """State takes half of the memory at most, so that the process and messages in flight have the rest."""
    for workload in found.workloads:
        state = int(found.settings(workload).get("MFN_MAX_STATE_BYTES", DEFAULT_STATE_BYTES))
        limit = size(workload.container["resources"]["limits"]["memory"])
        if state > limit // 2 or state + PROCESS_BYTES > limit:
            yield f"{workload.name}: {state} bytes of state in {limit} bytes of memory"


def written_places_are_bounded(found: Manifests) -> Iterator[str]:
    """What is written to is a mount with a bound, and the bounds fit the storage that the pod may take."""
    for workload in found.workloads:
        room = _room(workload)
        for needed in ("/tmp", "/var/cache/mfn"):
            if not room.get(needed):
                yield f"{workload.name}: nothing bounded is mounted at {needed}"
        limit = size(workload.container["resources"]["limits"]["ephemeral-storage"])
        if sum(bound for place, bound in room.items() if place != "/var/lib/mfn") > limit:
            yield f"{workload.name}: its folders may hold more than the {limit} bytes of the pod"
        if not found.settings(workload)["NUMBA_CACHE_DIR"].startswith("/var/cache/mfn/"):
            yield f"{workload.name}: kernels are not kept in /var/cache/mfn"


def stored_state_fits_its_volume(found: Manifests) -> Iterator[str]:
    """Federations lie on a volume that is kept; aggregations and models have room where they are written."""
    for workload in (each for each in found.workloads if "federation" in each.services):
        settings = found.settings(workload)
        place = _room(workload).get(settings.get("MFN_STATE_DIR", ""), 0)
        if not place:
            yield f"{workload.name}: MFN_STATE_DIR is no volume"
        for name in ("MFN_AGGREGATE_SPOOL_BYTES", "MFN_FEDERATION_MAX_MODEL_BYTES"):
            if int(settings.get(name, 2**63)) > place // 4:
                yield f"{workload.name}: {name} is more than a quarter of the {place} bytes that there are"
    for spec in (stateful["spec"] for stateful in found.of("StatefulSet")):
        if set(spec.get("persistentVolumeClaimRetentionPolicy", {"": ""}).values()) != {"Retain"}:
            yield "the volume is deleted with the StatefulSet"
        if any(each["spec"]["accessModes"] != ["ReadWriteOnce"] for each in spec["volumeClaimTemplates"]):
            yield "the volume is shared"


def uploaded_arrays_fit_their_place(found: Manifests) -> Iterator[str]:
    """All principals' arrays leave a quarter of their place to what is being written, one principal's most of it."""
    shared = {
        each["metadata"]["name"]: size(each["spec"]["resources"]["requests"]["storage"])
        for each in found.of("PersistentVolumeClaim")
    }
    for workload in (each for each in found.workloads if "simulation" in each.services):
        settings, room = found.settings(workload), _room(workload, shared)
        place = room.get(settings.get("MFN_STATE_DIR", "/tmp"), 0)
        for name, part in (("MFN_ARRAY_TOTAL_BYTES", 3 / 4), ("MFN_ARRAY_QUOTA_BYTES", 1 / 4)):
            if int(settings.get(name, 2**63)) > place * part:
                yield f"{workload.name}: {name} is more than {part} of the {place} bytes that there are"


def _room(workload: Workload, shared: Mapping[str, int] | None = None) -> dict[str, int]:
    """The bytes of each place that can be written to. shared: those of claims, by name."""
    bounds = {
        each["name"]: size(each["emptyDir"].get("sizeLimit", "0"))
        for each in workload.pod["volumes"]
        if "emptyDir" in each
    } | workload.claims
    for each in workload.pod["volumes"]:
        if "persistentVolumeClaim" in each:
            bounds[each["name"]] = (shared or {}).get(each["persistentVolumeClaim"]["claimName"], 0)
    mounts = {each["mountPath"]: each["name"] for each in workload.container["volumeMounts"]}
    return {place: bounds[name] for place, name in mounts.items() if name in bounds}


def replicas_share_limits(found: Manifests) -> Iterator[str]:
    """Where there may be several pods outside of the base, rates are counted in a store that they share."""
    most = {each["spec"]["scaleTargetRef"]["name"]: each["spec"] for each in found.of("HorizontalPodAutoscaler")}
    for workload in found.workloads:
        settings = found.settings(workload)
        several = max(workload.spec.get("replicas", 1), most.get(workload.name, {}).get("maxReplicas", 1)) > 1
        if several and "MFN_ENV" in settings and "MFN_RATE_LIMIT_STORE" not in workload.variables:
            yield f"{workload.name}: each of its pods grants the whole rate"
        if settings.get("MFN_ENV") == "prod" and workload.name in most and most[workload.name]["minReplicas"] < 2:
            yield f"{workload.name}: one pod is not enough in prod"
