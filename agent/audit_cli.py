"""`chartwright audit | payer-rules`: what somebody else submitted, and what a payer asks for."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from agent import show_audit
from agent.audit import Audited, audit, submitted_codes
from agent.books import open_books
from agent.bootstrap import build_pipeline
from agent.cli import (
    AgeOption,
    DosOption,
    IndexOption,
    JsonOption,
    SettingOption,
    SexOption,
    SpecialtyOption,
    closing,
    opened,
)
from agent.ingest import VisitFacts
from agent.payer_sources import load_payer_rules, payer_files, with_known_codes
from agent.settings import load_settings
from retrieval.index_folder import open_index

app = typer.Typer()


@app.command("audit")
def audit_codes(
    file: Annotated[str, typer.Argument(help="Note or JSON encounter; - reads standard input.")],
    codes: Annotated[str, typer.Option("--codes", help="Submitted codes in order: E11.9,I10@Y,hcpcs:J1885.")],
    setting: SettingOption = None,
    dos: DosOption = None,
    specialty: SpecialtyOption = None,
    age: AgeOption = None,
    sex: SexOption = None,
    as_json: JsonOption = False,
    index_dir: IndexOption = None,
) -> None:
    """Hold submitted codes against the record: supported, unsupported, more specific available, missing, in conflict.

    Behind a diagnosis of a stay stands its present-on-admission indicator, where it is to be audited too: E11.9@Y.
    Procedures and supplies name their system: hcpcs:J1885.

    Example: chartwright audit note.txt --codes E11.9,I10 --setting outpatient --dos 2026-11-02
    """
    submitted = submitted_codes(codes.split(","))
    day = dos.date() if dos else None
    facts = VisitFacts(setting=setting, date_of_service=day, specialty=specialty, age=age, sex=sex)
    settings = load_settings(index_dir=index_dir)
    encounter = opened(file, facts, settings)
    pipeline = build_pipeline(settings)
    trace = asyncio.run(closing(pipeline, pipeline.trace(encounter)))
    answer = audit(submitted, Audited(trace.result, pipeline.case(trace.prepared, trace.proposal)))
    if as_json:
        print(answer.model_dump_json())
    else:
        show_audit.audit(answer)


@app.command("payer-rules")
def payer_rules(
    files: Annotated[
        list[Path], typer.Argument(help="YAML files of payer rules, or folders of them.", metavar="FILE...")
    ],
    index_dir: IndexOption = None,
) -> None:
    """Check files of payer rules; a mistake is named with its line, an unknown code with its rule.

    Example: chartwright payer-rules lantern.yaml
    """
    paths = [path for place in files for path in payer_files(place)]
    rules = load_payer_rules(paths, named_by="the path")
    books = open_books(open_index(load_settings(index_dir=index_dir).index_dir))
    show_audit.payer_rules(with_known_codes(rules, books))
