"""The flow from encounter to rationale, and its delivery."""
