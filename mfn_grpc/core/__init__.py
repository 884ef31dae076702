"""The science: numpy and numba; no transport, no files, no clocks."""
