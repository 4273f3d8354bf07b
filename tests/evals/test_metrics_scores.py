"""Scoring one encounter: what is looked up, what is kept, what is refused."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from evals.metrics import Part, quote_precision, token_f1, token_precision, token_recall
from evals.scores import by_case, score
from medcoding.codebook import Codebook
from medcoding.coded_encounter import FinalCode
from medcoding.codes import CodeSystem
from medcoding.encounter import Document
from medcoding.errors import InputError
from medcoding.procedures import ProcedureBook, ProcedureCode, ProcedureContent, ProcedureRelease, write_procedure_book
from medcoding.proposal import EvidenceQuote
from medcoding.result import Cost
from tests.evals.scored_encounters import coded, final, forbidden, line, quote, result, scored

NOTE = "Type 2 diabetes with chronic kidney disease, stage 3a. Hypertension. Plan: stage 3a noted, continue insulin."


def test_a_missing_answer_keeps_all_gold(fy2027: Codebook) -> None:
    """A failed encounter is scored with every gold code and no answered one."""
    found = score(coded(NOTE, final("E11.22"), final("N18.31", 2)), None, fy2027)
    assert (found.answered, len(found.gold), found.answer, found.latency_ms) == (False, 2, (), None)


def test_gold_that_had_ended_is_reported_and_kept(fy2026: Codebook, fy2027: Codebook) -> None:
    """A header and an invented code may not be billed; a code of the new edition is invalid one day before it."""
    begun = next(e.code for e in fy2027.entries() if e.billable and not fy2026.is_billable(e.code))
    gold = coded(NOTE, final("E11"), final(begun, 2), final("E11.9", 3), date_of_service=date(2026, 10, 1))
    assert score(gold, None, fy2027).invalid_gold == ("E11",)
    assert score(gold, None, fy2026).invalid_gold == ("E11", begun)
    assert [c.code for c in score(gold, None, fy2026).gold] == ["E11", begun, "E11.9"]


def test_procedures_are_checked_on_their_day(fy2027: Codebook, tmp_path: Path) -> None:
    """A supply code that ended in September is invalid in November; without the book nothing is said of it."""
    ended = ProcedureCode(system=CodeSystem.HCPCS, code="J1815", effective_to=date(2026, 9, 30))
    release = ProcedureRelease(system=CodeSystem.HCPCS, name="2026 OCT", source="invented", dated=True)
    write_procedure_book(tmp_path / "hcpcs.sqlite", ProcedureContent(release, (ended,)))
    book = ProcedureBook(tmp_path / "hcpcs.sqlite")
    autumn, summer = coded(NOTE, final("J1815")), coded(NOTE, final("J1815"), date_of_service=date(2026, 7, 1))
    assert score(autumn, None, fy2027, book).invalid_gold == ("J1815",)
    assert score(summer, None, fy2027, book).invalid_gold == score(autumn, None, fy2027).invalid_gold == ()
    book.close()


def test_forbidden_header_covers_what_stands_below_it(fy2027: Codebook) -> None:
    """E10 forbids every type 1 code, E11.9 itself alone, and pneumonia (J18) no insulin (HCPCS J1815)."""
    gold = coded(NOTE, final("E11.22"), must_not=forbidden("E10", "E11.9", "I15", "J18"))
    found = score(gold, result(line("E10.22"), line("E11.22", 2), line("J1815", 3)), fy2027)
    assert found.must_not_answered == ("E10",)


def test_codes_know_their_chapter_and_their_order(fy2027: Codebook) -> None:
    """By sequence, not by place in the file; HCPCS codes have no chapter; a code stands once."""
    found = score(coded(NOTE, final("J1815", 3), final("N18.31", 2), final("E11.22"), final("J1815", 4)), None, fy2027)
    assert [(c.code, c.chapter, c.sequence) for c in found.gold] == [
        ("E11.22", "4", 1),
        ("N18.31", "14", 2),
        ("J1815", None, 3),
    ]


def test_no_words_of_the_note_are_kept(fy2027: Codebook) -> None:
    """Evidence is kept as offsets, so a stored score holds no note text."""
    evidence = (quote(NOTE, "chronic kidney disease"),)
    gold = coded(NOTE, final("N18.31", evidence=evidence))
    stored = score(gold, result(line("N18.31", evidence=evidence)), fy2027).model_dump_json()
    assert "kidney" not in stored
    assert '"start":21' in stored


def test_evidence_counts_words_and_quotes(fy2027: Codebook) -> None:
    """Gold: "chronic kidney disease, stage 3a", five words; answer: three of them and one of its own."""
    gold = coded(NOTE, _quoted("chronic kidney disease, stage 3a"))
    found = score(gold, result(line("N18.31", evidence=(quote(NOTE, "with chronic kidney disease"),))), fy2027)
    assert token_precision(found) == Part(3, 4)
    assert token_recall(found) == Part(3, 5)
    assert token_f1(found) == Part(6, 9)
    assert quote_precision(found) == Part(1, 1)


def test_the_same_words_elsewhere_match_as_substring_only(fy2027: Codebook) -> None:
    """A copied-forward "stage 3a" is the right quote at another place: no shared token, a matching quote."""
    gold = coded(NOTE, _quoted("chronic kidney disease, stage 3a"))
    found = score(gold, result(line("N18.31", evidence=(quote(NOTE, "Stage 3A".lower(), nth=1),))), fy2027)
    assert token_precision(found) == Part(0, 2)
    assert quote_precision(found) == Part(1, 1)


def test_part_of_a_word_is_no_match(fy2027: Codebook) -> None:
    """ "tension" stands inside "Hypertension" as letters and not as a word; full stops match nothing."""
    text = "Hypertension. She feels tension."
    gold = coded(text, final("I10", evidence=(quote(text, "Hypertension"), quote(text, "."))))
    evidence = (quote(text, "tension", nth=1), quote(text, ".", nth=1))
    found = score(gold, result(line("I10", evidence=evidence)), fy2027)
    assert quote_precision(found) == Part(0, 2)


def test_a_word_beside_a_quote_is_not_inside_it(fy2027: Codebook) -> None:
    """A quote that takes the blanks along holds one word, not its neighbours."""
    gold = coded(NOTE, _quoted("kidney"))
    found = score(gold, result(line("N18.31", evidence=(quote(NOTE, " kidney "),))), fy2027)
    assert token_f1(found) == Part(2, 2)


def test_the_same_offsets_in_another_document_are_another_place(fy2027: Codebook) -> None:
    """The discharge summary's first words are not the consult's."""
    texts = {"note": "Stage 3a kidney disease.", "consult": "Seen for palpitations."}
    documents = tuple(Document(document_id=name, text=text) for name, text in texts.items())
    gold = coded("", final("N18.31", evidence=(quote(texts["note"], "Stage 3a"),)), documents=documents)
    other = EvidenceQuote(document_id="consult", start=0, end=8, text="Seen for")
    found = score(gold, result(line("N18.31", evidence=(other,))), fy2027)
    assert (token_precision(found), quote_precision(found)) == (Part(0, 2), Part(0, 1))


def test_evidence_is_scored_for_right_codes_whose_gold_quotes(fy2027: Codebook) -> None:
    """A wrong code's quote is wrong already as a code; a gold without quotes says nothing."""
    gold = coded(NOTE, final("E11.22"), _quoted("stage 3a", sequence=2))
    answer = result(line("E11.22", evidence=(quote(NOTE, "insulin"),)), line("I10", 2, (quote(NOTE, "Hypertension"),)))
    assert score(gold, answer, fy2027).overlaps == ()


def test_cost_is_summed_over_stages(fy2027: Codebook) -> None:
    """Latency is the sum of the stages; an answer that does not tell has none."""
    cost = Cost(tokens_in=900, tokens_out=40, stage_ms={"mentions": 12.5, "verify": 30.0}, money=0.02)
    found = score(coded(NOTE, final("I10")), result(line("I10"), cost=cost), fy2027)
    assert (found.latency_ms, found.tokens_in, found.tokens_out, found.money) == (42.5, 900, 40, 0.02)
    assert score(coded(NOTE, final("I10")), result(line("I10")), fy2027).latency_ms is None


def test_another_encounters_answer_is_refused(fy2027: Codebook) -> None:
    """A mix-up would score as wrong codes; it is said instead."""
    with pytest.raises(InputError, match="pair them by case_id"):
        score(coded(NOTE, final("I10")), result(line("I10"), case_id="other"), fy2027)


def test_a_case_scored_twice_is_refused() -> None:
    """A doubled record of a resumed run would count twice."""
    with pytest.raises(InputError, match="case-1 is scored twice"):
        by_case([scored("I10", "I10", "case-1"), scored("I10", "", "case-1")])


def _quoted(words: str, sequence: int = 1) -> FinalCode:
    return final("N18.31", sequence, (quote(NOTE, words),))
