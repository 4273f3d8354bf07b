"""What a run found, for people: terminal tables and one self-contained page."""
