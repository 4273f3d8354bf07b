"""Notes written differently mean the same."""

from __future__ import annotations

import re
from collections import Counter
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.perturbations import COPIED_FROM, COPIED_TO, CUES, Perturbation, perturbed
from evals.safe_abbreviations import SAFE_ABBREVIATIONS
from medcoding.coded_encounter import CodedEncounter
from medcoding.proposal import EvidenceQuote
from tests.evals.scored_encounters import coded, final, quote

NOTE: Final = (
    "DISCHARGE SUMMARY\n"
    "HPI: 71M with HTN and type 2 diabetes mellitus. Denies chest pain. Given furosemide 40 mg IV.\n"
    "Family history: mother had COPD.\n"
    "Assessment:\n1. Chronic kidney disease, stage 3a\n2. Possible pneumonia, ruled out\n3. Right knee osteoarthritis\n"
    "Plan: follow-up in 2 weeks. Dr. Smith will see him.\n"
)
QUOTED: Final = ("type 2 diabetes mellitus", "Chronic kidney disease, stage 3a", "HTN")
_NUMBER: Final = re.compile(r"\d+")
_WORDS: Final = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
KINDS: Final = st.sampled_from(Perturbation)
SEEDS: Final = st.integers(0, 2**32)

FRAGMENTS: Final = (
    *("HTN", "CKD", "atrial fibrillation", "Type 2 diabetes mellitus", "s/p", "no", "denies", "without", "ruled out"),
    *("probable", "pneumonia", "Crohn’s", "stage IV", "40 mg", "5 %", "Dr. Smith", "ALL", "straße", "Straße", "İ", "é"),
    *(
        "Assessment:",
        "Plan:",
        "HPI:",
        "PMH:\n",
        "\n",
        "\n- ",
        "\n2. ",
        ". ",
        ", ",
        "; ",
        " ",
        "\r\n",
        "\t",
        "🙂",
        "a b",
    ),
)


@st.composite
def encounters(draw: st.DrawFn) -> CodedEncounter:
    """A note put together from what notes hold, with a quote of it as evidence."""
    text = "".join(draw(st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=25)))
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start + 1, len(text)))
    found = EvidenceQuote(document_id="note", start=start, end=end, text=text[start:end])
    return coded(text, final("I10", evidence=(found,)))


def note(text: str = NOTE, quoted: tuple[str, ...] = QUOTED) -> CodedEncounter:
    """The note with one code a quote."""
    return coded(text, *(final("I10", n, (quote(text, words),)) for n, words in enumerate(quoted, start=1)))


def text_of(encounter: CodedEncounter) -> str:
    """Of its one document."""
    return encounter.documents[0].text


def tokens(text: str) -> Counter[str]:
    """Words and numbers, case aside."""
    return Counter(_WORDS.findall(text.lower())) + Counter(_NUMBER.findall(text))


def cues(text: str) -> Counter[str]:
    """Words that turn a meaning."""
    return Counter(w for w in _WORDS.findall(text.lower()) if w in CUES or w in {"no", "not", "denies", "ruled", "out"})


@given(encounters(), KINDS, SEEDS)
def test_quotes_stay_verbatim(encounter: CodedEncounter, kind: Perturbation, seed: int) -> None:
    """Validated again as the record of a suite: every quote stands where it says, codes and order stay."""
    after = perturbed(encounter, kind, seed)
    again = CodedEncounter.model_validate_json(after.model_dump_json())
    assert [line.model_copy(update={"evidence": ()}) for line in again.codes] == [
        line.model_copy(update={"evidence": ()}) for line in encounter.codes
    ]
    assert again.model_copy(update={"documents": (), "codes": ()}) == encounter.model_copy(
        update={"documents": (), "codes": ()}
    )


@given(encounters(), KINDS, SEEDS)
def test_the_same_seed_writes_the_same(encounter: CodedEncounter, kind: Perturbation, seed: int) -> None:
    """A finding can be repeated."""
    assert perturbed(encounter, kind, seed) == perturbed(encounter, kind, seed)


@given(encounters(), KINDS, SEEDS)
def test_numbers_and_turning_words_stay(encounter: CodedEncounter, kind: Perturbation, seed: int) -> None:
    """Stages, doses, negations and doubts are what they were, or twice that where the text is there twice."""
    before, after = text_of(encounter), text_of(perturbed(encounter, kind, seed))
    times = 2 if kind is Perturbation.COPIED_FORWARD else 1
    if kind not in {Perturbation.ABBREVIATED, Perturbation.EXPANDED, Perturbation.PROSE}:
        assert Counter(_NUMBER.findall(after)) == Counter(_NUMBER.findall(before * times))
    if kind not in {Perturbation.ABBREVIATED, Perturbation.EXPANDED}:
        assert cues(after.replace(COPIED_FROM, "").replace(COPIED_TO, "")) == cues("\n".join([before] * times))


@pytest.mark.parametrize(
    "kind",
    [
        Perturbation.REORDERED,
        Perturbation.CAPITALS,
        Perturbation.SMALL_LETTERS,
        Perturbation.BULLETS,
        Perturbation.WRAPPED,
        Perturbation.SPACING,
    ],
)
def test_only_the_form_changes(kind: Perturbation) -> None:
    """Every word and number is there as often as before."""
    assert tokens(text_of(perturbed(note(), kind, 4))) == tokens(NOTE)


@pytest.mark.parametrize("kind", Perturbation)
def test_every_way_changes_a_usual_note(kind: Perturbation) -> None:
    """And keeps the evidence of every code."""
    after = perturbed(note(), kind, 4)
    assert text_of(after) != NOTE
    assert all(line.evidence for line in after.codes)


def test_written_out_and_abbreviated() -> None:
    """Whole words only, the longest wording first, headings left alone; evidence is quoted in the new words."""
    short = perturbed(note(), Perturbation.ABBREVIATED, 1)
    assert [line.evidence[0].text for line in short.codes] == ["T2DM", "CKD, stage 3a", "HTN"]
    assert "Right knee OA" in text_of(short)
    long = perturbed(note(), Perturbation.EXPANDED, 1)
    assert "with hypertension and" in text_of(long)
    assert "mother had chronic obstructive pulmonary disease." in text_of(long)
    heading = note("History of present illness: fine. History of gout.\nHTN-like", ("fine",))
    assert text_of(perturbed(heading, Perturbation.ABBREVIATED, 1)) == (
        "History of present illness: fine. h/o gout.\nHTN-like"
    )
    assert perturbed(heading, Perturbation.EXPANDED, 1) is heading


def test_the_table_goes_both_ways() -> None:
    """At least eighty pairs, no short form and no wording twice, so that each way is decided."""
    assert len(SAFE_ABBREVIATIONS) >= 80
    assert len({a.short for a in SAFE_ABBREVIATIONS}) == len({a.words for a in SAFE_ABBREVIATIONS})
    for pair in SAFE_ABBREVIATIONS:
        there = perturbed(note(f"x {pair.short} y", ("x",)), Perturbation.EXPANDED, 1)
        assert text_of(there) == f"x {pair.words} y"
        assert text_of(perturbed(there, Perturbation.ABBREVIATED, 1)) == f"x {pair.short} y"


@given(SEEDS)
def test_typos_are_slips_in_long_words(seed: int) -> None:
    """As many words as before; a changed one is long, no cue, and keeps its ends and all but one letter."""
    before, after = text_of(note()).split(), text_of(perturbed(note(), Perturbation.TYPOS, seed)).split()
    changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
    assert len(changed) <= 2
    for was, now in changed:
        bare = was.strip(".,:")
        assert len(bare) >= 7
        assert bare.lower() not in CUES
        assert (was[0], was[-1]) == (now[0], now[-1])
        assert abs(len(was) - len(now)) <= 1
        assert sum((Counter(was) - Counter(now)).values()) <= 1


def test_sections_change_places_whole() -> None:
    """The title stays first; numbered problems stay under their heading."""
    after = text_of(perturbed(note(), Perturbation.REORDERED, 4))
    assert after.startswith("DISCHARGE SUMMARY\n")
    assert "Assessment:\n1. Chronic kidney disease, stage 3a\n2. Possible pneumonia, ruled out\n3. Right" in after
    assert sorted(after.split("\n")) == sorted(NOTE.split("\n"))


def test_copied_text_stands_before_the_note_it_copies() -> None:
    """Marked at both ends; the evidence stays in the note of the visit."""
    after = perturbed(note(), Perturbation.COPIED_FORWARD, 1)
    text = text_of(after)
    assert text.startswith(COPIED_FROM)
    assert text.endswith(NOTE)
    assert all(line.evidence[0].start > text.index(COPIED_TO) for line in after.codes)


def test_short_capitals_survive_small_letters() -> None:
    """ALL the leukemia is not all the word."""
    before = note("ALL in remission. Mother fine. COPD. Crohn’s", ("ALL",))
    assert text_of(perturbed(before, Perturbation.SMALL_LETTERS, 1)) == ("ALL in remission. mother fine. COPD. crohn’s")


def test_lists_and_prose() -> None:
    """A list becomes one line behind or below its heading, sentences a list; a title's full stop ends none."""
    prose = text_of(perturbed(note(), Perturbation.PROSE, 1))
    assert "Assessment: Chronic kidney disease, stage 3a; Possible pneumonia, ruled out; Right knee" in prose
    bare = note("ASSESSMENT\n- HTN\n- Gout.\n- COPD\nSeen by me.", ("HTN",))
    assert text_of(perturbed(bare, Perturbation.PROSE, 1)) == "ASSESSMENT\nHTN; Gout. COPD\nSeen by me."
    bullets = text_of(perturbed(note(), Perturbation.BULLETS, 1))
    assert "mellitus.\n- Denies chest pain.\n- Given" in bullets
    assert "Dr. Smith" in bullets


def test_wrapped_lines_are_short() -> None:
    """No line goes on long after the sixtieth character, and none breaks before a number."""
    long = note("assessment and plan were discussed with the patient at length and agreed, " * 4, ("plan",))
    lines = text_of(perturbed(long, Perturbation.WRAPPED, 1)).split("\n")
    assert len(lines) >= 4
    assert max(map(len, lines)) < 75


def test_nothing_to_change_leaves_the_encounter_as_it_is() -> None:
    """The very same object: its answer need not be asked for again."""
    plain = note("gout", ("gout",))
    for kind in (Perturbation.ABBREVIATED, Perturbation.REORDERED, Perturbation.PROSE, Perturbation.TYPOS):
        assert perturbed(plain, kind, 1) is plain
