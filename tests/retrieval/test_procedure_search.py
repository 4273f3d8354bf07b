"""Candidates of HCPCS and CPT for what was given, done or handed out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from index_build.findable.procedure_surfaces import NamedCode, procedure_surfaces
from index_build.procedures import write_cpt, write_hcpcs
from medcoding.candidate import Candidate, CandidateOrigin
from medcoding.codes import CodeSystem
from medcoding.mention import MentionKind
from medcoding.procedures import ProcedureBook
from retrieval.client_store import ClientStore
from retrieval.encoder import DIMENSIONS
from retrieval.procedure_search import ProcedureSearch
from retrieval.sparse import Bm25Encoder
from retrieval.store import Point
from retrieval.wording import forms
from tests.charts import mention
from tests.index_build.readers.published import hcpcs_file, text
from tests.retrieval.hashed_words import HashedWords

DAY = dt.date(2026, 11, 2)
LINES = [
    {"code": "E0143", "long": "Walker that folds, on wheels, of any height"},
    {"code": "E0149", "long": "Walker on wheels for a heavy person"},
    {"code": "G0105", "long": "Screening of the bowel; colonoscopy of a person at high risk"},
    {"code": "G0121", "long": "Screening of the bowel; colonoscopy of a person at average risk"},
    {"code": "G8433", "long": "Screening for depression not documented"},
    {"code": "J1885", "long": "Injection, ketorolac tromethamine, per 15 mg"},
    {"code": "J9298", "long": "Injection, nivolumab and relatlimab-rmbw, 3 mg"},
    {"code": "J9299", "long": "Injection, nivolumab, 1 mg"},
    {"code": "Q5103", "long": "Injection, infliximab-dyyb, biosimilar, 10 mg"},
    {"code": "Q5104", "long": "Injection, infliximab-abda, biosimilar, 10 mg"},
    {"code": "Q4100", "long": "Skin of an old make", "ended": "20261031"},
]
NAMES = [
    NamedCode("rolling walker", "E0143"),
    NamedCode("screening colonoscopy, high risk", "G0105"),
    NamedCode("screening colonoscopy, average risk", "G0121"),
    NamedCode("toradol", "J1885"),
    NamedCode("nivolumab", "J9299"),
    NamedCode("infliximab-dyyb", "Q5103"),
    NamedCode("infliximab-abda", "Q5104"),
]
CPT = "CPT Code\tLong\tShort\n9ZZZ1\tInvented lantern repair\tLANTERN REP\n"


@pytest.fixture(scope="module")
def search(tmp_path_factory: pytest.TempPathFactory) -> ProcedureSearch:
    """A quarter of nine codes and a licensee's file of one."""
    folder = tmp_path_factory.mktemp("procedures")
    release = folder / "HCPC2030_JUL_ANWEB.txt"
    release.write_bytes(hcpcs_file(*LINES, name=release.name).content)
    write_hcpcs(folder / "hcpcs.sqlite", release)
    write_cpt(folder / "cpt.sqlite", text("Consolidated_Code_List.txt", CPT))
    books = {system: ProcedureBook(folder / f"{system}.sqlite") for system in (CodeSystem.HCPCS, CodeSystem.CPT)}
    encoder, sparse = HashedWords(), Bm25Encoder()
    surfaces = [
        *procedure_surfaces(books[CodeSystem.HCPCS], NAMES, dt.date(2025, 10, 1)),
        *procedure_surfaces(books[CodeSystem.CPT], (), dt.date(2025, 10, 1)),
    ]
    store = ClientStore.connect(":memory:", "procedure_wordings")
    store.create(size=DIMENSIONS)
    vectors = encoder.encode([surface.text for surface in surfaces])
    store.upsert(
        Point(number, vector, sparse.document(surface.text), surface.findable().payload)
        for number, (surface, vector) in enumerate(zip(surfaces, vectors, strict=True))
    )
    return ProcedureSearch(store, encoder, sparse, books)


def found(search: ProcedureSearch, words: str, kind: MentionKind, **changes: Any) -> tuple[Candidate, ...]:
    """Candidates of one mention."""
    asked = mention(1, words, 1, kind=kind, **changes)
    (entry,) = search.candidates([asked], changes.get("day", DAY))
    return entry.candidates


def test_a_name_of_ours_leads_to_its_code(search: ProcedureSearch) -> None:
    """With the system, the official words and where it was found."""
    best = found(search, "Toradol", MentionKind.DRUG)[0]
    assert (best.number, best.system, best.code) == (1, CodeSystem.HCPCS, "J1885")
    assert best.title == "Injection, ketorolac tromethamine, per 15 mg"
    assert best.origins == (CandidateOrigin.DICTIONARY,)


def test_the_bare_name_of_a_descriptor_counts_as_named(search: ProcedureSearch) -> None:
    """The salt is rarely written; of two drugs in one product both must be said."""
    assert found(search, "ketorolac", MentionKind.DRUG)[0].origins == (CandidateOrigin.DICTIONARY,)
    assert found(search, "nivolumab", MentionKind.DRUG)[0].code == "J9299"
    assert found(search, "nivolumab-relatlimab", MentionKind.DRUG)[0].code == "J9298"


def test_a_maker_is_told_by_its_four_letters(search: ProcedureSearch) -> None:
    """Said with them one product stands far before the others."""
    best, other = found(search, "infliximab-dyyb", MentionKind.DRUG)[:2]
    assert (best.code, other.code) == ("Q5103", "Q5104")
    assert best.score - other.score > 0.1


def test_words_around_the_mention_choose_among_near_codes(search: ProcedureSearch) -> None:
    """High risk and average risk differ by nothing else."""
    context = forms("screening colonoscopy, high risk, mother had bowel cancer")
    assert found(search, "screening colonoscopy", MentionKind.PROCEDURE, context=context)[0].code == "G0105"
    context = forms("screening colonoscopy, average risk person")
    assert found(search, "screening colonoscopy", MentionKind.PROCEDURE, context=context)[0].code == "G0121"


def test_each_kind_leads_to_its_own_chapters(search: ProcedureSearch) -> None:
    """A drug is no walker, a supply no drug."""
    of_a_drug = found(search, "walker on wheels", MentionKind.DRUG)
    assert {c.code[0] for c in of_a_drug if c.system is CodeSystem.HCPCS} <= set("JQCSAPG")
    assert "J1885" not in {c.code for c in found(search, "ketorolac walker", MentionKind.PROCEDURE)[:1]}
    assert found(search, "rolling walker", MentionKind.SUPPLY)[0].code == "E0143"


def test_quality_measures_are_no_services(search: ProcedureSearch) -> None:
    """They say that something was or was not documented."""
    assert "G8433" not in {c.code for c in found(search, "screening for depression", MentionKind.PROCEDURE)}


def test_a_code_is_offered_up_to_its_last_day(search: ProcedureSearch) -> None:
    """The date of service decides."""
    (before,) = search.candidates(
        [mention(1, "skin of an old make", 1, kind=MentionKind.SUPPLY)], dt.date(2026, 10, 31)
    )
    (after,) = search.candidates([mention(1, "skin of an old make", 1, kind=MentionKind.SUPPLY)], dt.date(2026, 11, 1))
    assert "Q4100" in {c.code for c in before.candidates}
    assert "Q4100" not in {c.code for c in after.candidates}


def test_the_licensees_file_is_searched_too(search: ProcedureSearch) -> None:
    """Its codes carry their own system; a descriptor cut off proves nothing."""
    best = found(search, "invented lantern repair", MentionKind.PROCEDURE)[0]
    assert (best.system, best.code, best.origins) == (CodeSystem.CPT, "9ZZZ1", (CandidateOrigin.DICTIONARY,))
    assert found(search, "lantern rep", MentionKind.PROCEDURE)[0].origins == (CandidateOrigin.SEARCH,)


def test_without_a_book_nothing_is_offered(search: ProcedureSearch) -> None:
    """Nor where nothing is asked."""
    nothing = ProcedureSearch(search.wordings, search.encoder, search.sparse, {})
    assert nothing.candidates([mention(1, "toradol", 1, kind=MentionKind.DRUG)], DAY) == ()
    assert search.candidates([], DAY) == ()
