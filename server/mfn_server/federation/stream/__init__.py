"""One participant's stream: joining, tasks and models out, updates in."""
