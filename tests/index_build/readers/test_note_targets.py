"""Codes read from the printed text of a note."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from index_build.readers.note_targets import instructional_note, parse_targets
from medcoding.codebook import Codebook
from medcoding.notes import CodeTarget


def _printed(target: CodeTarget) -> str:
    codes = target.first if target.first == target.last else f"{target.first}-{target.last}"
    return f"{codes}|{target.place}:{','.join(target.characters)}" if target.place else codes


def _read(text: str) -> list[str]:
    return [_printed(target) for target in parse_targets(text)]


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("carcinoma in situ of breast (D05.-)", ["D05"]),
        ("resistance to antimicrobial drugs (Z16.-)", ["Z16"]),
        ("body surface involved (T31-)", ["T31"]),
        ("ulcer of lower limb (I70.23-)", ["I70.23"]),
        ("benign neoplasm of testis (D29.2.-)", ["D29.2"]),
        ("meconium staining (P96.83 )", ["P96.83"]),
        ("stage of chronic kidney disease (N18.1-N18.6)", ["N18.1-N18.6"]),
        ("complications of pregnancy (O00-O9A)", ["O00-O9A"]),
        ("atherosclerosis of native arteries (I70.201-I70.209)", ["I70.201-I70.209"]),
        ("head injury (S00 - S09)", ["S00-S09"]),
        ("drug dependence (F10.- -F19.-)", ["F10-F19"]),
        ("atherosclerosis of the extremities (I70.2--I70.7-)", ["I70.2-I70.7"]),
        ("rheumatoid arthritis by site (M05.00 to M05.8A)", ["M05.00-M05.8A"]),
        ("dementia (F01.-, F02.-, F03.-)", ["F01", "F02", "F03"]),
        ("leukemia with a stray comma (C91.0, C92.0,)", ["C91.0", "C92.0"]),
        ("cerebral hemorrhage (I60.-. I61.-, I62.-)", ["I60", "I61", "I62"]),
        ("acute infection (J00-J06; J20-J22)", ["J00-J06", "J20-J22"]),
        ("adverse effects (A00-R94 and T80-T88.6, T88.8)", ["A00-R94", "T80-T88.6", "T88.8"]),
        ("gangrene (K82.A1), or perforation (K82.A2)", ["K82.A1", "K82.A2"]),
        ("current concussion (S06.0x-)", ["S06.0X"]),
        ("electrolyte imbalance (E87.8}", ["E87.8"]),
        ("absence of knee joint (Z89.52-", ["Z89.52"]),
        ("disorders of acoustic [8th] nerve (H93.3)", ["H93.3"]),
        ("congenital anomaly [Q87.-]", ["Q87"]),
        ("overlapping birth defect (QA0.-)", ["QA0"]),
        ("prehypertension (see code R03.0)", ["R03.0"]),
        ("the same twice (I10) (I10)", ["I10"]),
    ],
)
def test_codes_in_parentheses(text: str, targets: list[str]) -> None:
    """Single codes, stems with a dash, ranges and lists, in every way in which the book prints them."""
    assert _read(text) == targets


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("code from category O08 to identify any complication", ["O08"]),
        ("code from I11 to identify the type of hypertensive heart disease", ["I11"]),
        ("from categories E08, E09 and E13 to identify any manifestation", ["E08", "E09", "E13"]),
        ("code(s) from F11-F16 and F18-F19 to identify the drug use", ["F11-F16", "F18-F19"]),
        ("code from category T31 or T32 to identify extent of burn", ["T31", "T32"]),
        ("code from category Z3A, Weeks of gestation, to identify the week", ["Z3A"]),
        ("conditions classified to Q67.0-Q67.4", ["Q67.0-Q67.4"]),
        ("conditions classifiable to S06.0- to S06.8-code to specified injury", ["S06.0-S06.8"]),
        ("in subcategories S06.1- to S06.6-, and S06.81- to S06.89-, code to", ["S06.1-S06.6", "S06.81-S06.89"]),
        ("jaw pain R68.84", ["R68.84"]),
        ("injury to visual cortex S04.04-", ["S04.04"]),
        ("pelvic organs O34.-", ["O34"]),
        ("leukemia in remission C91.0-C95.9 with 5th character 1", ["C91.0-C95.9|fifth:1"]),
    ],
)
def test_codes_in_the_sentence(text: str, targets: list[str]) -> None:
    """Without parentheses, behind words that announce a code or written with its point."""
    assert _read(text) == targets


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("diabetes (E08-E13 with .40)", ["E08-E13|fourth:40"]),
        ("skin disorders in diabetes (E08-E13 with .62-)", ["E08-E13|fourth:62"]),
        ("diabetic angiopathy (E08-E13 with .51-.52)", ["E08-E13|fourth:51,52"]),
        ("dementia in substance use (F10-F19, with .17, .27, .97)", ["F10-F19|fourth:17,27,97"]),
        ("drug use (F11-F19 with .15. .25, .95)", ["F11-F19|fourth:15,25,95"]),
        ("hyperosmolarity (E08, E11 with final characters .00 or .01)", ["E08|fourth:00,01", "E11|fourth:00,01"]),
        ("adverse effect (T36-T50 with fifth or sixth character 5)", ["T36-T50|last:5"]),
        ("adverse effect (T36-T50 with fifth or six character 5)", ["T36-T50|last:5"]),
        ("poisoning (T36-T65 with fifth or sixth character 1-4 or 6)", ["T36-T65|last:1,2,3,4,6"]),
        ("poisoning (T36-T65 with final character 1-4)", ["T36-T65|last:1,2,3,4"]),
        ("poisoning (T51-T65 with fifth or sixth character to indicate intent)", ["T51-T65"]),
        ("linezolid (T36.8X- with sixth character 1-4)", ["T36.8X|sixth:1,2,3,4"]),
        ("salicylates (T39.0-, with sixth character 5)", ["T39.0|sixth:5"]),
        ("aphasia following cerebrovascular disease (I69. with final characters -20)", ["I69|last:20"]),
        ("psychosis (F11-F19 with fifth to sixth characters 51)", ["F11-F19|fifth:51"]),
        ("whooping cough with pneumonia (A37 with fifth-character 1)", ["A37|fifth:1"]),
        ("amnestic syndrome (F10-F19 with 5th character .6)", ["F10-F19|fifth:6"]),
        ("open fracture (S42.- with 7th character B or C)", ["S42|seventh:B,C"]),
        ("open fracture of foot (S92.-with 7th character B)", ["S92|seventh:B"]),
    ],
)
def test_a_restriction_to_some_characters(text: str, targets: list[str]) -> None:
    """Fourth, fifth, sixth, seventh or last characters, the book's own slips of the pen included."""
    assert _read(text) == targets


@pytest.mark.parametrize(
    "text",
    [
        "",
        "gout of the knee",
        "vitamin B12 deficiency",
        "low CD4 count (CD4)",
        "carrier of HLA-B27",
        "HLA-B27.5 subtype",
        "spondylitis in an HLA-B27 positive person",
        "T4 and T11-T12 level, factor V, HbA1c, D5W, A/H1N1, G6PD, CIN III",
        "glutaric aciduria (type 1) (NOS)",
        "with C3 glomerulopathy",
        "code to identify organism",
        "a range that runs backwards (N18.6-N18.1)",
        "diabetic acidosis - see categories E08-E10, E11, E13 with ketoacidosis",
        "open fracture (S52.- with open fracture 7th character)",
        "characters that run backwards (T36-T50 with sixth character 4-1)",
        "characters of two lengths (E08-E13 with .5-.52)",
        "two places that are never one (S52.- with sixth or seventh character B)",
        "code, if applicable, for codes G31.0-G31.83, G31.85-G31.9, to identify:",
        "aftercare for injury- code the injury with 7th character D",
    ],
)
def test_what_only_looks_like_a_code_or_cannot_be_read_is_no_target(text: str) -> None:
    """Laboratory values and levels of the spine are no codes; an unread restriction would hold too many."""
    assert _read(text) == []


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("vitamin B12 deficiency anemia (D51.-)", "D51"),
        ("pneumoconiosis with tuberculosis, any type in A15 (J65)", "J65"),
        ("hepatic fibrosis, stage F4 (K74.6-)", "K74.6"),
        ("(with C3 glomerulopathy) with dense deposit disease (N00.6)", "N00.6"),
    ],
)
def test_beside_parentheses_the_sentence_only_describes(text: str, target: str) -> None:
    """Any type of tuberculosis in A15 is what J65 replaces, not what the note excludes."""
    assert _read(text) == [target]


def test_a_chapter_stands_for_its_codes(fy2026: Codebook) -> None:
    """Each chapter number leads to the range that the chapter's own title prints."""
    for number in range(1, 23):
        printed = re.search(r"\((\w+)-(\w+)\)", fy2026.title(str(number)))
        assert printed is not None
        assert _read(f"code (Chapter {number}) to identify the cause") == [f"{printed[1]}-{printed[2]}"]
    assert _read("code (Chapter 23) to identify the cause") == []


def test_the_text_stays_as_printed() -> None:
    """The note keeps its words beside its targets."""
    note = instructional_note("bipolar disorder (F31.-)")
    assert (note.text, [t.first for t in note.targets]) == ("bipolar disorder (F31.-)", ["F31"])


_CODES = st.from_regex(r"[A-Z][0-9][0-9A-Z](\.[0-9A-Z]{1,4})?", fullmatch=True)


@given(ends=st.lists(st.tuples(_CODES, _CODES).map(sorted), min_size=1, max_size=5), dash=st.sampled_from(["", "-"]))
def test_what_is_printed_is_read(ends: list[list[str]], dash: str) -> None:
    """Law: a printed list of ranges comes back as those ranges."""
    text = f"other disease ({', '.join(f'{first}-{last}{dash}' for first, last in ends)})"
    expected = dict.fromkeys((first, last) for first, last in ends)
    assert [(target.first, target.last) for target in parse_targets(text)] == list(expected)


@given(st.text(alphabet="AQZ019.-,;()[] xXwithfor code", max_size=80))
def test_any_text_can_be_read(text: str) -> None:
    """Law: nothing raises, and no range runs backwards."""
    assert all(target.first <= target.last for target in parse_targets(text))


@pytest.mark.parametrize("piece", ["A00. ", "A00.- ", "A00-A01 ", "(A00 ", "code A00 ", "A00.1, and "])
def test_a_long_line_takes_no_longer_than_its_length(piece: str) -> None:
    """A line of 50,000 characters that does not fit at its end is given up in well under a second."""
    started = time.process_time()
    parse_targets("(" + piece * (50_000 // len(piece)) + "!)")
    assert time.process_time() - started < 2
