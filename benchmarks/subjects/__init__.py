"""One file a subject; each is found by being here."""
