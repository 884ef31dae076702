"""Servers as processes of their own: ours, ours as production runs it, and bare ones to stand beside."""
