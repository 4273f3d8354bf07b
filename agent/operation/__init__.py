"""What an operator sees of a running service: metrics, traces, logs, the state of what it depends on. Never a note."""
