"""Measures the product; nothing in it is tuned on what is measured here."""
