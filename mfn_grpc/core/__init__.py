"""The science: numpy, scipy and numba; no transport, no files, no clocks."""
