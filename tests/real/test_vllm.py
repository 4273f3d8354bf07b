"""The verify step against a real vLLM: grammar, logprobs, prefix cache, tenants, and a server that dies."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Any

import httpx
import pytest

from agent.llm import Answer, AnswerT, LlmSettings, Message
from agent.questions import Model, Offer
from agent.verify import Verification, verify
from agent.vllm import VllmLLM
from medcoding.candidate import MentionCandidates, Retrieved
from medcoding.errors import DependencyError
from medcoding.proposal import NotCodedReason
from prompts.loader import load_prompt
from tests.charts import book, candidates, chart, mention
from tests.real.server import VllmServer

pytestmark = [pytest.mark.real, pytest.mark.timeout(400)]  # starting a server may take minutes on a busy machine

PROMPT = load_prompt("verify", "v1")
SECRET = b"installation secret"
GOUT = ("M10.062", "M10.9", "M10.061")
PRESSURE = ("I10", "I11.9")


@pytest.fixture
async def llm(vllm_server: VllmServer) -> AsyncIterator[VllmLLM]:
    """A client of the session's server that asks it which model it has."""
    client = VllmLLM(LlmSettings(base_url=vllm_server.base_url))
    yield client
    await client.aclose()


def retrieved(*offers: Sequence[str]) -> Retrieved:
    """Candidates for mentions 1, 2, …"""
    return Retrieved(
        candidates=tuple(
            MentionCandidates(mention_id=number, candidates=candidates(*codes))
            for number, codes in enumerate(offers, start=1)
        )
    )


async def run(llm: Any, *offers: Sequence[str], **about: Any) -> Verification:
    """Verify as many mentions as there are offers on a small chart."""
    mentions = [mention(number, "Gout", 2) for number in range(1, len(offers) + 1)]
    offer = Offer(chart(**about), mentions, retrieved(*offers), book())
    return await verify(offer, Model(llm, PROMPT, SECRET))


async def test_only_what_was_offered_comes_back(llm: VllmLLM) -> None:
    """Every choice is an offered code or none, on sentences that exist, with usage and a measured probability."""
    result = await run(llm, GOUT, PRESSURE, GOUT, ("E11.9",))
    assert result.failures == {}
    assert [choice.mention_id for choice in result.choices] == [1, 2, 3, 4]
    for choice, offer in zip(result.choices, (GOUT, PRESSURE, GOUT, ("E11.9",)), strict=True):
        assert choice.code in {None, *offer}
        assert (choice.code is None) == (choice.declined_as is NotCodedReason.DECLINED)
        assert set(choice.evidence_sentences) <= {1, 2, 3}
        assert choice.signals.choice_probability is not None
        assert 0 < choice.signals.choice_probability == choice.strength <= 1
    assert llm.name == "tiny"
    assert result.usage.tokens_in > 1000
    assert result.usage.tokens_out > 0


async def test_the_probabilities_of_an_answer_are_those_of_a_distribution(llm: VllmLLM) -> None:
    """With few ids the model cannot be sure of each: the probability is below 1 and the margin below it."""
    (choice,) = (await run(llm, GOUT)).choices
    probability, margin = choice.signals.choice_probability, choice.signals.margin
    assert probability is not None
    assert margin is not None
    assert 0 < probability < 1
    assert -1 <= margin < probability


async def test_the_same_encounter_gets_the_same_answer(llm: VllmLLM) -> None:
    """Temperature 0, a fixed seed and a derived delimiter: asked again, the answer is the same."""
    first, second = await run(llm, GOUT, PRESSURE), await run(llm, GOUT, PRESSURE)
    assert [(c.code, c.evidence_sentences, c.reason) for c in first.choices] == [
        (c.code, c.evidence_sentences, c.reason) for c in second.choices
    ]


async def test_the_second_question_finds_its_prefix_computed(llm: VllmLLM) -> None:
    """A new encounter of a tenant finds the instructions in the cache, the same encounter nearly everything."""
    await run(llm, GOUT, case_id="cache-1", tenant="north")
    other = await run(llm, GOUT, case_id="cache-2", tenant="north")
    again = await run(llm, PRESSURE, case_id="cache-2", tenant="north")
    assert 0 < other.usage.tokens_cached < again.usage.tokens_cached < again.usage.tokens_in


async def test_tenants_share_no_cache(llm: VllmLLM) -> None:
    """Another tenant's first question finds nothing computed, not even the instructions."""
    await run(llm, GOUT, case_id="salt-1", tenant="east")
    other = await run(llm, GOUT, case_id="salt-2", tenant="west")
    assert other.usage.tokens_cached == 0


async def test_sixty_candidates_are_one_grammar(llm: VllmLLM) -> None:
    """With 60 candidates and 80 sentences the grammar still holds, and is built within seconds."""
    codes = [f"S{number:02d}.9" for number in range(60)]
    begun = time.monotonic()
    result = await run(llm, codes, codes[::-1], sentences=("Gout of the left knee.",) * 80)
    assert time.monotonic() - begun < 30
    assert result.failures == {}
    assert all(choice.code in {None, *codes} for choice in result.choices)


async def test_without_the_grammar_this_model_answers_no_json(vllm_server: VllmServer) -> None:
    """The control: the model's weights are random, so it is the grammar that makes its answers fit."""
    async with httpx.AsyncClient(trust_env=False, timeout=60) as client:
        body = {"model": "tiny", "messages": [{"role": "user", "content": "Answer."}], "max_tokens": 40}
        reply = await client.post(f"{vllm_server.base_url}/chat/completions", json=body)
    assert not reply.json()["choices"][0]["message"]["content"].startswith("{")


class Killer:
    """Passes questions on, and kills the server after so many answers."""

    name = "killer"

    def __init__(self, llm: VllmLLM, server: VllmServer, after: int) -> None:
        self._llm, self._server, self._left = llm, server, after

    async def answer(
        self,
        messages: Sequence[Message],
        response_model: type[AnswerT],
        *,
        cache_salt: str | None = None,
        sample: int = 0,
    ) -> Answer[AnswerT]:
        """See `LLM.answer`."""
        answer = await self._llm.answer(messages, response_model, cache_salt=cache_salt, sample=sample)
        self._left -= 1
        if self._left == 0:
            self._server.kill()
        return answer


async def test_a_server_killed_on_the_way_is_a_bounded_failure(doomed_vllm_server: VllmServer) -> None:
    """What was answered stays, the rest fails within the bounded time, and the next encounter hears it at once."""
    total_s = 20.0
    client = VllmLLM(LlmSettings(base_url=doomed_vllm_server.base_url, timeout_s=10, total_s=total_s, concurrency=2))
    offers = [GOUT] * 30
    begun = time.monotonic()
    result = await run(Killer(client, doomed_vllm_server, after=3), *offers)
    assert 3 <= len(result.choices) <= 5
    assert len(result.choices) + len(result.failures) == len(offers)
    assert all("CHARTWRIGHT_LLM__BASE_URL" in failure for failure in result.failures.values())
    with pytest.raises(DependencyError, match="CHARTWRIGHT_LLM__BASE_URL"):
        await run(client, *offers)
    assert time.monotonic() - begun < 2 * total_s
    await client.aclose()
