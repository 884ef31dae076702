"""One concern of every call a file; their order stands in app.py."""
