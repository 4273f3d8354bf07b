"""`chartwright review figures | export`: what supervisors read, and attested cases for the past encounters."""

from __future__ import annotations

import getpass
from pathlib import Path
from typing import Annotated

import typer

from agent import show
from agent.bootstrap import build_store
from agent.review.figures import supervision
from agent.review.past_cases import attested_cases
from agent.review.supervised import reviewed_cases
from agent.settings import load_settings
from medcoding.access import LOCAL_TENANT, Actor, Role
from medcoding.errors import InputError

app = typer.Typer(no_args_is_help=True, help="What became of reviews.")

TenantOption = Annotated[str, typer.Option("--tenant", help="Whose reviews.")]


@app.command()
def figures(tenant: TenantOption = LOCAL_TENANT) -> None:
    """Print agreement, override rules, outliers and what became of controls, as JSON."""
    with build_store(load_settings(), show.note).reading(_operator(tenant)) as reading:
        print(supervision(reviewed_cases(reading)).model_dump_json(indent=2))


@app.command()
def export(
    target: Annotated[Path, typer.Argument(help="JSON lines to write; it must not exist.", metavar="FILE")],
    tenant: TenantOption = LOCAL_TENANT,
) -> None:
    """Write a tenant's attested cases as coded encounters, which `chartwright index` takes as past encounters.

    The tenant must have chosen so: CHARTWRIGHT_REVIEW__PAST_ENCOUNTER_TENANTS. The file holds note text.
    """
    settings = load_settings()
    if tenant not in settings.review.past_encounter_tenants:
        raise InputError(f"{tenant} has not chosen so; name it in CHARTWRIGHT_REVIEW__PAST_ENCOUNTER_TENANTS.")
    store = build_store(settings, show.note)
    try:
        with target.open("x", encoding="utf-8") as lines:
            target.chmod(0o600)
            written = sum(
                lines.write(f"{case.model_dump_json()}\n") > 0 for case in attested_cases(store, _operator(tenant))
            )
    except OSError as error:
        raise InputError(f"{target} cannot be written ({error.strerror}); name a file that does not exist.") from None
    show.note(f"{written} attested cases written to {target}; it holds note text, keep it where notes are kept.")


def _operator(tenant: str) -> Actor:
    return Actor(id=f"operator:{getpass.getuser()}", tenant=tenant, roles=frozenset({Role.ADMINISTRATOR}))
