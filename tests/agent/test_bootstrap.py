"""The one place where parts are made, and the stamp of what they were made from."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from agent.bootstrap import build_pipeline
from agent.llm import LlmSettings
from agent.route import RoutingSettings
from agent.settings import Settings
from medcoding.errors import ConfigError, DependencyError, IntegrityError
from medcoding.result import Stamp
from tests.fakes import ScriptedLLM


def stamp(settings: Settings, *, scripted: bool = False, **changes: Any) -> Stamp:
    """The stamp of a pipeline with some settings changed."""
    llm = ScriptedLLM(lambda _: {}) if scripted else None
    return build_pipeline(settings.model_copy(update=changes), llm).parts.stamp


@pytest.fixture(scope="module")
def shipped(settings: Settings) -> Stamp:
    """The stamp of the settings as they are."""
    return stamp(settings)


def differing(one: Stamp, other: Stamp) -> set[str]:
    """Fields of the stamp that differ."""
    return {name for name in Stamp.model_fields if getattr(one, name) != getattr(other, name)}


def test_the_same_settings_make_the_same_stamp(settings: Settings, shipped: Stamp) -> None:
    """Twice built, once stamped; every field says something."""
    assert stamp(settings) == shipped
    assert all(shipped.model_dump().values())


@pytest.mark.parametrize(
    "changes",
    [{"routing": RoutingSettings(auto_bar=0.99)}, {"llm": LlmSettings(temperature=0.5)}],
)
def test_a_changed_setting_shows_in_the_stamp(changes: dict[str, Any], settings: Settings, shipped: Stamp) -> None:
    """In its own field and nowhere else."""
    assert differing(stamp(settings, **changes), shipped) == {"settings"}


@pytest.mark.parametrize("changes", [{"secret": SecretStr("one installation")}, {"index_dir": None}])
def test_what_is_only_this_machines_does_not_show(
    changes: dict[str, Any], settings: Settings, shipped: Stamp, tmp_path: Path
) -> None:
    """The installation's secret and where the index lies change no answer, so two machines can share a stamp."""
    if "index_dir" in changes:
        (tmp_path / "current").symlink_to((settings.index_dir / "current").resolve())
        changes = {"index_dir": tmp_path}
    assert stamp(settings, **changes) == shipped


def test_the_model_shows_in_the_stamp(settings: Settings, shipped: Stamp) -> None:
    """By its name, with the digest of the prompt it is asked with; without a model no prompt plays a part."""
    with_model = stamp(settings, scripted=True)
    assert differing(with_model, shipped) == {"model", "prompt"}
    assert (shipped.model, with_model.model) == ("none", "scripted")
    assert shipped.prompt == "none"


def test_the_prompt_shows_in_the_stamp(settings: Settings) -> None:
    """Its digest is the released one's, cut short."""
    pipeline = build_pipeline(settings, ScriptedLLM(lambda _: {}))
    assert pipeline.parts.model is not None
    assert pipeline.parts.model.prompt.digest.startswith(pipeline.parts.stamp.prompt)


def test_an_unknown_prompt_version_is_the_operators_to_mend(settings: Settings) -> None:
    """A setting that names nothing is refused at the start, not at the first encounter."""
    with pytest.raises(ConfigError):
        stamp(settings, scripted=True, verify_prompt="v999")


def test_an_empty_secret_is_none(settings: Settings) -> None:
    """Nothing can be derived from nothing, so a fresh one is made for the process."""
    empty = settings.model_copy(update={"secret": SecretStr("")})
    model = build_pipeline(empty, ScriptedLLM(lambda _: {})).parts.model
    assert model is not None
    assert len(model.secret) == 32


def test_without_an_index_nothing_starts(settings: Settings, tmp_path: Path) -> None:
    """The mend is the command that builds it."""
    with pytest.raises(DependencyError, match="chartwright index build"):
        stamp(settings, index_dir=tmp_path)


def test_a_damaged_index_is_refused(settings: Settings, tmp_path: Path) -> None:
    """A part of another size than its manifest says."""
    folder = tmp_path / "current"
    folder.mkdir()
    for part in (settings.index_dir / "current").resolve().iterdir():
        (folder / part.name).symlink_to(part)
    (folder / "dictionary.json").unlink()
    (folder / "dictionary.json").write_bytes(b"[]")
    with pytest.raises(IntegrityError, match=r"dictionary\.json"):
        stamp(settings, index_dir=tmp_path)
