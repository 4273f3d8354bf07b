"""The annotated sentences that ship, and what is refused as one."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from agent.pipeline import Pipeline
from evals.annotated_sentences import AnnotatedSentence, MarkedWords, load_sentences, placed
from evals.mention_suite import product_reader
from evals.suites import suite_names
from medcoding.chart import SectionKind
from medcoding.errors import InputError
from medcoding.mention import Assertion, MentionKind
from tests.evals.annotated import marked, sentence

PARTS = ("development", "held_out")
LIKE = 0.5
"""Share of words that two sentences have in common."""


UNANNOTATED = {SectionKind.SIGNATURE, SectionKind.DIFFERENTIAL}
"""Signatures are not read; a differential is annotated as the assessment it stands in."""


@pytest.fixture(scope="module")
def suite() -> dict[str, tuple[AnnotatedSentence, ...]]:
    """Both parts; reading one checks that every marked span and every attribute word stands in its sentence."""
    return {part: load_sentences(part) for part in PARTS}


def test_there_are_enough_and_each_has_its_own_id(suite: dict[str, tuple[AnnotatedSentence, ...]]) -> None:
    """At least 270 in each part and 500 in all; no id and no sentence stands twice."""
    every = [s for part in suite.values() for s in part]
    assert min(map(len, suite.values())) >= 270
    assert len(every) >= 500
    assert max(Counter(s.id for s in every).values()) == 1
    assert max(Counter(" ".join(s.text.lower().split()) for s in every).values()) == 1


def test_the_parts_do_not_resemble_each_other(suite: dict[str, tuple[AnnotatedSentence, ...]]) -> None:
    """The held-out part is only ever scored: none of its sentences is a development sentence in other words."""
    first, second = ([_words(s.text) for s in suite[part]] for part in PARTS)
    alike = [(one, two) for one in first for two in second if len(one & two) >= LIKE * len(one | two)]
    assert alike == []


def test_every_kind_of_everything_is_in_both_parts(suite: dict[str, tuple[AnnotatedSentence, ...]]) -> None:
    """A figure by kind, assertion or section needs some of each."""
    for part in suite.values():
        mentions = [m for s in part for m in s.mentions]
        assert {m.kind for m in mentions} == set(MentionKind)
        assert {m.assertion for m in mentions} == set(Assertion)
        assert {m.laterality for m in mentions} == {None, "left", "right", "bilateral"}
        assert {m.episode for m in mentions} == {None, "initial", "subsequent", "sequela"}
        assert {s.section for s in part} == set(SectionKind) - UNANNOTATED


def test_marked_words_of_one_sentence_do_not_overlap(suite: dict[str, tuple[AnnotatedSentence, ...]]) -> None:
    """Nested names are one mention or the other."""
    for one in (s for part in suite.values() for s in part):
        spans = sorted((w.span_in(one.text) for w in (*one.mentions, *one.either)), key=lambda s: s.start)
        assert all(a.end <= b.start for a, b in pairwise(spans)), one.id


def test_each_is_read_in_a_section_of_its_kind(pipeline: Pipeline) -> None:
    """The heading over a sentence opens the section that is annotated, for every kind of section."""
    read = product_reader(pipeline.parts)
    for kind in set(SectionKind) - UNANNOTATED:
        encounter, span = placed(sentence("Gout of the left great toe.", section=kind))
        assert span.of(encounter.documents[0].text) == "Gout of the left great toe."
        assert {s.section for s in read(encounter).chart.sentences} == {kind}


def test_the_setting_and_what_stands_before_are_part_of_the_document() -> None:
    """What a reader needs to know goes along."""
    encounter, span = placed(sentence("Stable.", age=7, sex="F", setting="ed", note_before="Asthma:"))
    assert encounter.documents[0].text == "ASSESSMENT:\nAsthma:\nStable.\n"
    assert (span.start, encounter.patient.age, encounter.setting) == (20, 7, "ed")


def test_the_second_occurrence_is_the_second() -> None:
    """The same letters may mean two things in one line."""
    assert MarkedWords(text="PE", occurrence=2).span_in("PE: normal. A: PE, subacute").start == 15
    with pytest.raises(ValueError, match="do not stand"):
        MarkedWords(text="PE", occurrence=2).span_in("PE: normal")


@pytest.mark.parametrize(
    "wrong",
    [
        {"mentions": [marked("gout flare")]},
        {"mentions": [marked("Gout", attributes={"severity": "severe"})]},
        {"mentions": [marked("Gout", Assertion.FAMILY)]},
        {"mentions": [], "either": [MarkedWords(text="podagra")]},
    ],
)
def test_an_annotation_that_does_not_fit_is_refused(wrong: dict[str, Any]) -> None:
    """Words that are not there, an attribute that nobody wrote, a relative's illness of the patient."""
    with pytest.raises(ValidationError):
        sentence("Gout, acute.", **wrong)


def test_a_part_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """By name, with those that are."""
    with pytest.raises(InputError, match=r"no part train; name one of their parts \(development, held_out\)"):
        load_sentences("train")
    with pytest.raises(InputError, match="none"):
        load_sentences("development", tmp_path)


def test_sentences_and_wordings_are_no_suites_of_encounters() -> None:
    """They lie in the same folder and are read by other modules."""
    assert not {"sentences", "shorthand"} & set(suite_names())


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"\w+", text.lower()))
