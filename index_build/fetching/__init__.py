"""Official files from their publishers, checked and with their provenance."""
