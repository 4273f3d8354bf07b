"""The digest of the Official Guidelines and what it covers."""
