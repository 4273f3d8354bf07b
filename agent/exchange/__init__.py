"""FHIR R4: what other systems send becomes an encounter, and what was found becomes resources. Pure functions."""
