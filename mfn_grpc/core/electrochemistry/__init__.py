"""Potentials and currents of ions across a membrane: Nernst and Goldman-Hodgkin-Katz."""

from mfn_grpc.core.electrochemistry.goldman import Ion, goldman_current_a_per_m2, goldman_potential_mv
from mfn_grpc.core.electrochemistry.nernst import nernst_potential_mv, nernst_potentials_mv

__all__ = [
    "Ion",
    "goldman_current_a_per_m2",
    "goldman_potential_mv",
    "nernst_potential_mv",
    "nernst_potentials_mv",
]
