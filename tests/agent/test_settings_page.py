"""The settings page says what the settings are, and never a secret."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from agent.settings import load_settings
from agent.settings_page import SettingLine, main, setting_groups, settings_page

PAGE: Final = Path(__file__).parents[2] / "docs" / "settings.md"


class Inner(BaseModel):
    """Inner matters."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    password: SecretStr = SecretStr("open sesame")
    """What opens the door."""
    ratio: float = Field(default=0.5, ge=0, le=1)
    """This | that."""


class Outer(BaseModel):
    """Outer matters.

    And more that the page leaves out.
    """

    model_config = ConfigDict(use_attribute_docstrings=True)

    folder: Path | None = None
    """Where."""
    on: bool = True
    inner: Inner = Inner(ratio=0.25)


def line(variable: str) -> SettingLine:
    """The line of one variable of `Outer`."""
    return next(held for group in setting_groups(Outer, "X_") for held in group.lines if held.variable == variable)


def test_the_page_in_the_docs_is_the_page_the_settings_make() -> None:
    """`make schema` was run after the last change of a setting."""
    assert PAGE.read_text(encoding="utf-8") == settings_page()


def test_main_writes_the_page(tmp_path: Path) -> None:
    """The command writes the file it is told to."""
    main([str(tmp_path / "page.md")])
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == settings_page()


def test_main_without_a_target_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 2, as for every wrong argument."""
    with pytest.raises(SystemExit) as refusal:
        main([])
    assert refusal.value.code == 2
    assert "target" in capsys.readouterr().err


def test_an_outer_setting_has_its_type_default_and_meaning() -> None:
    """None reads as not set; a field without a docstring has an empty meaning."""
    assert line("X_FOLDER") == SettingLine("X_FOLDER", "path", "not set", "Where.")
    assert line("X_ON") == SettingLine("X_ON", "true or false", "`true`", "")


def test_a_nested_setting_carries_its_parents_name_and_the_default_of_its_parent() -> None:
    """The default is what the outer class starts from, not what the inner class would."""
    assert line("X_INNER__RATIO") == SettingLine(
        "X_INNER__RATIO", "number, at least 0, at most 1", "`0.25`", "This | that."
    )


def test_groups_say_what_they_are_for_in_one_sentence() -> None:
    """The first paragraph of the class's docstring."""
    assert [(g.title, g.about) for g in setting_groups(Outer, "X_")] == [
        ("General", "Outer matters."),
        ("`X_INNER__…`", "Inner matters."),
    ]


def test_a_secret_default_is_never_shown() -> None:
    """Not even as pydantic's row of stars."""
    assert line("X_INNER__PASSWORD").default == "not shown"


def test_a_bar_in_a_meaning_does_not_break_the_table() -> None:
    """Every row of the page has four cells."""
    rows = [row for row in settings_page().splitlines() if row.startswith("|")]
    assert all(row.replace("\\|", "").count("|") == 5 for row in rows)


def test_every_variable_on_the_page_is_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The shown names and defaults, given back through the environment, make the same settings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CHARTWRIGHT_FAST_PATH__MODE", raising=False)
    before = load_settings()
    cells = [row.split(" | ") for row in settings_page().splitlines() if row.startswith("| `")]
    shown = {row[0].strip("| `"): row[2].strip("`") for row in cells if row[2].startswith("`")}
    for variable, default in shown.items():
        monkeypatch.setenv(variable, default)
    assert "CHARTWRIGHT_LLM__TIMEOUT_S" in shown
    assert load_settings() == before
