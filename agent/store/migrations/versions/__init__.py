"""One module a step. A released step never changes; each names the one before it in `down_revision`."""
