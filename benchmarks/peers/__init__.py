"""What the benchmarks compare with, in an environment of their own: `make bench-peers`."""
