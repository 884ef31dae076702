"""Parties of federations, and updates, as the benchmarks need them."""
