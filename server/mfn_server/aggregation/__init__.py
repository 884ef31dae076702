"""Aggregation without a federation: rounds of updates in, verdicts and the aggregate out."""
