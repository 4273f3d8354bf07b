"""Recipes for what is trained: each one a module, its data from the product's own sources, its result in `models/`."""
