"""Behaviour of the second round's offers: more telling siblings whose words the record has, and a check's mends."""

from __future__ import annotations

import pytest

from agent.wider import more_telling, with_mends
from medcoding.candidate import Candidate, CandidateOrigin
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.finding import Finding, Severity
from medcoding.proposal import Choice, Source
from retrieval.wording import forms


def offered(codebook: Codebook, *codes: str) -> tuple[Candidate, ...]:
    """Candidates with the titles of the book."""
    return tuple(
        Candidate(
            number=number, system=CodeSystem.ICD10CM, code=code, title=codebook.title(code),
            surface=codebook.title(code), score=1.0, origins=(CandidateOrigin.SEARCH,),
        )
        for number, code in enumerate(codes, start=1)
    )  # fmt: skip


def chosen(code: str) -> Choice:
    """The model's choice for mention 1."""
    return Choice(mention_id=1, code=code, reason="stated", source=Source.LLM, strength=0.9)


@pytest.mark.parametrize(
    ("code", "record", "finer"),
    [
        ("I50.9", "Acute on chronic systolic heart failure", {"I50.23"}),
        ("J45.909", "Moderate persistent asthma with acute exacerbation", {"J45.41"}),
        ("M17.9", "Bilateral primary osteoarthritis of knee", {"M17.0"}),
        ("I50.9", "Heart failure", set()),
        ("I10", "Essential hypertension with headache", set()),
    ],
)
def test_siblings_are_offered_when_the_record_has_their_words(
    code: str, record: str, finer: set[str], fy2027: Codebook
) -> None:
    """Acute on chronic systolic failure asks again about I50.9; a bare `heart failure` does not."""
    found = more_telling(chosen(code), offered(fy2027, code), frozenset(forms(record)), fy2027)
    assert finer <= {candidate.code for candidate in found}
    if not finer:
        assert found == ()


def test_the_chosen_code_stays_first_and_numbers_run_through(fy2027: Codebook) -> None:
    """The earlier answer can be given again; nothing that was offered before is offered twice."""
    before = offered(fy2027, "I50.9", "I50.22")
    found = more_telling(chosen("I50.9"), before, frozenset(forms("acute on chronic systolic heart failure")), fy2027)
    assert found[0].code == "I50.9"
    assert "I50.22" not in {candidate.code for candidate in found}
    assert [candidate.number for candidate in found] == list(range(1, len(found) + 1))


def test_the_mend_of_a_finding_is_offered(fy2027: Codebook) -> None:
    """Its billable codes join the candidates once; headers and codes that are there already do not."""
    finding = Finding(
        rule="form.more_characters", severity=Severity.MUST_RESOLVE, codes=("E11.9",), message="Say more.",
        source="I.B.2", mend="Choose one below it.", mend_codes=("E11.65", "E11", "E11.9"),
    )  # fmt: skip
    found = with_mends(offered(fy2027, "E11.9", "E11.8"), (finding, finding), fy2027)
    assert [candidate.code for candidate in found] == ["E11.9", "E11.8", "E11.65"]
