"""Behaviour of the set as a review changes it: pure, in order, and never forgetting."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.review.standing import Reviewing, Standing, admitted, standing
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Setting
from medcoding.errors import InputError, UnknownCodeError
from medcoding.proposal import Source
from medcoding.result import CodeLine, Rationale, Route
from medcoding.review import (
    Accept,
    Add,
    AnswerFinding,
    Disposition,
    Modify,
    Move,
    OpenEvidence,
    Reject,
    RejectReason,
    ReviewAction,
    Step,
    Undo,
)

TITLES: Final = {
    "M17.11": "Knee, right",
    "M17.12": "Knee, left",
    "I10": "Pressure",
    "E11.9": "Sugar",
    "W19.XXXA": "Fall",
}
START: Final = datetime(2026, 11, 24, 8, tzinfo=UTC)


def code_line(code: str, sequence: int, role: CodeRole = CodeRole.SECONDARY) -> CodeLine:
    """A suggestion."""
    return CodeLine(
        system=CodeSystem.ICD10CM, code=code, title=TITLES[code], role=role, sequence=sequence, confidence=0.9,
        confidence_reasons=(), documentation_score=1, route=Route.CODER, source=Source.RULES, evidence=(),
        rationale=Rationale(
            summary="", index_path=(), characters=(), instructions=(), guidelines=(), alternatives=(), would_change=""
        ),
    )  # fmt: skip


KNEE: Final = Reviewing(
    (code_line("M17.11", 1, CodeRole.FIRST_LISTED), code_line("I10", 2), code_line("E11.9", 3)),
    Setting.OUTPATIENT,
    lambda _, code: TITLES.get(code, ""),
)


def after(*steps: Step, reviewing: Reviewing = KNEE) -> Standing:
    """The set after some steps."""
    actions = [
        ReviewAction(number=n, by="anna", at=START + timedelta(seconds=n), step=step) for n, step in enumerate(steps, 1)
    ]
    return standing(reviewing, actions)


def shown(now: Standing) -> list[tuple[str, str]]:
    """The kept codes in order with their roles."""
    return [(line.code, line.role.value) for line in now.kept]


def test_nothing_is_decided_at_first() -> None:
    """Every suggestion waits, in the order of the result."""
    now = after()
    assert [line.id for line in now.undisposed] == ["s1", "s2", "s3"]
    assert shown(now)[0] == ("M17.11", "first_listed")


def test_each_disposition() -> None:
    """Accepted, modified and rejected lines say so, with the reason and what was suggested."""
    steps = (Accept(line="s1"), Modify(line="s2", poa="Y"), Reject(line="s3", reason=RejectReason.RULED_OUT))
    one, two, three = after(*steps).lines
    assert one.disposition is Disposition.ACCEPTED
    assert (two.disposition, two.poa) == (Disposition.MODIFIED, "Y")
    assert (three.disposition, three.reject_reason) == (Disposition.REJECTED, RejectReason.RULED_OUT)
    assert [line.suggested for line in (one, two, three)] == ["M17.11", "I10", "E11.9"]


def test_undo_takes_the_last_step_that_still_counts() -> None:
    """Twice undone are two steps back; looking at evidence is no step and stays."""
    steps = (
        Accept(line="s1"),
        OpenEvidence(line="s2"),
        Reject(line="s2", reason=RejectReason.INTEGRAL),
        Undo(),
        Undo(),
    )
    now = after(*steps)
    assert now.lines == after(OpenEvidence(line="s2")).lines
    assert [line.id for line in now.lines if line.evidence_opened] == ["s2"]


def test_a_rejected_code_can_be_taken_back() -> None:
    """A later word on the same line wins."""
    now = after(Reject(line="s2", reason=RejectReason.GUIDELINE), Accept(line="s2"))
    assert now.line("s2").disposition is Disposition.ACCEPTED
    assert now.line("s2").reject_reason is None


def test_accepting_what_was_modified_keeps_that_it_was() -> None:
    """The disposition tells supervisors that the suggestion did not stand."""
    now = after(Modify(line="s1", code="M17.12"), Accept(line="s1"))
    assert (now.line("s1").code, now.line("s1").disposition) == ("M17.12", Disposition.MODIFIED)
    assert now.line("s1").title == "Knee, left"


def test_the_first_diagnosis_leads() -> None:
    """Moved to the front, a code is first-listed and the former one is secondary; rejected, it hands the lead on."""
    assert shown(after(Move(line="s3", place=1)))[:2] == [("E11.9", "first_listed"), ("M17.11", "secondary")]
    assert shown(after(Reject(line="s1", reason=RejectReason.RULED_OUT)))[0] == ("I10", "first_listed")
    assert shown(after(Modify(line="s2", role=CodeRole.FIRST_LISTED)))[0] == ("I10", "first_listed")


def test_an_external_cause_never_leads() -> None:
    """At the front of an inpatient set stands the first code that is no external cause."""
    fall = Reviewing(
        (code_line("W19.XXXA", 1, CodeRole.EXTERNAL_CAUSE), code_line("I10", 2)), Setting.INPATIENT, KNEE.title_of
    )
    now = after(Move(line="s2", place=2), reviewing=fall)
    assert shown(now) == [("W19.XXXA", "external_cause"), ("I10", "principal")]


def test_added_codes_come_last_and_are_decided() -> None:
    """Who adds a code has accepted it."""
    now = after(Add(code="W19.XXXA", role=CodeRole.EXTERNAL_CAUSE))
    added = now.lines[-1]
    assert (added.id, added.title, added.suggested, added.disposition) == ("a1", "Fall", None, Disposition.ACCEPTED)


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (Accept(line="s9"), "no such line"),
        (Modify(line="s1", code="hello there"), "not written like a code"),
        (Modify(line="s1", code="Z99.999"), "does not exist"),
        (Modify(line="s1", code="i10"), "on the set already"),
        (Add(code="E119"), "on the set already"),
        (Move(line="s1", place=4), "3 places"),
        (Reject(line="s1", reason=RejectReason.OTHER), "add a few words"),
        (Undo(), "nothing to undo"),
    ],
)
def test_what_cannot_be_done_is_refused(step: Step, says: str) -> None:
    """Each refusal is one sentence that names the mend."""
    with pytest.raises(InputError, match=says):
        admitted(KNEE, after(), step)


def test_a_code_is_taken_as_a_person_types_it() -> None:
    """Lower case and no dot are read; a rejected code may be added again."""
    step = admitted(KNEE, after(), Modify(line="s1", code="m1712"))
    assert isinstance(step, Modify)
    assert step.code == "M17.12"
    gone = after(Reject(line="s2", reason=RejectReason.RULED_OUT))
    assert admitted(KNEE, gone, Add(code="I10")) == Add(code="I10")
    with pytest.raises(UnknownCodeError):
        admitted(KNEE, gone, Add(code="A00.0"))


def test_the_last_answer_to_a_finding_stands() -> None:
    """Answered twice, the rule shows the later reason; undone, the earlier one."""
    first, second = (
        AnswerFinding(rule="notes.excludes1", codes=("I10",), reason=r) for r in ("unrelated", "two visits")
    )
    assert [given.override.reason for given in after(first, second).overrides] == ["two visits"]
    assert [given.override.reason for given in after(first, second, Undo()).overrides] == ["unrelated"]


STEPS: Final = st.lists(
    st.one_of(
        st.builds(Accept, line=st.sampled_from(["s1", "s2", "s3"])),
        st.builds(Reject, line=st.sampled_from(["s1", "s2", "s3"]), reason=st.just(RejectReason.RULED_OUT)),
        st.builds(Move, line=st.sampled_from(["s1", "s2", "s3"]), place=st.integers(1, 3)),
        st.builds(Modify, line=st.sampled_from(["s1", "s2"]), poa=st.sampled_from(["Y", "N", ""])),
        st.builds(OpenEvidence, line=st.sampled_from(["s1", "s2", "s3"])),
    ),
    max_size=12,
)


@given(STEPS)
def test_laws_of_every_history(steps: list[Step]) -> None:
    """No line is ever lost or doubled, at most one code leads and it is the first, and undoing all gives the start."""
    now = after(*steps)
    assert sorted(line.id for line in now.lines) == ["s1", "s2", "s3"]
    leading = [line.id for line in now.kept if line.role is CodeRole.FIRST_LISTED]
    assert leading == [line.id for line in now.kept][:1]
    undone = after(*steps, *[Undo()] * len(steps))
    assert [line.model_copy(update={"evidence_opened": False}) for line in undone.lines] == list(after().lines)
