"""The pages on which a coder works: rendered on the server, every script and style from here."""
