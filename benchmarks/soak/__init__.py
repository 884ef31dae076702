"""Half an hour of mixed load, and what grew: `make soak`."""
