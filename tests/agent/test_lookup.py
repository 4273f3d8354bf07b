"""What the books say of a code."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pytest

from agent.books import Books, open_books
from agent.lookup import CodeAnswer, LookupQuery, ProcedureAnswer, choose_edition, look_up
from medcoding.codebook import (
    Codebook,
    CodebookEntry,
    Codebooks,
    Edition,
    EditionContent,
    Succession,
    write_codebook,
)
from medcoding.codes import CodeSystem
from medcoding.errors import DependencyError, InputError, UnknownCodeError
from medcoding.procedures import ProcedureBook, ProcedureCode, ProcedureContent, ProcedureRelease, write_procedure_book
from retrieval.index_folder import open_index
from tests.books import index_with_books

HCPCS = LookupQuery(system=CodeSystem.HCPCS)


@pytest.fixture
def books(tmp_path: Path, index_dir: Path, fy2027: Codebook) -> Books:
    """The tests' index with a small Alphabetic Index for FY2027 and a HCPCS book."""
    return open_books(open_index(index_with_books(tmp_path, index_dir, fy2027)))


def diagnosis(books: Books, code: str, **query: object) -> CodeAnswer:
    """The answer for an ICD-10-CM code."""
    answer = look_up(books, code, LookupQuery.model_validate(query))
    assert isinstance(answer, CodeAnswer)
    return answer


def procedure(books: Books, code: str, query: LookupQuery = HCPCS) -> ProcedureAnswer:
    """The answer for a HCPCS code or modifier."""
    answer = look_up(books, code, query)
    assert isinstance(answer, ProcedureAnswer)
    return answer


def test_a_code_shows_the_paths_that_lead_to_it(books: Books) -> None:
    """To the code itself or to its stem."""
    paths = diagnosis(books, "m79671").index_paths
    assert [path.steps() for path in paths] == [("Alphabetic Index: Sore, soreness", "foot: M79.67-")]


def test_an_edition_without_an_index_says_so(books: Books) -> None:
    """No path is not the same as no index."""
    assert not diagnosis(books, "R52", edition="FY2026").index_loaded
    unlisted = diagnosis(books, "I10")
    assert (unlisted.index_loaded, unlisted.index_paths) == (True, ())


def test_the_first_paths_are_shown(books: Books, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rest is counted."""
    monkeypatch.setattr("agent.lookup._MOST_PATHS", 1)
    answer = diagnosis(books, "D24.1")
    assert (len(answer.index_paths), answer.index_paths_left_out) == (1, 1)


def test_a_header_shows_what_its_characters_mean(books: Books) -> None:
    """Each billable code below, with the characters behind the header."""
    expansion = diagnosis(books, "M25.56").expansion
    assert [(e.code, e.characters[0].meaning) for e in expansion] == [
        ("M25.561", "right"),
        ("M25.562", "left"),
        ("M25.569", "unspecified"),
    ]


def test_a_large_category_shows_forty_codes_and_counts_the_rest(books: Books, fy2027: Codebook) -> None:
    """S82 holds thousands."""
    answer = diagnosis(books, "S82")
    assert len(answer.expansion) == 40
    assert answer.expansion_left_out == len(fy2027.billable_under("S82")) - 40 == answer.billable_children - 40
    assert diagnosis(books, "I10").expansion == ()


def test_inherited_notes_name_their_entry_and_codes(books: Books) -> None:
    """At E11.22 its own note comes first; the category keeps other diabetes apart."""
    notes = diagnosis(books, "E11.22").notes_in_force
    assert (notes[0].at, notes[0].kind) == ("E11.22", "use_additional_code")
    kept_apart = [target.first for note in notes if note.at == "E11" and note.kind == "excludes1" for target in
                  note.targets]  # fmt: skip
    assert {"E08", "E09", "E10"} <= set(kept_apart)


def test_the_edition_is_the_one_named(codebooks: Codebooks) -> None:
    """By its name in any case; by the day; the latest without either."""
    assert choose_edition(codebooks, LookupQuery(edition="fy2026")).codebook.edition.name == "FY2026"
    assert choose_edition(codebooks, LookupQuery(dos=date(2026, 9, 30))).codebook.edition.name == "FY2026"
    assert choose_edition(codebooks, LookupQuery()).codebook.edition.name == "FY2027"
    assert not choose_edition(codebooks, LookupQuery(dos=date(1999, 1, 1))).in_force


@pytest.mark.parametrize(
    ("query", "words"),
    [
        (LookupQuery(edition="FY1999"), "name one of FY2026, FY2027"),
        (LookupQuery(edition="FY2026", dos=date(2026, 9, 30)), "not both"),
    ],
)
def test_a_wrong_edition_is_refused(query: LookupQuery, words: str, codebooks: Codebooks) -> None:
    """With the editions that are loaded."""
    with pytest.raises(InputError, match=words):
        choose_edition(codebooks, query)


def edition(
    folder: Path, year: int, codes: Sequence[str], *, ended: Sequence[Succession] = (), poa: str = ""
) -> Codebook:
    """A codebook of chronic kidney disease as some year lists it; the third stage was divided once."""
    name = f"FY{year}"
    facts = Edition(
        name=name, effective_from=date(year - 1, 10, 1), effective_to=date(year, 9, 30), status="official",
        source="ours", poa_exempt_from=poa,
    )  # fmt: skip
    above = CodebookEntry(
        code="N18", parent=None, kind="category", title="Chronic kidney disease", billable=False, status="official"
    )
    below = [
        CodebookEntry(
            code=code, parent="N18", kind="subcategory", title=f"Stage {code}", billable=True, status="official"
        )
        for code in codes
    ]
    content = EditionContent(facts, [above, *below], frozenset(codes[:1]) if poa else frozenset(), tuple(ended))
    write_codebook(folder / f"{name}.sqlite", content)
    return Codebook(folder / f"{name}.sqlite")


@pytest.fixture
def divided(tmp_path: Path) -> Books:
    """N18.3 until FY2020, N18.30 and N18.31 since; the later edition has a POA list."""
    ended = [Succession(old="N18.3", new=new, fiscal_year=2021) for new in ("N18.30", "N18.31")]
    first = edition(tmp_path, 2020, ["N18.3", "N18.9"])
    second = edition(tmp_path, 2021, ["N18.30", "N18.31"], ended=ended, poa="list")
    return Books(Codebooks([first, second]), {}, {}, None)


def test_an_ended_code_is_refused_with_its_successors(divided: Books) -> None:
    """By number and title, so that the next look-up is the right one."""
    with pytest.raises(UnknownCodeError) as refusal:
        look_up(divided, "n183", LookupQuery())
    assert str(refusal.value) == (
        "N18.3 ended with FY2020 and does not exist in FY2021; use N18.30 Stage N18.30 or N18.31 Stage N18.31."
    )


def test_an_ended_code_without_successors_names_the_nearest_entry(divided: Books) -> None:
    """Where the conversion table is silent."""
    with pytest.raises(UnknownCodeError, match=r"ended with FY2020 .* the nearest entry is N18 Chronic kidney"):
        look_up(divided, "N18.9", LookupQuery())


def test_a_code_that_is_not_yet_there_says_when_it_begins(divided: Books) -> None:
    """Asked for a day of the earlier edition."""
    with pytest.raises(UnknownCodeError, match="begins with FY2021 on 2020-10-01"):
        look_up(divided, "N18.30", LookupQuery(dos=date(2020, 9, 30)))


def test_a_code_that_will_end_shows_its_successors(divided: Books) -> None:
    """Its own edition still holds it; the later one says what takes its place."""
    assert diagnosis(divided, "N18.3", edition="FY2020").successors == ("N18.30", "N18.31")


def test_present_on_admission_is_known_only_from_a_list(divided: Books) -> None:
    """Exempt, not exempt, and no list loaded are three answers."""
    assert diagnosis(divided, "N18.30").poa_exempt is True
    assert diagnosis(divided, "N18.31").poa_exempt is False
    assert diagnosis(divided, "N18.3", edition="FY2020").poa_exempt is None


def test_a_hcpcs_code_shows_its_words_and_days(books: Books) -> None:
    """As its book has them; the day asked about decides whether it is in force."""
    answer = procedure(books, "j1885")
    assert (answer.title, answer.kind, answer.category) == (
        "Ketorolac given by injection, each 15 mg", "code", "Level II",
    )  # fmt: skip
    assert (answer.effective_from, answer.in_force) == (date(1994, 1, 1), None)
    ended = procedure(books, "E0132", LookupQuery(system=CodeSystem.HCPCS, dos=date(2030, 1, 1)))
    assert (ended.effective_to, ended.in_force) == (date(2029, 12, 31), False)


def test_two_characters_are_a_modifier(books: Books) -> None:
    """In any case; an unknown one names those that begin alike."""
    assert (procedure(books, "lt").kind, procedure(books, "lt").title) == (
        "modifier", "Service on the left side of the body",
    )  # fmt: skip
    with pytest.raises(UnknownCodeError, match=r"modifier LQ is not in .* begin alike are LT"):
        look_up(books, "LQ", HCPCS)


def test_a_dental_code_is_refused_with_the_reason(books: Books) -> None:
    """It has the shape of a HCPCS code and another owner."""
    with pytest.raises(InputError, match="American Dental Association"):
        look_up(books, "d2740", HCPCS)


@pytest.mark.parametrize(("system", "code"), [(CodeSystem.HCPCS, "J1885"), (CodeSystem.CPT, "9ZZZ1")])
def test_without_a_book_the_command_that_loads_it_is_named(system: CodeSystem, code: str, divided: Books) -> None:
    """A dependency, not a wrong code: nothing is said about whether the code exists."""
    with pytest.raises(DependencyError, match=f"index build --{system.value} FILE"):
        look_up(divided, code, LookupQuery(system=system))


def test_an_edition_is_no_hcpcs_release(books: Books) -> None:
    """Editions are those of ICD-10-CM."""
    with pytest.raises(InputError, match="give the day"):
        look_up(books, "J1885", LookupQuery(system=CodeSystem.HCPCS, edition="FY2027"))


def test_a_file_without_days_says_nothing_of_force(divided: Books, tmp_path: Path) -> None:
    """A licensee's list may name none."""
    release = ProcedureRelease(system=CodeSystem.CPT, name="ours", source="ours", dated=False)
    invented = ProcedureCode(system=CodeSystem.CPT, code="9ZZZ1", long_descriptor="Invented service")
    write_procedure_book(tmp_path / "cpt.sqlite", ProcedureContent(release, (invented,)))
    books = divided._replace(procedures={CodeSystem.CPT: ProcedureBook(tmp_path / "cpt.sqlite")})
    answer = procedure(books, "9ZZZ1", LookupQuery(system=CodeSystem.CPT, dos=date(2026, 11, 2)))
    assert (answer.dated, answer.in_force, answer.category) == (False, None, "Category I")
