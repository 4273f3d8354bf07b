from __future__ import annotations

import pytest

from retrieval.sparse import Bm25Encoder


@pytest.fixture(scope="module")
def encoder() -> Bm25Encoder:
    """The lexical encoder."""
    return Bm25Encoder()


def test_endings_and_stop_words_make_no_difference(encoder: Bm25Encoder) -> None:
    """English stems; `of the` weighs nothing; the order of words does not matter."""
    one, other = encoder.query("fractures of the tibia"), encoder.query("tibia fracture")
    assert dict(zip(*one, strict=True)) == dict(zip(*other, strict=True))
    assert len(one.indices) == 2


def test_a_query_word_counts_once(encoder: Bm25Encoder) -> None:
    """Repeating oneself does not make a question weigh more; in a document it does."""
    assert set(encoder.query("pain pain pain").values) == set(encoder.query("pain").values) == {1.0}
    assert max(encoder.document("pain pain hip").values) > max(encoder.document("pain knee hip").values)


def test_a_longer_text_weighs_its_words_less(encoder: Bm25Encoder) -> None:
    """BM25's length normalisation."""
    short, long = encoder.document("gout"), encoder.document("gout " + " ".join(f"word{n}" for n in range(30)))
    weight = dict(zip(*short, strict=True))[short.indices[0]]
    assert dict(zip(*long, strict=True))[short.indices[0]] < weight


def test_nothing_to_say_is_an_empty_vector(encoder: Bm25Encoder) -> None:
    """Stop words and punctuation alone hold no terms."""
    assert encoder.query("") == encoder.query("of the ...") == ((), ())
