"""Monthly validation: what external auditors found, where agreement drifts, and whether the case mix does."""
