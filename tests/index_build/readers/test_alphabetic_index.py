"""The Alphabetic Index: official XML and path files."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
import xmlschema
from hypothesis import given, settings
from hypothesis import strategies as st

from index_build.readers.alphabetic_index import read_index_paths, read_index_xml
from medcoding.codebook import Codebook
from medcoding.errors import InputError
from medcoding.index_entries import IndexTerm
from tests.index_build.official_index import official_content
from tests.index_build.readers.index_excerpts import DISEASES, EXTERNAL_CAUSES, NEOPLASMS, HeldFile, xml_file


def path_file(*rows: dict[str, object]) -> HeldFile:
    """A path file of some rows."""
    return HeldFile("paths.jsonl", "".join(f"{json.dumps(row)}\n" for row in rows).encode())


def by_path(terms: list[IndexTerm]) -> dict[tuple[str, ...], IndexTerm]:
    """Terms by their path."""
    return {term.path: term for term in terms}


@pytest.fixture(scope="module")
def causes(shared_data: Path) -> list[IndexTerm]:
    """The official index to external causes."""
    return list(official_content(shared_data).external_causes)


@pytest.fixture(scope="module")
def diseases(shared_data: Path) -> list[IndexTerm]:
    """The path file of the index to diseases."""
    return list(official_content(shared_data).diseases)


def test_a_term_has_all_that_is_printed() -> None:
    """Code and stem, modifiers, the pair of etiology and manifestation, references to terms and to categories."""
    terms = by_path(list(read_index_xml(DISEASES, "diseases", first_id=10)))
    main = terms[("Achiness NEC",)]
    assert (main.id, main.parent, main.book, main.nonessential) == (10, None, "diseases", ("dull", "of limb(s)"))
    assert (main.code, main.stem, main.title) == ("M79.60", True, "Achiness NEC")
    amyloid = terms[("Achiness NEC", "with", "storage disorder")]
    assert (amyloid.code, amyloid.stem, amyloid.manifestations, amyloid.parent) == ("E85.4", False, ("N08",), 11)
    assert terms[("Achiness NEC", "foot")].see == "Soreness, foot"
    assert terms[("Achiness NEC", "joint")].see_category == "M25"
    assert terms[("Achiness NEC", "vision")].see_subcategory == "H53.1"
    assert terms[("Sore, soreness", "hand")].see_also == "Achiness, limb"


def test_a_branch_word_says_how_its_children_are_related() -> None:
    """Below "with" and "in (due to)" the link between two conditions is presumed (guideline I.A.15)."""
    terms = by_path(list(read_index_xml(DISEASES, "diseases")))
    assert terms[("Achiness NEC", "with")].connector == "with"
    assert terms[("Achiness NEC", "in")].connector == "in"
    child = terms[("Achiness NEC", "in", "failure, kidney")]
    assert (child.connector, child.relation) == (None, "in")
    assert terms[("Achiness NEC", "foot")].relation is None


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("<letter><title>A</title><mainTerm><code>A00</code></mainTerm></letter>", "without a title"),
        ("<letter><mainTerm><title>Ache</title><term level='2'><title>x</title></term></mainTerm></letter>", "level 1"),
        ("<letter><mainTerm><title>Ache</title><term><title>x</title></term></mainTerm></letter>", "level 1"),
        ("<letter><mainTerm><title>Ache</title><code>see doctor</code></mainTerm></letter>", "no code"),
        ("<letter><mainTerm><title>Ache</title><manif>none</manif></mainTerm></letter>", "<manif> without a code"),
        ("<letter><mainTerm><title>Ache</title>", "not well-formed"),
    ],
)
def test_what_does_not_fit_is_named(body: str, told: str) -> None:
    """One sentence with the file and the element."""
    with pytest.raises(InputError, match=told) as refusal:
        list(read_index_xml(xml_file("bad.xml", body), "diseases"))
    assert "bad.xml" in str(refusal.value)
    assert str(refusal.value).count("\n") == 0


def test_another_file_is_refused() -> None:
    """A table, the other index, an addenda and another document are not taken for the index."""
    for file, told in (
        (NEOPLASMS, "is the table of 'Neoplasm'"),
        (EXTERNAL_CAUSES, "not the index to diseases"),
        (HeldFile("add.xml", b"<ICD10CM.index isAddenda='true'/>"), "holds changes only"),
        (HeldFile("tab.xml", b"<ICD10CM.tabular/>"), "root element"),
        (HeldFile("dtd.xml", b"<!DOCTYPE a [<!ENTITY b 'c'>]><ICD10CM.index/>"), "document type"),
    ):
        with pytest.raises(InputError, match=told):
            list(read_index_xml(file, "diseases"))


def test_a_path_file_is_read_line_by_line() -> None:
    """Ids follow the lines, equal paths stay apart, a reference printed as a modifier is a reference."""
    terms = list(
        read_index_paths(
            path_file(
                {"path": ["Anemia"], "nemod": "(essential) (general)", "code": "D64.9"},
                {"path": ["Anemia", "with"], "nemod": "(due to) (in)"},
                {"path": ["Anemia", "with", "chronic kidney disease"], "code": "D63.1"},
                {"path": ["Hematothorax"], "nemod": "(see Hemothorax)"},
                {"path": ["Hematothorax"], "nemod": "(old)", "code": "J94.-"},
            ),
            "diseases",
        )
    )
    assert [(t.id, t.parent) for t in terms] == [(1, None), (2, 1), (3, 2), (4, None), (5, None)]
    assert (terms[0].code, terms[0].nonessential) == ("D64.9", ("essential", "general"))
    assert (terms[1].connector, terms[2].relation) == ("with", "with")
    assert (terms[3].see, terms[3].nonessential) == ("Hemothorax", ())
    assert (terms[4].code, terms[4].stem) == ("J94", True)


@pytest.mark.parametrize(
    ("row", "told"),
    [
        ({"path": []}, "Line 2 of paths.jsonl"),
        ({"path": ["Anemia", "due to", "blood loss"]}, "stands below a term that does not precede it"),
        ({"path": [" "]}, "has no title"),
        ({"path": ["Anemia"], "code": "soon"}, "no code"),
        ({"path": ["Anemia"], "colour": "red"}, "Line 2 of paths.jsonl"),
    ],
)
def test_a_line_that_does_not_fit_is_named(row: dict[str, object], told: str) -> None:
    """Nothing is guessed from a file of another kind."""
    with pytest.raises(InputError, match=told):
        list(read_index_paths(path_file({"path": ["Anemia"], "code": "D64.9"}, row), "diseases"))


@settings(max_examples=60, deadline=None)
@given(place=st.integers(0, len(DISEASES.content) - 1), put=st.binary(max_size=4), cut=st.integers(0, 30))
def test_a_mutilated_file_is_read_or_refused(place: int, put: bytes, cut: int) -> None:
    """Never another error than the refusal."""
    content = DISEASES.content[:place] + put + DISEASES.content[place + cut :]
    try:
        terms = list(read_index_xml(HeldFile("index.xml", content), "diseases"))
    except InputError:
        return
    assert all(term.title for term in terms)


def test_the_path_file_is_read_whole(diseases: list[IndexTerm], fy2026: Codebook) -> None:
    """81,024 rows, 62,721 with a code; every code of them exists in FY2026."""
    assert len(diseases) == 81_024
    assert sum(bool(term.code) for term in diseases) == 62_721
    assert [code for code in {term.code for term in diseases if term.code} if code not in fy2026] == []
    assert sum(term.parent is None for term in diseases) == 8_100


@pytest.mark.parametrize(
    ("path", "code"),
    [
        (("Diabetes, diabetic", "type 2", "with", "chronic kidney disease"), "E11.22"),
        (("Pneumonia", "Pseudomonas"), "J15.1"),
        (("Anemia", "in", "chronic kidney disease"), "D63.1"),
        (("Anemia",), "D64.9"),
        (("Fracture, traumatic", "femur, femoral", "upper end", "neck"), "S72.00"),
    ],
)
def test_what_a_coder_looks_up_is_there(path: tuple[str, ...], code: str, diseases: list[IndexTerm]) -> None:
    """Default codes, combination codes and stems stand at their printed paths."""
    term = next(term for term in diseases if term.path == path)
    assert (term.code, term.stem) == (code, code == "S72.00")


def test_the_index_to_external_causes_is_read_whole(causes: list[IndexTerm], fy2026: Codebook) -> None:
    """Counts of its elements as the official file has them; every code exists."""
    assert sum(term.parent is None for term in causes) == 314
    assert len(causes) - 314 == 7_776
    counted = Counter(
        {name: sum(bool(getattr(t, name)) for t in causes) for name in ("code", "see", "see_also", "see_category")}
    )
    assert counted == {"code": 6_671, "see": 791, "see_also": 98, "see_category": 4}
    assert [term.path for term in causes if term.code and term.code not in fy2026] == []
    assert by_path(causes)[("Fall, falling", "from, off, out of", "ladder")].code == "W11"


def test_the_excerpt_has_the_official_shape(shared_data: Path) -> None:
    """Our own excerpt and the official index to external causes both keep to the official schema."""
    schema = xmlschema.XMLSchema(shared_data / "icd10cm/icd10cm-index-2025.xsd")
    schema.validate(DISEASES.content.decode().split("\n", 1)[1])
    schema.validate(shared_data / "icd10cm/icd10cm-eindex-April-1-2026-XML.xml")
