"""`chartwright access add-key | list | revoke`: the keys that systems ask with."""

from __future__ import annotations

import getpass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from agent import show
from agent.access.key_book import KeyBook
from agent.access.keys import AccessKey
from agent.bootstrap import build_store
from agent.settings import load_settings
from medcoding.access import LOCAL_TENANT, Actor, Role

app = typer.Typer(no_args_is_help=True, help="Keep the keys that systems and people without a log-in ask with.")

TenantOption = Annotated[str, typer.Option("--tenant", help="Whose keys.")]


@app.command("add-key")
def add_key(
    name: Annotated[str, typer.Argument(help="Who asks with it: a system or a person.", metavar="NAME")],
    role: Annotated[list[Role], typer.Option("--role", help="What they are; may be given several times.")],
    tenant: TenantOption = LOCAL_TENANT,
    days: Annotated[int | None, typer.Option("--days", min=1, help="Days until it ends; never when left out.")] = None,
) -> None:
    """Make a key and print it, once. Only its digest is kept.

    Example: chartwright access add-key ehr-gateway --role system --tenant north --days 365
    """
    expires = datetime.now(UTC) + timedelta(days=days) if days else None
    made = _book().add(_operator(tenant), Actor(id=name, tenant=tenant, roles=frozenset(role)), expires)
    print(made.secret)
    show.note(f"Key {made.kept.id} for {name} of {tenant}; it is shown this once, and not kept.")


@app.command("list")
def list_keys(tenant: TenantOption = LOCAL_TENANT) -> None:
    """List a tenant's keys, revoked ones too."""
    for key in _book().keys(_operator(tenant)):
        roles, made = ",".join(sorted(key.roles)), f"made {key.created:%Y-%m-%d}"
        print("  ".join(part for part in (key.id, key.actor_id, roles, made, _end(key)) if part))


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(help="Id of the key, as `access list` shows it.")],
    tenant: TenantOption = LOCAL_TENANT,
) -> None:
    """End a key at once."""
    _book().revoke(_operator(tenant), key)
    show.note(f"Key {key} opens nothing any more.")


def _end(key: AccessKey) -> str:
    if key.revoked:
        return f"revoked {key.revoked:%Y-%m-%d}"
    return f"until {key.expires:%Y-%m-%d}" if key.expires else ""


def _book() -> KeyBook:
    return KeyBook(build_store(load_settings(), show.note).ledger)


def _operator(tenant: str) -> Actor:
    return Actor(id=f"operator:{getpass.getuser()}", tenant=tenant, roles=frozenset({Role.ADMINISTRATOR}))
