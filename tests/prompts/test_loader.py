"""Behaviour of the prompt loader, and the promise that a released prompt never changes."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import UndefinedError

from medcoding.errors import ConfigError, IntegrityError
from prompts.loader import PROMPTS_FOLDER, load_prompt, released_digests

VERSIONS = sorted((path.parent.name, path.stem) for path in PROMPTS_FOLDER.glob("*/v*.toml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with one unreleased prompt, `greet` v1."""
    (tmp_path / "greet").mkdir()
    (tmp_path / "greet" / "v1.md.j2").write_text(
        "{% block system %}\nBe kind.\n{% endblock %}\n{% block mention %}\nGreet {{ who }}.\n{% endblock %}\n"
    )
    (tmp_path / "greet" / "v1.toml").write_text('description = "Greets."\nparts = ["system", "mention"]\n')
    (tmp_path / "released.toml").write_text("[greet]\n")
    return tmp_path


def test_every_prompt_in_the_tree_loads() -> None:
    """Each version has both its files, parses, and has the parts it says it has."""
    assert ("verify", "v1") in VERSIONS
    for name, version in VERSIONS:
        prompt = load_prompt(name, version)
        assert set(prompt.parts) == set(prompt._compiled.blocks)


def test_every_released_digest_still_holds() -> None:
    """A prompt on the list of released ones loads, which includes the comparison of its digest."""
    for name, versions in released_digests().items():
        for version, digest in versions.items():
            assert load_prompt(name, version).digest == digest


@pytest.mark.parametrize("changed", ["v1.md.j2", "v1.toml"])
def test_a_released_prompt_that_was_changed_is_refused(folder: Path, changed: str) -> None:
    """One character more in either file of a released version is an integrity error."""
    digest = load_prompt("greet", "v1", folder).digest
    (folder / "released.toml").write_text(f'[greet]\nv1 = "{digest}"\n')
    assert load_prompt("greet", "v1", folder).digest == digest
    with (folder / "greet" / changed).open("a") as file:
        file.write("# \n")
    with pytest.raises(IntegrityError, match="greet v1"):
        load_prompt("greet", "v1", folder)


def test_a_missing_list_of_released_prompts_is_refused(folder: Path) -> None:
    """Without the list nothing could be checked, so nothing is loaded."""
    (folder / "released.toml").unlink()
    with pytest.raises(IntegrityError, match=r"released\.toml"):
        load_prompt("greet", "v1", folder)


@pytest.mark.parametrize(("name", "version"), [("greet", "v2"), ("../greet", "v1"), ("greet", "../greet/v1"), ("", "")])
def test_an_unknown_or_crooked_name_is_the_operators_error(folder: Path, name: str, version: str) -> None:
    """A prompt that does not exist, or a name that would leave the folder, is a configuration error."""
    with pytest.raises(ConfigError, match="no prompt"):
        load_prompt(name, version, folder)


def test_parts_and_whole_render(folder: Path) -> None:
    """A part needs only its own values; the whole is its parts in order."""
    prompt = load_prompt("greet", "v1", folder)
    assert prompt.render_part("system") == "Be kind.\n"
    assert prompt.render(who="Ada") == "Be kind.\nGreet Ada.\n"


def test_a_missing_value_is_refused(folder: Path) -> None:
    """Nothing is ever rendered as an empty hole."""
    with pytest.raises(UndefinedError, match="who"):
        load_prompt("greet", "v1", folder).render()


def test_values_are_not_templates(folder: Path) -> None:
    """Braces inside a value are text."""
    assert "{{ 7 * 7 }}" in load_prompt("greet", "v1", folder).render(who="{{ 7 * 7 }}")


def test_a_prompt_is_frozen(folder: Path) -> None:
    """A loaded prompt cannot be altered."""
    prompt = load_prompt("greet", "v1", folder)
    with pytest.raises(ValueError, match="frozen"):
        prompt.digest = "0"  # type: ignore[misc] # the point of the test
