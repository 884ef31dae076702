"""What the server tells of itself: logs, audit, metrics, traces."""
