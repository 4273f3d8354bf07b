"""The work on cases: take one in hand, code it, answer it once; killed at any step, it is taken up again."""
