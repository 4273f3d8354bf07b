"""The tabular list in XML."""

from __future__ import annotations

from pathlib import Path

import pytest
import xmlschema

from index_build.readers.order_file import prefixes
from index_build.readers.tabular import TabularList, read_tabular
from medcoding.codebook import EditionContent
from medcoding.errors import InputError
from medcoding.notes import CodeTarget, InstructionalNotes
from tests.index_build.readers.excerpts import TABULAR

NAME = "icd10cm-tabular-2027.xml"


@pytest.fixture(scope="module")
def excerpt() -> TabularList:
    """The excerpt, read."""
    return read_tabular(TABULAR, NAME)


def test_the_excerpt_has_the_official_shape(shared_data: Path) -> None:
    """It is valid by the official schema, so what is learnt from it holds for the official file."""
    xmlschema.XMLSchema(shared_data / "icd10cm" / "icd-10-cm-tabular-2025.xsd").validate(TABULAR.decode())


def test_every_level_of_the_list_is_an_entry(excerpt: TabularList) -> None:
    """Chapters, blocks, categories, codes, each below the one that prints it."""
    assert excerpt.year == 2027
    places = [(e.code, e.parent, e.kind) for e in excerpt.entries.values()]
    assert places[:5] == [
        ("13", None, "chapter"),
        ("M70-M79", "13", "block"),
        ("M72", "M70-M79", "category"),
        ("M72.0", "M72", "subcategory"),
        ("M72.2", "M72", "subcategory"),
    ]
    assert excerpt.entries["S06.1X7"].parent == "S06.1X"


def test_a_category_stands_for_a_block_of_its_name(excerpt: TabularList) -> None:
    """One entry in the chapter, with the notes of the block."""
    entry = excerpt.entries["T07"]
    assert (entry.parent, entry.kind, entry.title) == ("19", "category", "Many injuries at once")
    assert [note.text for note in entry.notes.excludes1] == ["burns (T20-T32)"]


def test_every_kind_of_note_is_kept(excerpt: TabularList) -> None:
    """In its order, with the codes it names; a note printed in two pieces is one list."""
    notes = excerpt.entries["S82"].notes
    assert notes.notes == ("A break not said to be open is closed.",)
    assert [note.text for note in notes.code_first] == ["the bone disease, such as:", "soft bones (M83.-)"]
    assert [note.names("S81.012A") for note in notes.code_also] == [True]
    assert [note.names("S88.911A") for note in notes.excludes1] == [True]
    assert notes.seventh_characters == {
        "A": "first visit/first visit NOS",
        "D": "later visit",
        "S": "late effect",
    }
    assert excerpt.entries["S06"].notes.seventh_character_note == "Add a seventh character"
    plantar = excerpt.entries["M72.2"].notes
    assert plantar.inclusion_terms == ("Sore sole", "Heel that hurts in the morning")
    assert [note.text for note in plantar.use_additional_code] == ["code for the pain (G89.2-)", "code for the shoes"]
    assert plantar.use_additional_code[0].targets[:1] == (CodeTarget(first="G89.2", last="G89.2"),)
    assert excerpt.entries["M72.0"].notes == InstructionalNotes()


def test_seventh_characters_govern_what_stands_below(excerpt: TabularList) -> None:
    """The words alone, without the inclusion term printed with the first of them; nothing beside the table's branch."""
    words = {"A": "first visit", "D": "later visit", "S": "late effect"}
    governed = {e.code for e in excerpt.entries.values() if e.governed_by == words}
    assert governed == {"S06", "S06.1", "S06.1X", "S06.1X0", "S06.1X7", "S82", "S82.6", "S82.62", "T07"}


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (b"</ICD10CM.tabular>", b"", "is not well-formed XML at line"),
        (b"<ICD10CM.tabular>", b"<!DOCTYPE a [<!ENTITY b 'c'>]><ICD10CM.tabular>", "declares a document type"),
        (b"ICD10CM.tabular>", b"ICD10CM.index>", "is not the file it is named as: its root element is not"),
        (b'encoding="utf-8"', b'encoding="utf-7"', "is not well-formed XML|encoding"),
        (b"<ICD10CM.tabular>", b'<ICD10CM.tabular isAddenda="true">', "is an addenda"),
        (b"<version>2027</version>", b"", "states no year"),
        (b"<name>M72.2</name>", b"", "A diag has no name"),
        (b"<name>M72.2</name>", b"<name/>", "A diag has no name"),
        (b"<name>M72.2</name>", b"<name>M722</name>", "'M722' in .* is not the name of a diag"),
        (b"<name>13</name>", b"<name>XIII</name>", "'XIII' in .* is not the name of a chapter"),
        (b"<name>M72.2</name>", b"<name>M72.0</name>", "M72.0 stands twice"),
        (b"<name>M72.2</name>", b"<name>K65.2</name>", "K65.2 stands below M72"),
        (b"<name>M72</name>", b"<name>M62</name>", "M62 stands below M70-M79"),
        (b'<section id="M70-M79">', b"<section>", "has no range of categories"),
        (b"<desc>Thick sole of the foot</desc>", b"<desc> </desc>", "M72.2 has no title"),
        (b"<note>Sore sole</note>", b"<note></note>", "A note of M72.2 is empty"),
        (b"<note>Sore sole</note>", b"Sore<nota>sole</nota>", "<nota> has no place in M72.2"),
        (b"<note>Sore sole</note>", b"<note>Sore <new>sole</new></note>", "<new> has no place in <note>"),
        (b"<inclusionTerm>", b"<excludes3/><inclusionTerm>", "<excludes3> has no place in M72.2"),
        (b'<extension char="A">', b'<extension char="">', "A seventh character of S06"),
        (b'<extension char="A">', b'<extension char="D">', "A seventh character of S06"),
        (b"first visit</ext", b"</ext", "A seventh character of S06 has no words"),
    ],
)
def test_what_does_not_fit_is_named(old: bytes, new: bytes, fault: str) -> None:
    """File and entry in one sentence; nothing is read by halves."""
    assert old in TABULAR
    with pytest.raises(InputError, match=fault) as refusal:
        read_tabular(TABULAR.replace(old, new), NAME)
    assert NAME in str(refusal.value)
    assert str(refusal.value).endswith(".")


def test_nesting_without_end_is_refused() -> None:
    """No file can exhaust the stack: a code extends the code above it, so the list is at most seven deep."""
    deep = b"<diag><name>M72.0</name><desc>x</desc>" * 3_000 + b"</diag>" * 3_000
    with pytest.raises(InputError, match=r"M72\.0 stands below M72\.0"):
        read_tabular(TABULAR.replace(b"<diag><name>M72.0</name>", deep + b"<diag><name>M72.0</name>"), NAME)


def test_a_naive_expansion_invents_76_codes(official_tabular: TabularList, shipped: tuple[EditionContent, ...]) -> None:
    """Every stem with every character of its table: 76 codes that no official list holds and no edition of ours."""
    above = {prefix for code in official_tabular.entries if "-" not in code for prefix in prefixes(code)}
    invented = {
        f"{e.code + '.' if len(e.code) == 3 else e.code}".ljust(7, "X") + character
        for e in official_tabular.entries.values()
        if e.kind in {"category", "subcategory"} and e.code not in above
        for character in e.governed_by
    }
    for content in shipped[:1]:
        codes = {entry.code for entry in content.entries}
        assert len(invented - codes) == 76
        assert {"S06.1X7D", "S06.1X7S", "S06.1X8D", "S06.2X7D", "S06.897S"} <= invented - codes
        assert {"S06.1X7A", "S06.1X0D", "T07.XXXA"} <= invented & codes
    assert not invented - {entry.code for entry in shipped[0].entries} & {entry.code for entry in shipped[1].entries}
