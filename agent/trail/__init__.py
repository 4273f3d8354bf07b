"""The audit trail as pure data: canonical JSON, a signed hash chain a tenant, heads, verification. No SQL."""
