"""A process that aggregates updates from mapped files, so that its memory can be read."""
