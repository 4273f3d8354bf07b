"""The tokenizer: every text comes back, a number is one token, and roles cannot be written in a note."""

from __future__ import annotations

import pytest
from jinja2 import Environment
from tokenizers import Tokenizer

from tests.training.mini.small_model import small_tokenizer
from training.mini.tokens import CHAT_TEMPLATE, SPECIAL, chat, starting_vectors


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    """One for all tests."""
    return small_tokenizer()


@pytest.mark.parametrize("text", ["Gout, left #12\n", "T 38,5 °C – größer als 0.5 µg", "日本", "\t  a  \n\n b"])
def test_every_text_comes_back(tokenizer: Tokenizer, text: str) -> None:
    """Byte-level: nothing is unknown, nothing is tidied up."""
    assert tokenizer.decode(tokenizer.encode(text).ids, skip_special_tokens=False) == text


@pytest.mark.parametrize("number", ["1", "9", "10", "12", "47", "99"])
def test_a_number_is_the_same_token_wherever_it_stands(tokenizer: Tokenizer, number: str) -> None:
    """After the mark in the list and between the quotation marks of the answer."""
    (alone,) = tokenizer.encode(number).ids
    assert alone in tokenizer.encode(f"Gout of knee #{number}\n").ids
    assert alone in tokenizer.encode(f'"choice":"{number}"}}').ids


def test_the_chat_template_lays_messages_out_as_learned() -> None:
    """What a server renders is what the lessons hold."""
    messages = [{"role": "system", "content": "S"}, {"role": "user", "content": "U\n"}]
    rendered = (
        Environment(autoescape=False).from_string(CHAT_TEMPLATE).render(messages=messages, add_generation_prompt=True)
    )
    assert rendered == chat("S", "U\n")


def test_roles_are_single_tokens(tokenizer: Tokenizer) -> None:
    """Each of them, and none of them is made up of pieces."""
    for token in SPECIAL:
        assert tokenizer.encode(token).tokens == [token]


def test_words_of_like_meaning_begin_side_by_side(tokenizer: Tokenizer) -> None:
    """Case and a space before make no difference to where a word starts."""
    vectors = starting_vectors(tokenizer, 32, seed=1)
    known = tokenizer.get_vocab()
    pairs = [(known[f"Ġ{word}"], known[word]) for word in ("Gout", "left") if f"Ġ{word}" in known and word in known]
    for first, second in pairs:
        near = float(vectors[first] @ vectors[second] / (vectors[first] @ vectors[first]) ** 0.5)
        assert near / (vectors[second] @ vectors[second]) ** 0.5 > 0.8
    assert vectors.shape == (tokenizer.get_vocab_size(), 32)
