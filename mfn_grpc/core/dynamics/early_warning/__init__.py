"""Early-warning indicators of a loss of stability, over a stream of features."""

from mfn_grpc.core.dynamics.early_warning.monitor import EarlyWarning, EarlyWarningMonitor, monitor_bytes
from mfn_grpc.core.dynamics.early_warning.options import EarlyWarningOptions, Indicator

__all__ = ["EarlyWarning", "EarlyWarningMonitor", "EarlyWarningOptions", "Indicator", "monitor_bytes"]
