"""The transport to a model in this process: transformers, with decoding held to the answer's JSON schema.

The grammar is the one that vLLM's `guidance` backend uses (llguidance, no whitespace), so an answer has the same form
from either. What two questions begin with alike is computed once, within one cache salt. One question runs at a time,
in a thread of its own; a caller that gives up stops it at the next token.

Raises `ConfigError` for a folder that holds no usable model. Importing torch and transformers takes some seconds and
happens with the first model that is opened.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from agent.instructed import InstructedLLM
from agent.llm import LlmSettings
from agent.recording import as_asked
from medcoding.errors import ConfigError, DependencyError, IntegrityError
from medcoding.record import Record
from prompts.loader import load_prompt

if TYPE_CHECKING:
    import torch
    from openai.types.chat import ChatCompletion

_MODEL_FILES: Final = ("config.json", "tokenizer.json", "model.safetensors")
MINI_FOLDER: Final = Path(__file__).resolve().parent.parent / "training" / "models" / "chartwright-mini"
_CARD: Final = "chartwright.json"
_BESIDE_THE_NOTE: Final = 1_200
"""Tokens that instructions, candidates and the answer take of a model's context."""
_ALTERNATIVES: Final = 20


class LocalModel(Record):
    """A folder with a model: `config.json`, `tokenizer.json` with a chat template, `model.safetensors`."""

    folder: Path
    name: str
    """The card's name with a digest of the weights: other weights are another model."""
    prompt: str | None = None
    """Version of the verify prompt it was trained on, and nothing else; None where it has no card of ours."""
    note_tokens: int
    """How many tokens of a record its context leaves room for."""


class _Card(Record):
    """`chartwright.json` beside the weights of a model that was trained for this product."""

    name: str
    prompt: str
    prompt_digest: str
    context_tokens: int


def local_model(settings: LlmSettings) -> LocalModel:
    """The folder that the settings name: `mini` is the model that ships.

    Raises `ConfigError` when there is no such folder, `IntegrityError` when it was trained on another prompt.
    """
    asked = settings.model or ""
    folder = MINI_FOLDER if asked == "mini" else Path(asked)
    missing = [name for name in _MODEL_FILES if not (folder / name).is_file()]
    if missing:
        raise ConfigError(
            f"There is no model '{asked}' here ({missing[0]} is missing); set CHARTWRIGHT_LLM__BASE_URL for a server's"
            " model, or name 'mini' or a folder with a model."
        )
    with (folder / _MODEL_FILES[-1]).open("rb") as weights:
        digest = hashlib.file_digest(weights, "sha256").hexdigest()[:12]
    context = int(json.loads((folder / "config.json").read_text())["max_position_embeddings"])
    if not (folder / _CARD).is_file():
        return LocalModel(folder=folder, name=f"{folder.name}@{digest}", note_tokens=_room(context))
    card = _Card.model_validate_json((folder / _CARD).read_text())
    if load_prompt("verify", card.prompt).digest != card.prompt_digest:
        raise IntegrityError(f"The model {card.name} was trained on another wording of {card.prompt}; reinstall.")
    room = _room(min(context, card.context_tokens))
    return LocalModel(folder=folder, name=f"{card.name}@{digest}", prompt=card.prompt, note_tokens=room)


def _room(context_tokens: int) -> int:
    return max(100, context_tokens - _BESIDE_THE_NOTE)


class LocalLLM(InstructedLLM):
    """A model that answers in this process, one question at a time."""

    def __init__(self, settings: LlmSettings, model: LocalModel) -> None:
        named = settings.model_copy(update={"model": model.name, "concurrency": 1})
        super().__init__(named, as_asked(_InProcess(model.folder), settings))


class _Generated(NamedTuple):
    """One token of an answer with what could have stood in its place."""

    token: int
    logprob: float
    rivals: tuple[tuple[int, float], ...] = ()


class _InProcess:
    """Implements `agent.instructed.Transport`."""

    def __init__(self, folder: Path) -> None:
        self._engine = _Engine(folder)
        self._worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="model")

    async def create(self, **request: Any) -> ChatCompletion:
        """One chat completion in the answer's schema."""
        given_up = threading.Event()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._worker, self._engine.complete, request, given_up)
        finally:
            given_up.set()

    async def model_name(self) -> str:
        """Never asked: the name is given with the folder."""
        raise DependencyError("The model in this process has no name; set CHARTWRIGHT_LLM__MODEL.")

    def fault(self, error: BaseException) -> DependencyError | None:
        """See `Transport.fault`."""
        if isinstance(error, TimeoutError):
            words = "The model in this process took too long; raise CHARTWRIGHT_LLM__TOTAL_S or use a server."
            return DependencyError(words, retryable=True)
        if isinstance(error, _TooLongError):
            return DependencyError("The note is longer than the model's context; lower CHARTWRIGHT_LLM__NOTE_TOKENS.")
        return None

    async def aclose(self) -> None:
        self._worker.shutdown(wait=False, cancel_futures=True)


class _TooLongError(Exception):
    """The prompt does not fit into the model's context."""


class _Engine:
    """Model, tokenizer and the computed prefix of the last question. Not thread-safe: one worker uses it."""

    def __init__(self, folder: Path) -> None:
        import llguidance.hf
        import transformers

        quiet: Any = transformers.utils.logging  # partly untyped
        quiet.set_verbosity_error()
        quiet.disable_progress_bar()
        tokenizers: Any = transformers.AutoTokenizer
        models: Any = transformers.AutoModelForCausalLM
        try:
            self._tokenizer = tokenizers.from_pretrained(folder, local_files_only=True)
            self._model = models.from_pretrained(folder, local_files_only=True).float()
        except (OSError, ValueError, KeyError) as error:
            raise ConfigError(f"The model in {folder} cannot be opened ({type(error).__name__}).") from None
        self._model.eval()
        self._context: int = self._model.config.max_position_embeddings
        self._vocabulary: Any = llguidance.hf.from_tokenizer(self._tokenizer, n_vocab=self._model.config.vocab_size)
        self._cached: tuple[str, list[int], Any] = ("", [], None)

    def complete(self, request: dict[str, Any], given_up: threading.Event) -> ChatCompletion:
        """Prefill and generate under the grammar of `request`'s schema."""
        import torch

        prompt = self._tokenizer.apply_chat_template(request["messages"], add_generation_prompt=True, tokenize=False)
        tokens: list[int] = self._tokenizer(prompt, add_special_tokens=False)["input_ids"]
        if len(tokens) + 1 >= self._context:
            raise _TooLongError
        longest = min(request["max_tokens"], self._context - len(tokens))
        salt = (request.get("extra_body") or {}).get("cache_salt", "")
        with torch.inference_mode():
            past, known = self._shared(tokens, salt)
            generated, stopped = self._generate(tokens, known, past, longest, request, given_up)
        _keep(past, len(tokens))
        self._cached = (salt, tokens, past)
        return self._completion(request["model"], len(tokens), known, generated, stopped)

    def _shared(self, tokens: Sequence[int], salt: str) -> tuple[Any, int]:
        """What is already computed of this prompt's beginning, and how many tokens that is."""
        import transformers

        of_salt, before, past = self._cached
        if past is None or of_salt != salt:
            return transformers.DynamicCache(), 0
        alike = next((n for n, (a, b) in enumerate(zip(before, tokens, strict=False)) if a != b), len(before))
        known = min(alike, len(tokens) - 1)
        _keep(past, known)
        return past, known

    def _generate(
        self,
        tokens: list[int],
        known: int,
        past: Any,
        longest: int,
        request: dict[str, Any],
        given_up: threading.Event,
    ) -> tuple[list[_Generated], bool]:
        """Tokens until the grammar is satisfied (True) or `longest` is reached. Forced ones are taken in one step."""
        matcher = self._matcher(request)
        chooser = _Chooser(request["temperature"], request["seed"])
        generated: list[_Generated] = []
        ahead = tokens[known:]
        while len(generated) < longest and not given_up.is_set():
            logits = self._logits(ahead, past)
            if matcher.is_accepting():
                return generated, True
            one = chooser.choose(logits, matcher.compute_logit_bias())
            matcher.consume_token(one.token)
            forced: list[int] = matcher.compute_ff_tokens()
            matcher.consume_tokens(forced)
            generated += [one, *(_Generated(token, 0.0) for token in forced)]
            ahead = [one.token, *forced]
            if matcher.is_stopped():
                return generated, True
        return generated[:longest], False

    def _matcher(self, request: dict[str, Any]) -> Any:
        from llguidance import LLMatcher

        schema = request["response_format"]["json_schema"]["schema"]
        grammar = LLMatcher.grammar_from_json_schema(schema, overrides={"whitespace_flexible": False})
        return LLMatcher(self._vocabulary, grammar, log_level=0)

    def _logits(self, tokens: list[int], past: Any) -> torch.Tensor:
        """Scores of the next token after all of `tokens`, 1-D of the vocabulary's size."""
        import torch

        logits: torch.Tensor = self._model(
            input_ids=torch.tensor([tokens]), past_key_values=past, use_cache=True, logits_to_keep=1
        ).logits[0, -1]
        return logits

    def _completion(
        self, model: str, asked: int, known: int, generated: Sequence[_Generated], stopped: bool
    ) -> ChatCompletion:
        """The answer in the form a server would send it."""
        from openai.types.chat import ChatCompletion

        content = self._text([one.token for one in generated])
        body = {
            "id": "local",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": model,
            "choices": [
                {
                    "index": 0,
                    "finish_reason": "stop" if stopped else "length",
                    "message": {"role": "assistant", "content": content},
                    "logprobs": {"content": [self._scored(one) for one in generated]},
                }
            ],
            "usage": {
                "prompt_tokens": asked,
                "completion_tokens": len(generated),
                "total_tokens": asked + len(generated),
                "prompt_tokens_details": {"cached_tokens": known},
            },
        }
        return ChatCompletion.model_validate(body)

    def _scored(self, one: _Generated) -> dict[str, Any]:
        rivals = [self._spelled(token, logprob) for token, logprob in one.rivals]
        return {**self._spelled(one.token, one.logprob), "top_logprobs": rivals}

    def _spelled(self, token: int, logprob: float) -> dict[str, Any]:
        spelled: bytes = self._vocabulary.decode_bytes([token])
        return {"token": spelled.decode(errors="replace"), "logprob": logprob, "bytes": list(spelled)}

    def _text(self, tokens: list[int]) -> str:
        """The JSON of the answer; an end-of-text token the grammar may have taken is left out."""
        text: str = self._vocabulary.decode_bytes(tokens).decode(errors="replace")
        try:
            _, end = json.JSONDecoder().raw_decode(text)
        except ValueError:
            return text
        return text[:end]


def _keep(past: Any, tokens: int) -> None:
    """Forget what was computed beyond the first tokens."""
    beyond = past.get_seq_length() - tokens
    if beyond > 0:
        past.crop(-beyond)


class _Chooser:
    """Picks one token among those the grammar allows: the likeliest, or by chance at a temperature."""

    def __init__(self, temperature: float, seed: int) -> None:
        import torch

        self._temperature = temperature
        self._chance = torch.Generator().manual_seed(seed)

    def choose(self, logits: torch.Tensor, allowed: bytes) -> _Generated:
        """The token with its natural-log probability among the allowed ones, and its strongest rivals."""
        import torch

        mask = torch.frombuffer(bytearray(allowed), dtype=torch.uint8)[: logits.shape[0]] > 0
        scores = torch.log_softmax(logits.masked_fill(~mask, float("-inf")), dim=-1)
        best = torch.topk(scores, min(_ALTERNATIVES, int(mask.sum())))
        token = int(best.indices[0])
        if self._temperature:
            token = int(torch.multinomial(torch.softmax(scores / self._temperature, -1), 1, generator=self._chance))
        rivals = tuple(self._rivals(best.values.tolist(), best.indices.tolist()))
        return _Generated(token, float(scores[token]), rivals)

    @staticmethod
    def _rivals(values: Sequence[float], tokens: Sequence[int]) -> Iterator[tuple[int, float]]:
        return ((token, value) for token, value in zip(tokens, values, strict=True))
