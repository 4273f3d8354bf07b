"""`chartwright trail verify | export-head`: the audit trail of the case store."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from agent import show
from agent.bootstrap import build_store
from agent.settings import load_settings
from agent.trail.heads import read_heads
from agent.trail.verify import Checked
from medcoding.errors import InputError, IntegrityError

app = typer.Typer(no_args_is_help=True, help="The audit trail: append-only, chained, signed.")

TenantOption = Annotated[str | None, typer.Option("--tenant", help="Only this tenant.")]


@app.command()
def verify(
    head: Annotated[Path | None, typer.Option("--head", help="A head exported earlier and kept elsewhere.")] = None,
    tenant: TenantOption = None,
) -> None:
    """Hold every row against the chain, its signature and an exported head. Exit code 4 names the first bad row.

    Without a head kept elsewhere, the end of a chain can be missing unseen.
    """
    exported = read_heads(head) if head else None
    store = build_store(load_settings(), show.note)
    if exported is not None and exported.public_key != store.ledger.keys.trail.public.name:
        raise IntegrityError("The head was signed by another installation's key; give back the trail key it names.")
    found = store.verify(tenant, exported)
    for name, checked in found.items():
        print(f"{name}: {_said(checked)}")
    bad = next((checked.bad for checked in found.values() if checked.bad), None)
    if bad is not None:
        raise IntegrityError(f"Row {bad.number} of tenant {bad.tenant} is {bad.why}; restore a backup and compare.")


@app.command("export-head")
def export_head(target: Annotated[Path, typer.Argument(help="File to write; keep it elsewhere.")]) -> None:
    """Write where every tenant's chain ends now, signed. Kept elsewhere, it shows later that nothing was cut off."""
    heads = build_store(load_settings(), show.note).heads()
    try:
        target.write_text(heads.model_dump_json(indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}); name another file.") from None
    show.note(f"Head of {len(heads.heads)} tenants written to {target}")


def _said(checked: Checked) -> str:
    if checked.bad is None:
        return f"{checked.rows} rows hold"
    return f"row {checked.bad.number} is {checked.bad.why}; the {checked.rows} before it hold"
