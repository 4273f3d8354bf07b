"""All settings in one tree: the environment (`CHARTWRIGHT_LLM__BASE_URL=…`), a `.env` file, files with secrets.

With `CHARTWRIGHT_SECRETS_DIR` set, a file of that folder named like a setting (`chartwright_llm__api_key`) holds it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from agent.access.settings import AccessSettings
from agent.ingest import InputLimits
from agent.lanes import LaneSettings
from agent.llm import LlmSettings
from agent.operation.settings import OperationSettings
from agent.review.settings import ReviewSettings
from agent.route import RoutingSettings
from agent.routine import FastPathSettings
from agent.store.settings import StoreSettings
from agent.work.settings import WorkSettings
from medcoding.errors import ConfigError

_SECRETS_DIR: Final = "CHARTWRIGHT_SECRETS_DIR"


class QdrantSettings(BaseModel):
    """Where the collections are served from, when not from the index folder."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    url: str | None = None
    """Address of a Qdrant server; None opens the embedded collections of the index."""
    api_key: SecretStr | None = None
    """Key of the Qdrant server."""
    timeout_s: int = Field(default=5, gt=0)
    """Longest wait for one request."""


class Settings(BaseSettings):
    """Plain data; `agent.bootstrap` builds from it."""

    model_config = SettingsConfigDict(
        env_prefix="CHARTWRIGHT_",
        env_nested_delimiter="__",
        env_file=".env",
        dotenv_filtering="match_prefix",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    index_dir: Path = Path("var/index")
    """Folder of the index that `chartwright index build` makes."""
    secret: SecretStr | None = None
    """Installation secret, from which note delimiters and cache salts are derived; made per process when absent."""
    verify_prompt: str | None = None
    """Version of the verify prompt; None takes the one a bundled model was trained on, else the live one."""
    explain_prompt: str = "v1"
    """Live version of the prompt that puts a code's rationale into words."""
    why_prompt: str = "v1"
    """Live version of the prompt that answers a coder's question."""
    fallback: bool = True
    """Answer by rules when the model is down; false makes that an error (exit 3)."""
    payer_rules: Path | None = None
    """A file of payer rules (YAML, see docs/payer-rules.md), or a folder of such files."""
    calibrator: Path | None = None
    """File of a calibrator made with `chartwright train calibrator`; None takes the one that ships."""
    llm: LlmSettings = LlmSettings()
    limits: InputLimits = InputLimits()
    routing: RoutingSettings = RoutingSettings()
    lanes: LaneSettings = LaneSettings()
    fast_path: FastPathSettings = FastPathSettings()
    qdrant: QdrantSettings = QdrantSettings()
    store: StoreSettings = StoreSettings()
    work: WorkSettings = WorkSettings()
    access: AccessSettings = AccessSettings()
    review: ReviewSettings = ReviewSettings()
    operation: OperationSettings = OperationSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the base class passes it
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Where settings come from, the strongest first; secrets in files reach into the groups too."""
        files = NestedSecretsSettingsSource(file_secret_settings)
        return init_settings, env_settings, dotenv_settings, files


def load_settings(**overrides: Any) -> Settings:
    """Settings from the environment; arguments win. Raises `ConfigError` naming the wrong setting."""
    folder = os.environ.get(_SECRETS_DIR)
    if folder and not Path(folder).is_dir():
        raise ConfigError(f"{_SECRETS_DIR} names no folder; correct or unset it.")
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(_secrets_dir=folder or None, **given)
    except ValidationError as error:
        fault = error.errors(include_url=False, include_input=False)[0]
        name = "CHARTWRIGHT_" + "__".join(str(part).upper() for part in fault["loc"])
        raise ConfigError(f"The setting {name} is wrong: {fault['msg']}; correct or unset it.") from None
