"""What the running service bears: generated requests, planted words that must not come out, many clients at once."""
