from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest

from index_build.editions.release_file import ReleaseFile
from index_build.findable.embedding_cache import CachedEncoder
from index_build.findable.knowledge import (
    findable_official,
    findable_passages,
    official_guidelines,
)
from index_build.findable.passage_nodes import NODE_WORDS, Nodes, PassageCutter
from index_build.findable.past_encounters import past_encounters
from index_build.guidelines.digest import guideline_entries
from index_build.stages import Stages
from medcoding.codebook import Codebook, Codebooks
from medcoding.coded_encounter import CodedEncounter, FinalCode
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Setting
from medcoding.errors import InputError
from medcoding.guideline import GUIDELINE_ID, GuidelineEntry, OfficialPassage, guideline_order
from retrieval.encoder import DIMENSIONS
from retrieval.store import FloatVector

SECTIONS = {"I", "II", "III", "IV"}
_RUN = 10
OPEN_RANGE_ENDS = {"U00", "U85"}
"""Ends of chapter ranges that no category carries."""


@pytest.fixture(scope="module")
def passages() -> tuple[GuidelineEntry, ...]:
    """The shipped digest."""
    return guideline_entries()


@pytest.fixture(scope="module")
def past() -> tuple[CodedEncounter, ...]:
    """The shipped past encounters; reading them checks that every quote is verbatim."""
    return past_encounters()


def test_every_section_stands_once(passages: tuple[GuidelineEntry, ...]) -> None:
    """In the order of the document, its id written as the guidelines number it, and it says what to do and where."""
    ids = [passage.id for passage in passages]
    assert ids == sorted(set(ids), key=guideline_order)
    assert len(ids) >= 300
    assert [i for i in ids if i not in SECTIONS and not GUIDELINE_ID.fullmatch(i)] == []
    assert [p.id for p in passages if not (p.title.strip() and len(p.text.split()) >= 8 and p.settings)] == []


def test_an_entry_is_whole(passages: tuple[GuidelineEntry, ...]) -> None:
    """It names its fiscal year, has a case of our own, and is short enough to be embedded in one piece."""
    assert {passage.edition for passage in passages} == {"FY2025"}
    assert [p.id for p in passages if len(p.example.split()) < 5] == []
    assert max(len(found.text.split()) for found in findable_passages(passages)) <= NODE_WORDS


def test_what_was_rewritten_since_is_flagged(passages: tuple[GuidelineEntry, ...]) -> None:
    """The rules on choosing and ordering HIV codes are those of FY2025, and say so."""
    rewritten = {p.id: p.reservation for p in passages if p.rewritten_in}
    assert rewritten["I.C.1.a.2.a"] == "rewritten in FY2026; check the current text"
    assert all(section.startswith("I.C.1.a.2.") for section in rewritten)


def test_every_code_of_an_example_exists(
    passages: tuple[GuidelineEntry, ...], fy2026: Codebook, fy2027: Codebook
) -> None:
    """An example that names a code no coder could look up would teach a mistake."""
    named = [(p.id, code) for p in passages for code in re.findall(r"\b[A-Z]\d[0-9A-Z]\.[0-9A-Z]{1,4}\b", p.example)]
    assert [(i, code) for i, code in named if code not in fy2026 and code not in fy2027] == []
    assert len(named) > 100


def test_every_category_of_the_digest_exists(passages: tuple[GuidelineEntry, ...], fy2027: Codebook) -> None:
    """Single categories and both ends of every range."""
    ends = {end for passage in passages for entry in passage.categories for end in entry.split("-")}
    assert sorted(end for end in ends - OPEN_RANGE_ENDS if end not in fy2027) == []
    ranges = [c for passage in passages for c in passage.categories if "-" in c]
    assert [r for r in ranges if r.split("-")[0] > r.split("-")[1]] == []


def test_setting_rules_carry_their_setting(passages: tuple[GuidelineEntry, ...]) -> None:
    """Sections II and III are inpatient rules, section IV is not."""
    by_id = {passage.id: set(passage.settings) for passage in passages}
    assert Setting.INPATIENT in by_id["II.H"]
    assert Setting.OUTPATIENT not in by_id["II.H"]
    assert Setting.OUTPATIENT in by_id["IV.H"]
    assert Setting.INPATIENT not in by_id["IV.H"]


def test_the_digest_is_in_our_own_words(passages: tuple[GuidelineEntry, ...], shared_data: Path) -> None:
    """No run of ten words of the official text stands in any part of an entry."""
    with (shared_data / "guidelines" / "guidelines_fy2025_passages.jsonl").open(encoding="utf-8") as lines:
        official = " ".join(" ".join(map(str, json.loads(line).values())) for line in lines)
    words = re.findall(r"[a-z0-9]+", official.lower())
    runs = {tuple(words[i : i + _RUN]) for i in range(len(words) - _RUN + 1)}
    copied = []
    parts = [(p.id, part) for p in passages for part in (p.title, p.text, p.forbids, p.example)]
    for section, part in parts:
        said = re.findall(r"[a-z0-9]+", part.lower())
        copied += [section for i in range(len(said) - _RUN + 1) if tuple(said[i : i + _RUN]) in runs]
    assert copied == []


def _diagnoses(encounter: CodedEncounter) -> list[FinalCode]:
    return [code for code in encounter.codes if code.system is CodeSystem.ICD10CM]


def test_past_encounters_are_billable_on_their_dates(past: tuple[CodedEncounter, ...], codebooks: Codebooks) -> None:
    """Each code in the edition of its own coding date, which is loaded."""
    wrong = []
    for encounter in past:
        chosen = codebooks.for_date(encounter.coding_date)
        assert chosen.in_force
        wrong += [(encounter.case_id, c.code) for c in _diagnoses(encounter) if not chosen.codebook.is_billable(c.code)]
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


def test_a_section_of_the_digest_is_found_by_its_triggers(passages: tuple[GuidelineEntry, ...]) -> None:
    """One point for what to do, one for what brings it into play; the payload of both is the entry, told as ours."""
    entry = next(p for p in passages if p.triggers)
    said, triggered = findable_passages([entry])
    assert said.text == f"{entry.title}. {entry.text}"
    assert triggered.text == f"{entry.title}: {'; '.join(entry.triggers)}"
    assert said.payload == triggered.payload
    assert said.payload["source"] == "digest"
    assert GuidelineEntry.model_validate({k: v for k, v in said.payload.items() if k != "source"}) == entry
    assert len(list(findable_passages([entry.model_copy(update={"triggers": ()})]))) == 1


def _official(section: str, text: str) -> OfficialPassage:
    return OfficialPassage(
        id=section, title=f"Title {section}", page=7, edition="FY2031", headings=("IV D",), text=text
    )


def test_official_passages_carry_their_page_and_setting(tmp_path: Path) -> None:
    """Found beside the digest and told from it; a heading without text is not worth finding."""
    passages = [_official("IV.H", "An uncertain diagnosis waits."), _official("IV.F", "")]
    (found,) = findable_official(passages, PassageCutter(tmp_path))
    assert found.text == "Title IV.H. An uncertain diagnosis waits."
    assert found.payload["source"] == "official"
    assert found.payload["settings"] == ["outpatient", "ed"]
    assert (found.payload["page"], found.payload["edition"]) == (7, "FY2031")


def test_a_long_document_is_cut_once(tmp_path: Path) -> None:
    """At sentence ends, without loss; on a rerun nothing is cut, after a change one, and what is gone is forgotten."""
    sentence = "A long policy repeats itself in every one of its many sentences. "
    documents = {"short": "One line.", "a": sentence * 60, "b": sentence * 50 + "The end of it."}
    first = PassageCutter(tmp_path).nodes(documents)
    again = PassageCutter(tmp_path).nodes(documents)
    changed = PassageCutter(tmp_path).nodes(documents | {"b": sentence * 45})
    fewer = PassageCutter(tmp_path).nodes({"a": documents["a"]})
    assert [nodes.cut for nodes in (first, again, changed, fewer)] == [2, 0, 1, 0]
    assert again == first._replace(cut=0)
    assert first.by_document["short"] == ("One line.",)
    assert all(len(node.split()) <= NODE_WORDS for nodes in first.by_document.values() for node in nodes)
    assert " ".join(first.by_document["b"]).split() == documents["b"].split()
    assert PassageCutter(tmp_path).nodes(documents).cut == 1


def test_a_damaged_document_store_is_made_anew(tmp_path: Path) -> None:
    """A build that was killed, or a file cut short, costs a cut and no more."""
    documents = {"a": "A long policy repeats itself. " * 80}
    first = PassageCutter(tmp_path).nodes(documents)
    (kept,) = tmp_path.iterdir()
    kept.write_text(kept.read_text(encoding="utf-8")[:100], encoding="utf-8")
    assert PassageCutter(tmp_path).nodes(documents) == first


def test_the_users_copy_is_read_once(tmp_path: Path, shared_data: Path) -> None:
    """A rebuild neither reads the file nor cuts it again, and finds the same; another file is refused by name."""
    path = shared_data / "guidelines" / "icd-10-cm-guidelines-FY2025.pdf"
    first = official_guidelines(ReleaseFile(path), Stages(tmp_path / "cache"), PassageCutter(tmp_path / "nodes"))
    again = official_guidelines(ReleaseFile(path), Stages(tmp_path / "cache"), UnusableCutter(tmp_path))
    assert again == first
    assert len({found.payload["id"] for found in first}) == 424 < len(first)
    other = tmp_path / "other.pdf"
    other.write_bytes(b"<html>")
    with pytest.raises(InputError, match=r"^other\.pdf is not a PDF"):
        official_guidelines(ReleaseFile(other), Stages(tmp_path / "cache"), UnusableCutter(tmp_path))


class UnusableCutter(PassageCutter):
    """Fails when anything is to be cut."""

    def nodes(self, documents: Mapping[str, str]) -> Nodes:
        """Never reached."""
        raise AssertionError(f"{len(documents)} documents were to be cut")


def test_a_damaged_cache_of_vectors_is_begun_anew(tmp_path: Path) -> None:
    """It only saves time: garbage in its place costs a fresh encoding, not the build."""
    path = tmp_path / "cache.sqlite"
    path.write_bytes(b"no database at all" * 100)
    encoder = CountingEncoder()
    assert [v[0] for v in CachedEncoder(encoder, path).encode(["a"])] == [1]
    assert [v[0] for v in CachedEncoder(encoder, path).encode(["a"])] == [1]
    assert encoder.asked == ["a"]


def test_a_changed_vector_is_made_again(tmp_path: Path) -> None:
    """A flipped bit in the cache must not reach the index."""
    path = tmp_path / "cache.sqlite"
    CachedEncoder(CountingEncoder(), path).encode(["a"])
    with sqlite3.connect(path) as cache:
        cache.execute("UPDATE vector SET vector = zeroblob(length(vector))")
    encoder = CountingEncoder()
    assert [v[0] for v in CachedEncoder(encoder, path).encode(["a"])] == [1]
    assert encoder.asked == ["a"]
