from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from index_build.embedding_cache import CachedEncoder
from index_build.knowledge import guideline_passages, past_encounter_points, past_encounters
from medcoding.candidate import GuidelinePassage
from medcoding.codebook import Codebook, Codebooks
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeRole
from medcoding.encounter import Setting
from retrieval.encoder import DIMENSIONS
from retrieval.store import FloatVector

OPEN_RANGE_ENDS = {"U00", "U85"}
"""Ends of chapter ranges that no category carries."""


@pytest.fixture(scope="module")
def passages() -> tuple[GuidelinePassage, ...]:
    """The shipped digest."""
    return guideline_passages()


@pytest.fixture(scope="module")
def past() -> tuple[CodedEncounter, ...]:
    """The shipped past encounters; reading them checks that every quote is verbatim."""
    return past_encounters()


def test_every_section_stands_once(passages: tuple[GuidelinePassage, ...]) -> None:
    """Ids are unique, written like the guideline's own section numbers, and every passage says something."""
    ids = [passage.id for passage in passages]
    assert len(set(ids)) == len(ids) > 300
    assert [i for i in ids if not re.fullmatch(r"(I|II|III|IV|App)(\.[A-Z0-9]+)?(\.[A-Za-z0-9]+)*", i)] == []
    assert [p.id for p in passages if not (p.title.strip() and len(p.text.split()) >= 8 and p.settings)] == []


def test_every_category_of_the_digest_exists(passages: tuple[GuidelinePassage, ...], fy2027: Codebook) -> None:
    """Single categories and both ends of every range."""
    ends = {end for passage in passages for entry in passage.categories for end in entry.split("-")}
    assert sorted(end for end in ends - OPEN_RANGE_ENDS if end not in fy2027) == []
    ranges = [c for passage in passages for c in passage.categories if "-" in c]
    assert [r for r in ranges if r.split("-")[0] > r.split("-")[1]] == []


def test_setting_rules_carry_their_setting(passages: tuple[GuidelinePassage, ...]) -> None:
    """Sections II and III are inpatient rules, section IV is not."""
    by_id = {passage.id: set(passage.settings) for passage in passages}
    assert Setting.INPATIENT in by_id["II.H"]
    assert Setting.OUTPATIENT not in by_id["II.H"]
    assert Setting.OUTPATIENT in by_id["IV.H"]
    assert Setting.INPATIENT not in by_id["IV.H"]


def test_the_digest_is_in_our_own_words(passages: tuple[GuidelinePassage, ...], shared_data: Path) -> None:
    """No run of twelve words of the official text stands in it."""
    with (shared_data / "guidelines" / "guidelines_fy2025_passages.jsonl").open(encoding="utf-8") as lines:
        official = " ".join(" ".join(map(str, json.loads(line).values())) for line in lines)
    words = re.findall(r"[a-z0-9]+", official.lower())
    runs = {tuple(words[i : i + 12]) for i in range(len(words) - 11)}
    copied = []
    for passage in passages:
        said = re.findall(r"[a-z0-9]+", passage.text.lower())
        copied += [passage.id for i in range(len(said) - 11) if tuple(said[i : i + 12]) in runs]
    assert copied == []


def test_past_encounters_are_billable_on_their_dates(past: tuple[CodedEncounter, ...], codebooks: Codebooks) -> None:
    """Each code in the edition of its own coding date, which is loaded."""
    wrong = []
    for encounter in past:
        chosen = codebooks.for_date(encounter.coding_date)
        assert chosen.in_force
        wrong += [(encounter.case_id, c.code) for c in encounter.codes if not chosen.codebook.is_billable(c.code)]
    assert wrong == []
    assert len({encounter.case_id for encounter in past}) == len(past) > 50


def test_past_encounters_are_complete(past: tuple[CodedEncounter, ...]) -> None:
    """Synthetic, evidence behind every code, numbered in order, one leading code of the setting's kind."""
    for encounter in past:
        leading = CodeRole.PRINCIPAL if encounter.setting is Setting.INPATIENT else CodeRole.FIRST_LISTED
        assert encounter.provenance.origin == "synthetic"
        assert all(line.evidence for line in encounter.codes)
        assert [line.sequence for line in encounter.codes] == list(range(1, len(encounter.codes) + 1))
        assert [line.sequence for line in encounter.codes if line.role is leading] == [1]


class CountingEncoder:
    """Turns a text into a vector of its own and counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str]) -> list[FloatVector]:
        """One vector a text."""
        self.asked += texts
        return [np.full(DIMENSIONS, len(text), dtype=np.float32) for text in texts]


def test_a_vector_is_computed_once(tmp_path: Path) -> None:
    """Across calls, duplicates and processes; order and values are those of a fresh encoder."""
    encoder = CountingEncoder()
    cached = CachedEncoder(encoder, tmp_path / "cache.sqlite")
    first = cached.encode(["a", "bb", "a"])
    again = CachedEncoder(encoder, tmp_path / "cache.sqlite").encode(["ccc", "bb"])
    assert encoder.asked == ["a", "bb", "ccc"]
    assert [v[0] for v in (*first, *again)] == [1, 2, 1, 3, 2]
    assert {(v.shape, v.dtype.name) for v in (*first, *again)} == {((DIMENSIONS,), "float32")}
    assert cached.encode([]) == []


def test_a_past_encounter_is_embedded_by_its_own_words(past: tuple[CodedEncounter, ...]) -> None:
    """The text is the evidence, the payload holds codes, setting and tenant and no note text."""
    encoder = CountingEncoder()
    (point,) = past_encounter_points(past[:1], encoder)
    evidence = [quote.text for line in past[0].codes for quote in line.evidence]
    assert encoder.asked == ["; ".join(evidence)]
    assert point.payload["codes"] == [line.code for line in past[0].codes]
    assert not any(words in str(point.payload) for words in evidence)
