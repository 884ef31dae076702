"""How a gauge of several worker processes becomes one; counters and histograms are always sums."""

from enum import StrEnum


class Across(StrEnum):
    """What is told of the workers' values. All label values of a metric go by one rule."""

    SUM = "sum"
    LARGEST = "largest"
    SMALLEST = "smallest"


RULES = {
    "grpc_server_in_flight": Across.SUM,
    "mfn_admission_bytes": Across.SUM,
    "mfn_admission_limit": Across.SUM,
    "mfn_admission_queued": Across.SUM,
    "mfn_admission_running": Across.SUM,
    "mfn_admission_streams": Across.SUM,
    "mfn_build_info": Across.LARGEST,
    "mfn_compute_workers": Across.SUM,
    "mfn_compute_workers_busy": Across.SUM,
    "mfn_event_loop_delay_seconds": Across.LARGEST,
    "mfn_federation_oldest_round_started_seconds": Across.SMALLEST,
    "mfn_federation_participants_connected": Across.SUM,
    "mfn_federation_participants_enrolled": Across.SUM,
    "mfn_federation_stored_bytes": Across.SUM,
    "mfn_federation_watches": Across.SUM,
    "mfn_federations": Across.SUM,
    "mfn_federations_waiting": Across.SUM,
    "mfn_kernels_ready": Across.SMALLEST,
    "mfn_lyapunov_exponent": Across.LARGEST,
    "mfn_rate_limit_buckets": Across.SUM,
    "mfn_reload_faults": Across.LARGEST,
    "mfn_server_draining": Across.LARGEST,
    "mfn_simulations_queued": Across.SUM,
    "mfn_simulations_running": Across.SUM,
    "mfn_tls_certificate_expiry_seconds": Across.SMALLEST,
    "process_max_fds": Across.SMALLEST,
    "process_open_fds": Across.SUM,
    "process_resident_memory_bytes": Across.SUM,
    "process_start_time_seconds": Across.SMALLEST,
    "process_virtual_memory_bytes": Across.SUM,
    "python_info": Across.LARGEST,
}
"""Every gauge that a server serves, its own and those of the Prometheus client."""
