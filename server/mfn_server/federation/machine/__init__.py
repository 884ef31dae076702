"""The round machine of a federation: a pure function from a state and an event to a state and actions."""
