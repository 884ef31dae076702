"""One federation at work: its actor, what is kept and told, its timers and its sessions."""
