"""What the simulation service is made of: specs and frames as messages, resume tokens, checkpoints, and the run."""
