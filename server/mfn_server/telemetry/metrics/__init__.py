"""What the server counts and measures of itself, in the words of Prometheus; docs/metrics.md lists all of it."""
