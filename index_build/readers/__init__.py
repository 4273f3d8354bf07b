"""Readers: one kind of official or licensed file a module, each from bytes to records."""
