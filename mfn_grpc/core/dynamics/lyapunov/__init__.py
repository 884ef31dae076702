"""Lyapunov exponents of maps, flows, iterated function systems and fields."""

from mfn_grpc.core.dynamics.lyapunov.exponents import LyapunovExponents
from mfn_grpc.core.dynamics.lyapunov.field import field_exponents
from mfn_grpc.core.dynamics.lyapunov.ifs import ifs_exponents
from mfn_grpc.core.dynamics.lyapunov.orbits import flow_exponents, map_exponents
from mfn_grpc.core.dynamics.lyapunov.systems import HENON, LOGISTIC, LORENZ, Flow, System, TangentMap

__all__ = [
    "HENON",
    "LOGISTIC",
    "LORENZ",
    "Flow",
    "LyapunovExponents",
    "System",
    "TangentMap",
    "field_exponents",
    "flow_exponents",
    "ifs_exponents",
    "map_exponents",
]
