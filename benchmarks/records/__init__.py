"""What was measured, kept: records in `benchmarks/history`, comparisons, the trend, the gate."""
