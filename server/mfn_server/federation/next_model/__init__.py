"""From the stored updates of a round to the next model."""
