"""How systems change in time: Lyapunov exponents, and early-warning indicators of a loss of stability."""

from mfn_grpc.core.dynamics.early_warning import (
    EarlyWarning,
    EarlyWarningMonitor,
    EarlyWarningOptions,
    Indicator,
    monitor_bytes,
)
from mfn_grpc.core.dynamics.lyapunov import (
    HENON,
    LOGISTIC,
    LORENZ,
    Flow,
    LyapunovExponents,
    System,
    TangentMap,
    field_exponents,
    flow_exponents,
    ifs_exponents,
    map_exponents,
)
from mfn_grpc.core.dynamics.warming import warm_up, warm_up_early_warning, warm_up_exponents

__all__ = [
    "HENON",
    "LOGISTIC",
    "LORENZ",
    "EarlyWarning",
    "EarlyWarningMonitor",
    "EarlyWarningOptions",
    "Flow",
    "Indicator",
    "LyapunovExponents",
    "System",
    "TangentMap",
    "field_exponents",
    "flow_exponents",
    "ifs_exponents",
    "map_exponents",
    "monitor_bytes",
    "warm_up",
    "warm_up_early_warning",
    "warm_up_exponents",
]
