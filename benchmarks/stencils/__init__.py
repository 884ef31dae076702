"""The same stencil by other means: C, and plain numpy."""
