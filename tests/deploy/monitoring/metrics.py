"""Which metrics a query is about."""

import re

LABELS_AND_TEXT = re.compile(r'"[^"]*"|\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\{[^}]*\}')
NAME = re.compile(r"(?<![\w:$.])(?!(?:and|or|unless|bool|offset)\b)[a-zA-Z_:][\w:]*\b(?!\s*\(|[\w:])")
"""Whatever is neither a function nor a word of the language, so that a name that nobody knows is seen as well."""
SUFFIX = re.compile(r"(?<=seconds)_(?:bucket|sum|count)$|(?<=dimension)_(?:bucket|sum|count)$")
FOREIGN = frozenset(
    {
        "up",
        "process_start_time_seconds",
        "process_resident_memory_bytes",
        "process_cpu_seconds_total",
        "process_open_fds",
        "process_max_fds",
        "kube_pod_status_ready",
        "kube_pod_status_phase",
        "kube_pod_deletion_timestamp",
        "certmanager_certificate_expiration_timestamp_seconds",
        "kube_deployment_status_replicas_available",
        "kube_deployment_spec_replicas",
        "container_memory_working_set_bytes",
        "container_spec_memory_limit_bytes",
        "kubelet_volume_stats_available_bytes",
        "kubelet_volume_stats_capacity_bytes",
    }
)
"""What Prometheus, its client for Python and the cluster measure."""


def metrics_in(query: str) -> set[str]:
    """Their names; those of a histogram's series without what sets these apart."""
    without_labels = LABELS_AND_TEXT.sub("", query)
    return {SUFFIX.sub("", name) for name in NAME.findall(without_labels)}
