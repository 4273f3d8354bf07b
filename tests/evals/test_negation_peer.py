"""negspacy as a peer."""

from __future__ import annotations

import importlib.util
from types import ModuleType

import pytest

from evals.negation_peer import negspacy_peer
from medcoding.errors import DependencyError
from medcoding.mention import Assertion
from tests.evals.annotated import marked, sentence

INSTALLED = importlib.util.find_spec("negspacy") is not None


def absent(name: str) -> ModuleType:
    """What importing does where the extra is not installed."""
    raise ImportError(name)


def test_without_the_extra_one_sentence_names_it() -> None:
    """Nothing else of the evaluation needs it."""
    with pytest.raises(DependencyError, match=r"run pip install 'chartwright\[peers\]'"):
        negspacy_peer(absent)


@pytest.mark.skipif(not INSTALLED, reason="the extra `peers` is not installed")
def test_it_tells_negation_of_given_spans() -> None:
    """A denied symptom and one that is not, by the spans of the annotation."""
    line = sentence("Has gout but denies chest pain.", marked("gout"), marked("chest pain", Assertion.NEGATED))
    assert negspacy_peer()(line) == (False, True)
