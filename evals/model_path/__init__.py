"""Measures the way to a language model: faults of a server, our own overhead, the grammar, load on a real server."""
