"""Does the service keep its word? Workers and senders killed at named steps, trails tampered with."""
