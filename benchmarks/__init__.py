"""Speed and memory, each figure beside its peer or its bar, measured side by side in one run: `python -m benchmarks`.

A subject is one file in `benchmarks/subjects`; `registry` says what it must hold.
"""
