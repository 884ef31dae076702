"""Flame graphs of the three main paths: a unary call under load, a Simulate stream, an aggregation rule."""
