"""What an installation has, what it lacks, and what would mend it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from agent.calibrator import load_calibrator
from agent.doctor import Check, examine
from agent.llm import LlmSettings
from agent.preflight import OUR_NAMES, refuse_clashing_distributions
from agent.settings import Settings
from medcoding.errors import ConfigError
from tests.model_server import completion, serving


def checks(settings: Settings) -> dict[str, Check]:
    """The checks by name."""
    return {check.name: check for check in examine(settings)}


def test_a_whole_installation_is_fine_without_a_model(settings: Settings) -> None:
    """Packages, index and search are there; a model server is optional, and it says how to set one."""
    found = checks(settings)
    assert {name: check.state for name, check in found.items()} == {
        "packages": "ok",
        "index": "ok",
        "search": "ok",
        "model": "absent",
        "calibrator": "ok",
    }
    assert "CHARTWRIGHT_LLM__BASE_URL" in found["model"].detail
    assert "FY2026" in found["index"].detail
    assert "384 dimensions" in found["search"].detail


def test_a_stale_calibrator_is_named_with_its_mend(settings: Settings, tmp_path: Path) -> None:
    """One that was fitted for another edition only: the doctor says which, and how to make another."""
    shipped = load_calibrator(None)
    assert shipped is not None
    other = tmp_path / "calibrator.json"
    other.write_text(shipped.model_copy(update={"editions": ("FY2020",)}).model_dump_json(), encoding="utf-8")
    found = checks(settings.model_copy(update={"calibrator": other}))["calibrator"]
    assert found.state == "absent"
    assert "FY2020, not FY2027" in found.detail
    assert "chartwright train calibrator" in found.detail


def test_each_check_stands_alone(settings: Settings, tmp_path: Path) -> None:
    """Without an index the packages are still examined, and the mend is the command that builds it."""
    found = checks(settings.model_copy(update={"index_dir": tmp_path}))
    assert found["packages"].state == "ok"
    assert found["index"].state == found["search"].state == "broken"
    assert "chartwright index build" in found["index"].detail


def test_a_changed_byte_is_found(settings: Settings, tmp_path: Path) -> None:
    """The doctor reads every byte, which the start of the product does not."""
    root = tmp_path / "index"
    others = shutil.ignore_patterns("chartwright-reader-*")
    shutil.copytree((settings.index_dir / "current").resolve(), root / "current", ignore=others)
    part = root / "current" / "dictionary.json"
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 1
    part.write_bytes(content)
    found = checks(settings.model_copy(update={"index_dir": root}))["index"]
    assert found.state == "broken"
    assert "'dictionary.json' has changed since it was built" in found.detail


def test_the_model_server_is_asked_what_it_serves(settings: Settings) -> None:
    """Name, host and whether it kept to the schema are shown."""
    with serving(completion('{"reason":"schema","choice":"7"}'), models=("coder-7b",)) as server:
        found = checks(settings.model_copy(update={"llm": LlmSettings(base_url=server.url)}))["model"]
    assert found.state == "ok"
    assert "coder-7b answers at 127.0.0.1" in found.detail
    assert "keeps to the schema" in found.detail
    assert "advice" not in found.detail


def test_a_server_that_ignores_the_schema_is_broken(settings: Settings) -> None:
    """It answers what it likes, so the mend is the server's own option."""
    with serving(completion("Once upon a time."), models=("coder-7b",)) as server:
        found = checks(settings.model_copy(update={"llm": LlmSettings(base_url=server.url)}))["model"]
    assert found.state == "broken"
    assert "--structured-outputs-config" in found.detail


def test_a_dead_model_server_is_broken_and_keeps_its_secrets(settings: Settings, dead_port: int) -> None:
    """A configured server that does not answer is a fault; credentials in its address are not shown."""
    llm = LlmSettings(base_url=f"http://user:hush@127.0.0.1:{dead_port}/v1", attempts=1, backoff_s=0)
    found = checks(settings.model_copy(update={"llm": llm}))["model"]
    assert found.state == "broken"
    assert "hush" not in found.detail


@pytest.mark.parametrize("name", OUR_NAMES)
def test_a_distribution_with_one_of_our_names_is_refused(name: str) -> None:
    """Its code would be imported in the place of ours."""
    with pytest.raises(ConfigError, match=f"'intruder' also provides the package '{name}'"):
        refuse_clashing_distributions({name: ["chartwright", "intruder"]})


@pytest.mark.parametrize("owners", [{}, {"agent": ["chartwright"]}, {"agent": ["Chartwright"]}, {"numpy": ["numpy"]}])
def test_our_own_distribution_is_welcome(owners: dict[str, list[str]]) -> None:
    """However its name is written."""
    refuse_clashing_distributions(owners)
