"""The rule book as code: a proposal in, findings out. Pure; no model, no network."""
