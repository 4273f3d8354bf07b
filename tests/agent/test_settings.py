"""Settings are plain data from the environment."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from agent.settings import Settings, load_settings
from medcoding.errors import ConfigError


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    """An environment without any setting of ours, in a folder without `.env`."""
    for name in os.environ:
        if name.startswith("CHARTWRIGHT_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return monkeypatch


def test_the_defaults_are_safe() -> None:
    """No model server, no Qdrant server, fallback on, auto-assignment off."""
    settings = load_settings()
    assert settings.llm.base_url is None
    assert settings.qdrant.url is None
    assert settings.fallback
    assert not settings.routing.auto_assign


def test_nested_settings_come_from_the_environment(environment: pytest.MonkeyPatch) -> None:
    """Two underscores go one level down; one setting leaves its neighbours at their defaults."""
    environment.setenv("CHARTWRIGHT_LLM__BASE_URL", "http://127.0.0.1:8000/v1")
    environment.setenv("CHARTWRIGHT_LIMITS__MAX_DOCUMENTS", "7")
    environment.setenv("CHARTWRIGHT_FALLBACK", "false")
    settings = load_settings()
    assert settings.llm.base_url == "http://127.0.0.1:8000/v1"
    assert settings.llm.attempts == Settings(_env_file=None).llm.attempts
    assert settings.limits.max_documents == 7
    assert not settings.fallback


def test_a_dotenv_file_is_read_and_the_environment_wins(environment: pytest.MonkeyPatch) -> None:
    """`.env` lies where the command is run."""
    Path(".env").write_text("CHARTWRIGHT_VERIFY_PROMPT=v7\nCHARTWRIGHT_INDEX_DIR=there\n", encoding="utf-8")
    environment.setenv("CHARTWRIGHT_INDEX_DIR", "here")
    settings = load_settings()
    assert (settings.verify_prompt, settings.index_dir) == ("v7", Path("here"))


def test_arguments_win_and_none_is_no_argument(environment: pytest.MonkeyPatch) -> None:
    """An option that was not given leaves the environment's value."""
    environment.setenv("CHARTWRIGHT_INDEX_DIR", "here")
    assert load_settings(index_dir=Path("there"), fallback=None).index_dir == Path("there")
    assert load_settings(index_dir=None, fallback=False).index_dir == Path("here")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHARTWRIGHT_LLM__TIMEOUT_S", "soon"),
        ("CHARTWRIGHT_LLM__TIMEOUT_S", "0"),
        ("CHARTWRIGHT_LLM__ATTEMPTS", "0"),
        ("CHARTWRIGHT_LIMITS__MAX_BYTES", "-1"),
        ("CHARTWRIGHT_ROUTING__AUTO_BAR", "1.5"),
        ("CHARTWRIGHT_FALLBACK", "perhaps"),
        ("CHARTWRIGHT_LLM__TYPO", "x"),
    ],
)
def test_a_wrong_setting_is_named_with_its_mend(name: str, value: str, environment: pytest.MonkeyPatch) -> None:
    """One sentence for the operator: which variable, what is wrong, what to do."""
    environment.setenv(name, value)
    with pytest.raises(ConfigError) as refused:
        load_settings()
    assert str(refused.value).startswith(f"The setting {name} is wrong: ")
    assert str(refused.value).endswith("correct or unset it.")


def test_an_unknown_setting_in_a_dotenv_file_is_named() -> None:
    """A typing error is not silently ignored."""
    Path(".env").write_text("CHARTWRIGHT_INDEXDIR=there\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="The setting CHARTWRIGHT_INDEXDIR is wrong"):
        load_settings()


def test_a_dotenv_file_may_hold_the_settings_of_others() -> None:
    """Variables without our prefix belong to somebody else."""
    Path(".env").write_text("SOMEBODY=else\n", encoding="utf-8")
    assert load_settings().fallback


SECRETS = {
    "CHARTWRIGHT_SECRET": "hush-hush",
    "CHARTWRIGHT_LLM__API_KEY": "hush-llm",
    "CHARTWRIGHT_QDRANT__API_KEY": "hush-qdrant",
}


def test_secrets_are_never_printed(environment: pytest.MonkeyPatch) -> None:
    """Neither as text nor as JSON."""
    for name, value in SECRETS.items():
        environment.setenv(name, value)
    settings = load_settings()
    assert settings.secret is not None
    assert settings.secret.get_secret_value() == "hush-hush"
    for shown in (str(settings), repr(settings), settings.model_dump_json()):
        assert "hush" not in shown


def test_a_refusal_does_not_show_a_secret(environment: pytest.MonkeyPatch) -> None:
    """A wrong value beside it does not bring it out, nor does a value that is wrong itself."""
    for name, value in SECRETS.items():
        environment.setenv(name, value)
    environment.setenv("CHARTWRIGHT_LLM__TIMEOUT_S", "hush-number")
    with pytest.raises(ConfigError) as refused:
        load_settings()
    assert "hush" not in str(refused.value)


def test_settings_do_not_change() -> None:
    """Frozen, all the way down."""
    settings = load_settings()
    with pytest.raises(ValueError, match="frozen"):
        settings.__setattr__("fallback", False)
    with pytest.raises(ValueError, match="frozen"):
        settings.llm.__setattr__("model", "other")


def test_secrets_in_files_reach_into_the_groups(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As Docker and systemd hand them over; the environment wins, and files of others are passed over."""
    for name, held in (("llm__api_key", "k-1\n"), ("secret", "s-1"), ("store__url", "postgresql://db/x")):
        (tmp_path / f"chartwright_{name}").write_text(held)
    (tmp_path / "postgres_password").write_text("other")
    environment.setenv("CHARTWRIGHT_SECRETS_DIR", str(tmp_path))
    environment.setenv("CHARTWRIGHT_SECRET", "s-2")
    settings = load_settings()
    assert settings.llm.api_key is not None
    assert settings.llm.api_key.get_secret_value() == "k-1"
    assert settings.secret is not None
    assert settings.secret.get_secret_value() == "s-2"
    assert settings.store.url.get_secret_value() == "postgresql://db/x"


def test_a_folder_of_secrets_that_is_none_is_refused(environment: pytest.MonkeyPatch) -> None:
    """Starting without them would be starting with other keys."""
    environment.setenv("CHARTWRIGHT_SECRETS_DIR", "nowhere/secrets")
    with pytest.raises(ConfigError, match="CHARTWRIGHT_SECRETS_DIR names no folder"):
        load_settings()
