"""Spans: where they hang, what carries them out of the process."""
