"""Refusals of access. No message tells whether a thing exists in another tenant.

InputError
├── UnauthenticatedError   nobody who is known asks (401)
├── ForbiddenError         somebody known asks for what their roles do not hold (403)
└── NotThereError          there is no such thing in the tenant of who asks (404)
"""

from __future__ import annotations

from medcoding.errors import InputError


class UnauthenticatedError(InputError):
    """Nobody who is known asks: no key, no token, or one that does not hold."""


class ForbiddenError(InputError):
    """Who asks is known and may not."""


class NotThereError(InputError):
    """There is no such thing in the tenant of who asks; another tenant's things are no things at all."""
