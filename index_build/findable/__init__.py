"""What can be found: wordings, guideline passages, past encounters, and the collections that hold them."""
