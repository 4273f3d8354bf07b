"""Who asks, and what they may do: keys for systems, signed tokens for people, one table of permissions."""
