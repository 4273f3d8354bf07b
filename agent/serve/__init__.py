"""Delivery over HTTP: the same answers as the command line, every refusal a problem document."""
