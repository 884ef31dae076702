"""Federations: the round machine, its storage, the coordinator of one process, and their messages."""
