"""Editions: the files of official releases, and the books made from them."""
