"""Settings for one answerer alone, by the name a person gives it: `rules`, `encoder`, `mini`, a served model."""

from __future__ import annotations

from typing import Final

from agent.routine import FastPathMode
from agent.settings import Settings

BY_RULES: Final = "rules"
BY_ENCODER: Final = "encoder"


def answering_as(settings: Settings, name: str) -> Settings:
    """The settings under which that answerer answers, and no other beside the rules."""
    bare = settings.llm.model_copy(update={"base_url": None, "model": None})
    mode = FastPathMode.ALWAYS if name == BY_ENCODER else FastPathMode.OFF
    llm = bare if name in {BY_RULES, BY_ENCODER} else settings.llm.model_copy(update={"model": name})
    fast_path = settings.fast_path.model_copy(update={"mode": mode})
    return settings.model_copy(update={"llm": llm, "fast_path": fast_path})
