"""How it is found out who asks."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from medcoding.access import LOCAL_TENANT, TenantName

Algorithm = Literal["RS256", "ES256", "EdDSA"]


class AccessSettings(BaseModel):
    """Who may ask, and how they prove who they are."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    mode: Literal["local", "guarded"] = "local"
    """`local`: one user with every role and no proof, not for production. `guarded`: a key or a token, always."""
    local_tenant: TenantName = LOCAL_TENANT
    """Tenant of the local user."""
    issuer: str | None = None
    """Issuer of the tokens that people bring (OIDC); None takes API keys only."""
    audience: str = "chartwright"
    """Audience that a token must name."""
    jwks: str | None = None
    """Public keys of the issuer: a JSON file, or a URL on loopback or on a host of the list below."""
    jwks_hosts: tuple[str, ...] = ()
    """Hosts that public keys may be fetched from, by https."""
    jwks_refresh_s: float = Field(default=300.0, gt=0)
    """Longest age of fetched keys; a token that names an unknown key fetches them again once a minute at most."""
    algorithms: tuple[Algorithm, ...] = ("RS256", "ES256", "EdDSA")
    """Signatures that are taken."""
    leeway_s: float = Field(default=30.0, ge=0, le=300)
    """How far the clocks may be apart."""
    tenant_claim: str = "tenant"
    """Claim that names the tenant."""
    roles_claim: str = "roles"
    """Claim that lists the roles; a dot leads into an object (`realm_access.roles`)."""
    role_names: dict[str, str] = Field(default_factory=dict)
    """The issuer's names for our roles, for instance `{"HIM-Coder": "coder"}`; our own names always count."""
    idle_s: float = Field(default=900.0, gt=0)
    """A session on the pages ends after so long without a request."""
    session_s: float = Field(default=28_800.0, gt=0)
    """A session on the pages ends after so long in any case."""
    break_glass_s: float = Field(default=3_600.0, gt=0)
    """How long broken glass stays open for the one who broke it."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.issuer is None) != (self.jwks is None):
            raise ValueError("issuer and jwks go together; set both or neither")
        if self.issuer and self.mode == "local":
            raise ValueError("an issuer is set and the mode is local, which asks nobody; set the mode to guarded")
        if not self.algorithms:
            raise ValueError("no algorithm is left; name at least one")
        return self
