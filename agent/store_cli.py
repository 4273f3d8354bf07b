"""`chartwright store upgrade | keys | backup | restore | erase | retain`: keep the case store."""

from __future__ import annotations

import getpass
import sys
from pathlib import Path
from typing import Annotated

import typer

from agent import show
from agent.bootstrap import build_store
from agent.settings import load_settings
from medcoding.access import Actor, Role
from medcoding.errors import InputError

app = typer.Typer(no_args_is_help=True, help="Keep the case store: its form, its keys, backups, erasure.")

TenantOption = Annotated[str, typer.Option("--tenant", help="Whose.")]


@app.command()
def upgrade() -> None:
    """Bring the database to the form that this version reads."""
    from agent.store.engine import open_engine
    from agent.store.upgrade import upgrade as upgrade_store

    show.note(f"The case store has form {upgrade_store(open_engine(load_settings().store))}.")


@app.command()
def keys() -> None:
    """Make the master key and the trail key where they are missing."""
    from agent.store.key_files import store_keys

    made = store_keys(load_settings().store, show.note, may_make=True)
    show.note(f"The trail is signed by {made.trail.public.name}.")


@app.command()
def backup(target: Annotated[Path, typer.Argument(help="File to write; it must not exist.", metavar="FILE")]) -> None:
    """Write everything but the keys to one file, while the store is in use."""
    from agent.store.backup import back_up

    written = back_up(build_store(load_settings(), show.note), target)
    show.note(f"{written:,} bytes written to {target}; the keys are not in it, keep copies of them elsewhere.")


@app.command()
def restore(source: Annotated[Path, typer.Argument(help="File that a backup wrote.", metavar="FILE")]) -> None:
    """Bring a backup back into an empty store, and verify its trail. Exit code 4 when it does not hold."""
    from agent.store.backup import restore as bring_back

    rows = bring_back(build_store(load_settings(), show.note), source)
    show.note(f"{rows:,} rows brought back from {source}; the trail holds.")


@app.command()
def erase(
    tenant: TenantOption,
    case: Annotated[str | None, typer.Option("--case", help="Only this case, by the installation's own id.")] = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy the key of a case, or of a whole tenant: its text can never be read again. The trail stays."""
    what = f"case {case}" if case else f"everything of tenant {tenant}"
    if not yes and not sys.stdin.isatty():
        raise InputError(f"Destroying the key of {what} cannot be undone; add --yes.")
    if not yes and not typer.confirm(f"Destroy the key of {what}?"):
        raise typer.Abort
    store = build_store(load_settings(), show.note)
    if case:
        store.erase_case(_operator(tenant), case)
        show.note(f"The text of case {case} is erased.")
    else:
        show.note(f"The text of {store.erase_tenant(_operator(tenant))} cases of tenant {tenant} is erased.")


@app.command()
def retain(
    days: Annotated[
        int | None, typer.Option("--days", min=1, help="By default CHARTWRIGHT_STORE__RETENTION_DAYS.")
    ] = None,
) -> None:
    """Erase the text of cases that were done longer ago than the retention allows."""
    settings = load_settings()
    kept = days or settings.store.retention_days
    if kept is None:
        raise InputError("No retention is set; give --days or set CHARTWRIGHT_STORE__RETENTION_DAYS.")
    store = build_store(settings, show.note)
    erased = sum(store.erase_expired(_operator(name), kept) for name in store.tenants())
    show.note(f"The text of {erased} cases done more than {kept} days ago is erased.")


def _operator(tenant: str) -> Actor:
    """Whoever has the machine, as the trail names them."""
    return Actor(id=f"operator {getpass.getuser()}", tenant=tenant, roles=frozenset({Role.ADMINISTRATOR}))
