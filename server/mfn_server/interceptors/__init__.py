"""One concern a file; their order stands in app.py."""
