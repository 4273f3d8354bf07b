"""What a name found in a line stands for."""

from __future__ import annotations

import pytest

from agent.kinds import kind_of
from agent.naming import Match, as_drug, as_operation, is_cut_short, names_something_else, parted, with_code
from medcoding.mention import MentionKind
from retrieval.dictionary import Dictionary, Term
from tests.lines import term

HERNIA = term("inguinal hernia", "K40.90")
PACEMAKER = term("pacemaker", "Z95.0", chronic=True)
FOLEY = term("foley", "Z96.0")
TETANUS = term("tetanus", "A35")


def match_in(text: str, what: Term) -> Match:
    """The match of a term's own words in a text."""
    start = text.lower().index(what.text.lower())
    return Match(start, start + len(what.text), what)


@pytest.mark.parametrize(
    ("text", "what", "words", "kind", "stems"),
    [
        ("Inguinal hernia repair", HERNIA, "Inguinal hernia repair", "procedure", ()),
        ("Inguinal hernia, repair planned", HERNIA, "Inguinal hernia", "problem", ("K40.90",)),
        ("Inguinal hernia repaired", HERNIA, "Inguinal hernia", "problem", ("K40.90",)),
        ("Pacemaker placed in 2019", PACEMAKER, "Pacemaker placed", "procedure", ("Z95.0",)),
        ("Pacemaker in place", PACEMAKER, "Pacemaker", "problem", ("Z95.0",)),
        ("Foley placed", FOLEY, "Foley", "problem", ("Z96.0",)),
    ],
)
def test_what_is_done_to_a_disease_is_an_operation(
    text: str, what: Term, words: str, kind: str, stems: tuple[str, ...]
) -> None:
    """A status keeps the code that the operation leaves behind; nothing follows from a repair."""
    found = as_operation(text, match_in(text, what))
    assert (text[found.start : found.end], kind_of(found.term).value, found.term.stems) == (words, kind, stems)


@pytest.mark.parametrize(
    ("text", "what", "kind"),
    [
        ("tetanus updated", TETANUS, MentionKind.DRUG),
        ("tetanus after a rusty nail", TETANUS, MentionKind.PROBLEM),
        ("digoxin 125 mcg", term("digoxin", "T46.0X"), MentionKind.DRUG),
        ("digoxin toxicity", term("digoxin toxicity", "T46.0X1A"), MentionKind.PROBLEM),
    ],
)
def test_a_vaccine_and_a_medicine_are_drugs(text: str, what: Term, kind: MentionKind) -> None:
    """A disease named for its vaccine is the vaccine; a drug's name alone is no poisoning."""
    assert kind_of(as_drug(text, match_in(text, what)).term) is kind


@pytest.mark.parametrize(
    ("text", "what", "expected"),
    [
        ("hypertension clinic", term("hypertension", "I10"), True),
        ("depression screen negative", term("depression", "F32.A"), True),
        ("depression is worse", term("depression", "F32.A"), False),
        ("UDS appropriate", term("UDS drug screen", source="procedure", stems=()), True),
        ("screening mammogram", term("screening mammogram", source="procedure", stems=()), False),
    ],
)
def test_the_name_of_a_service_or_study_is_none_of_the_patient(text: str, what: Term, *, expected: bool) -> None:
    """A clinic, a questionnaire, a laboratory study."""
    end = len(what.text) if text.startswith(what.text) else 3
    assert names_something_else(text, Match(0, end, what)) is expected


def test_letters_that_go_on_are_another_word() -> None:
    """`HD3` is the third hospital day."""
    assert is_cut_short("HD3", Match(0, 2, term("HD", "Z99.2")))
    assert not is_cut_short("HD today", Match(0, 2, term("HD", "Z99.2")))


def test_a_comma_parts_two_terms() -> None:
    """`Nausea, vomiting` is two complaints."""
    both = Dictionary([term("nausea", "R11.0"), term("vomiting", "R11.10")])
    found = parted("nausea, vomiting", Match(0, 16, term("nausea vomiting", "R11.2")), both)
    assert [one.term.stems for one in found] == [("R11.0",), ("R11.10",)]


def test_an_operation_takes_the_code_of_the_status_it_leaves() -> None:
    """`Pacemaker placement` in the past leaves a pacemaker; a disease inside an operation's name does not count."""
    known = Dictionary([PACEMAKER, HERNIA])
    placement = term("pacemaker placement", source="procedure", stems=())
    assert with_code(Match(0, 19, placement), [], known).term.stems == ("Z95.0",)
    repair = term("inguinal hernia repair", source="procedure", stems=())
    assert with_code(Match(0, 22, repair), [], known).term.stems == ()
