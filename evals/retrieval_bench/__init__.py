"""Recall of candidates on wordings that were held out by concept: the ways to search, the peers, the learned parts."""
