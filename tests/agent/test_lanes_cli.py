"""`chartwright lanes` and `chartwright parallel` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent import lanes_cli, parallel_cli
from medcoding.errors import InputError


@pytest.fixture
def installed(index_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installation whose lanes are kept in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CHARTWRIGHT_INDEX_DIR", str(index_dir))
    monkeypatch.setenv("CHARTWRIGHT_LANES__FILE", str(tmp_path / "lanes.jsonl"))
    return tmp_path


def lanes(*typed: str) -> str:
    """What the command says; its errors come through."""
    answered = CliRunner().invoke(lanes_cli.app, list(typed))
    if answered.exception and not isinstance(answered.exception, SystemExit):
        raise answered.exception
    return answered.output


def test_a_lane_is_enabled_audited_and_shown(installed: Path) -> None:
    """Status says what was audited and what a sample would show; a file of outcomes counts like single ones."""
    lanes("enable", "Cardiology", "--by", "coder-7", "--edition", "FY2027")
    lanes("audit", "cardiology", "--by", "c8", "--case", "v1", "--code", "i480", "--right", "--edition", "FY2027")
    file = installed / "audits.jsonl"
    file.write_text('{"case_id": "v2", "code": "I10", "right": false}\n', encoding="utf-8")
    lanes("audit", "cardiology", "--by", "c8", "--file", str(file), "--edition", "FY2027")
    (state,) = json.loads(lanes("status", "--edition", "FY2027", "--json"))
    assert (state["phase"], state["audited"], state["errors"]) == ("collecting", 2, 1)
    shown = lanes("status", "--edition", "FY2027")
    for part in ("cardiology", "collecting", "59", "93", "181"):
        assert part in shown


def test_half_an_audit_is_refused(installed: Path) -> None:
    """So is one for a lane that nobody enabled, and an edition that is not loaded."""
    with pytest.raises(InputError, match="--case, --code and --right"):
        lanes("audit", "cardiology", "--by", "c8", "--case", "v1")
    with pytest.raises(InputError, match="enable it"):
        lanes("audit", "cardiology", "--by", "c8", "--case", "v1", "--code", "I10", "--wrong")
    with pytest.raises(InputError, match="FY2026, FY2027"):
        lanes("status", "--edition", "FY1999")


def test_two_editions_side_by_side(installed: Path) -> None:
    """One note under both: totals on the screen, the report as JSON, a page on request."""
    (installed / "note.txt").write_text("Assessment: Dilated cardiomyopathy.", encoding="utf-8")
    visit = ["note.txt", "--setting", "outpatient", "--dos", "2026-11-02"]
    both = [*visit, "--editions", "FY2026,FY2027"]
    answered = CliRunner().invoke(parallel_cli.app, [*both, "--json", "--html", "p.html"])
    report = json.loads(answered.stdout.splitlines()[-1])
    assert (report["encounters"], report["names"]) == (1, ["FY2026", "FY2027"])
    assert "FY2027" in (installed / "p.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "typed", [[], ["--editions", "FY2026"], ["--editions", "FY2026,FY2027", "--models", "rules,mini"]]
)
def test_a_parallel_run_compares_two(installed: Path, typed: list[str]) -> None:
    """Not one, not four, and not nothing."""
    answered = CliRunner().invoke(parallel_cli.app, ["note.txt", *typed])
    assert isinstance(answered.exception, InputError)
