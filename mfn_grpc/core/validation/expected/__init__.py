"""Expected values: literals and closed forms, from mathematics and printed sources alone.

Nothing in this package imports the engine: a fault of the engine must not move what it is measured against.
"""
