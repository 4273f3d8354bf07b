"""Behaviour of a coder's desk over a real store and the rules' own coding: gate, attestation, seeds, glass, trail."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.access.errors import ForbiddenError
from agent.pipeline import Pipeline
from agent.review.desk import Desk
from agent.review.glass import GlassError
from agent.review.past_cases import attested_cases
from agent.review.seeds import seeded_ids
from agent.store.errors import ConflictError, ErasedError, NoSuchCaseError
from agent.store.records import ReviewState
from medcoding.access import LOCAL_TENANT, Actor, Role
from medcoding.errors import InputError
from medcoding.finding import Severity
from medcoding.proposal import EvidenceQuote
from medcoding.review import Accept, Add, AnswerFinding, Disposition, Modify, Move, Reject, RejectReason, Undo
from tests.desks import ANNA, BERT, KNEE, SOUTH, all_accepted, coded_by, did, knee_visit, line_of, opened_desk, seat
from tests.stores import SAID

AUDITOR = Actor(id="audrey", tenant=LOCAL_TENANT, roles=frozenset({Role.AUDITOR}))


def actions(desk: Desk, case: str) -> list[str]:
    """What the trail says happened to a case after it was coded."""
    names = [event.action for event in desk.store.timeline(ANNA, case)]
    return names[names.index("case.coded") + 1 :]


async def test_a_day_from_opening_to_attestation(pipeline: Pipeline, tmp_path: Path) -> None:
    """Every suggestion decided, the set can be attested; each thing done is a row of the trail, and the trail holds."""
    with opened_desk(pipeline, tmp_path) as desk:
        case = await coded_by(pipeline, desk.store)
        found = desk.open(ANNA, case)
        assert [o.kind for o in found.obstacles] == ["undisposed"] * len(found.now.lines)
        found = desk.look(ANNA, case, "s1")
        found = desk.look(ANNA, case, "s1")
        found = all_accepted(desk, found)
        found = desk.attest(seat(found), found.final.digest)
        kept = found.attestation
        assert kept is not None
        assert found.summary.review is ReviewState.ATTESTED
        assert kept.signed.attestation.evidence_opened == 1
        assert kept.signed.final.lines[0].code == "M17.11"
        accepted = ["review.accept"] * len(found.now.lines)
        assert actions(desk, case) == [
            "case.locked", "chart.viewed", "review.begun", "review.evidence", *accepted, "attested",
        ]  # fmt: skip
        assert all(checked.bad is None for checked in desk.store.verify().values())


async def test_any_change_voids_the_attestation_for_good(pipeline: Pipeline, tmp_path: Path) -> None:
    """Another order is another set; undone again, the old word does not come back."""
    with opened_desk(pipeline, tmp_path) as desk:
        found = all_accepted(desk, desk.open(ANNA, await coded_by(pipeline, desk.store)))
        found = desk.attest(seat(found), found.final.digest)
        assert did(desk, found, Accept(line="s1")).attestation is not None, "the same set again changes nothing"
        found = did(desk, desk.again(ANNA, found.summary.id), Move(line="s2", place=1))
        assert found.attestation is None
        assert found.summary.review is ReviewState.OPEN
        found = did(desk, found, Undo())
        assert found.attestation is None
        assert "attestation.void" in actions(desk, found.summary.id)
        with pytest.raises(NoSuchCaseError):
            desk.signed(ANNA, found.summary.id)
        assert desk.attest(seat(found), found.final.digest).attestation is not None


async def test_attests_only_what_was_shown_and_is_settled(pipeline: Pipeline, tmp_path: Path) -> None:
    """An open suggestion and another digest are refused."""
    with opened_desk(pipeline, tmp_path) as desk:
        found = desk.open(ANNA, await coded_by(pipeline, desk.store))
        with pytest.raises(InputError, match="things are open"):
            desk.attest(seat(found), found.final.digest)
        shown = all_accepted(desk, found)
        changed = did(desk, shown, Modify(line="s1", poa="Y"))
        with pytest.raises(InputError, match="not the one that was shown"):
            desk.attest(seat(changed), shown.final.digest)


async def test_must_resolve_blocks_until_it_is_answered(pipeline: Pipeline, tmp_path: Path) -> None:
    """An Excludes1 pair stands in the way until a person says why it stands; advice never does."""
    text = f"{KNEE}4. Acute bronchitis. 5. Chronic bronchitis, simple. {SAID}."
    with opened_desk(pipeline, tmp_path) as desk:
        found = desk.open(ANNA, await coded_by(pipeline, desk.store, knee_visit(text=text)))
        found = did(desk, found, Modify(line=line_of(found, "E11.9"), code="E10.9"))
        found = did(desk, all_accepted(desk, found), Add(code="E11.9", evidence=found.now.lines[0].evidence))
        pressing = [o for o in found.obstacles if o.kind == "finding"]
        assert pressing
        assert {o.kind for o in found.obstacles} == {"finding"}
        for finding in found.findings:
            if finding.severity is not Severity.ADVISE and finding.override is None:
                answer = AnswerFinding(rule=finding.rule, codes=finding.codes, reason=f"two problems, {SAID}")
                found = did(desk, found, answer)
        assert found.obstacles == ()
        assert found.final.overrides
        rows = [event.model_dump_json() for event in desk.store.timeline(ANNA, found.summary.id)]
        assert not any(SAID in row for row in rows), "a person's own words are not in the trail"


async def test_an_added_code_passes_the_same_rules(pipeline: Pipeline, tmp_path: Path) -> None:
    """Without the provider's words it cannot be attested, and no reason helps; with them it can."""
    with opened_desk(pipeline, tmp_path) as desk:
        found = all_accepted(desk, desk.open(ANNA, await coded_by(pipeline, desk.store)))
        bare = did(desk, found, Add(code="M25.561"))
        assert "M25.561 has no verbatim evidence in the record." in [o.words for o in bare.obstacles]
        with pytest.raises(InputError, match="plain fact"):
            did(desk, bare, AnswerFinding(rule="evidence.verbatim", codes=("M25.561",), reason="I know it"))
        start = KNEE.index("right knee pain")
        quote = EvidenceQuote(document_id="note", start=start, end=start + 15, text="right knee pain")
        again = did(desk, bare, Undo(), Add(code="M25.561", evidence=(quote,)))
        assert not [o for o in again.obstacles if "verbatim" in o.words]


async def test_two_coders_do_not_meet_on_one_case(pipeline: Pipeline, tmp_path: Path) -> None:
    """Who does not hold the case changes nothing; who holds an old page of it neither."""
    with opened_desk(pipeline, tmp_path) as desk:
        found = desk.open(ANNA, await coded_by(pipeline, desk.store))
        with pytest.raises(ConflictError, match="do not hold"):
            did(desk, found, Accept(line="s1"), actor=BERT)
        did(desk, found, Accept(line="s1"))
        with pytest.raises(ConflictError, match="changed meanwhile"):
            did(desk, found, Accept(line="s2"))


async def test_glass_is_broken_with_a_reason_and_for_reading_only(pipeline: Pipeline, tmp_path: Path) -> None:
    """A colleague's case and an auditor's curiosity open with a reason that the trail keeps; nothing can be changed."""
    with opened_desk(pipeline, tmp_path) as desk:
        case = await coded_by(pipeline, desk.store)
        desk.open(ANNA, case)
        for actor in (BERT, AUDITOR):
            with pytest.raises(GlassError):
                desk.open(actor, case)
            with pytest.raises(InputError, match="says nothing"):
                desk.break_glass(actor, case, "because")
            desk.break_glass(actor, case, f"Complaint about the bill, {SAID}")
            found = desk.open(actor, case)
            assert not found.mine
            with pytest.raises((ForbiddenError, ConflictError)):
                did(desk, found, Accept(line="s1"), actor=actor)
        assert actions(desk, case).count("break_glass") == 2
        assert not any(SAID in event.model_dump_json() for event in desk.store.timeline(ANNA, case))


async def test_another_tenants_case_is_no_case(pipeline: Pipeline, tmp_path: Path) -> None:
    """Not even broken glass shows that it exists."""
    with opened_desk(pipeline, tmp_path) as desk:
        case = await coded_by(pipeline, desk.store)
        await coded_by(pipeline, desk.store, knee_visit("other"), SOUTH)
        for ask in (desk.open, desk.again, desk.signed):
            with pytest.raises(NoSuchCaseError):
                ask(SOUTH, case)
        with pytest.raises(NoSuchCaseError):
            desk.break_glass(SOUTH, case, "I want to see whether it exists")


async def test_a_new_submission_starts_a_new_review(pipeline: Pipeline, tmp_path: Path) -> None:
    """Steps on the old version are refused, and what was decided there is not carried over."""
    with opened_desk(pipeline, tmp_path) as desk:
        case = await coded_by(pipeline, desk.store)
        old = did(desk, desk.open(ANNA, case), Accept(line="s1"))
        assert await coded_by(pipeline, desk.store, knee_visit(text=f"{KNEE}4. Gout.")) == case
        with pytest.raises(ConflictError, match="sent again"):
            did(desk, old, Accept(line="s2"))
        new = desk.open(ANNA, case)
        assert new.summary.version == 2
        assert len(new.now.undisposed) == len(new.now.lines)


async def test_erased_text_cannot_be_opened_from_memory(pipeline: Pipeline, tmp_path: Path) -> None:
    """What the desk still has in memory is not shown once the case's key is gone."""
    with opened_desk(pipeline, tmp_path) as desk:
        case = await coded_by(pipeline, desk.store)
        desk.open(ANNA, case)
        desk.store.erase_case(ANNA, case)
        with pytest.raises(ErasedError):
            desk.again(ANNA, case)


class TestSeeds:
    """Known-wrong suggestions."""

    async def test_a_seed_looks_like_any_other_and_never_leaves(self, pipeline: Pipeline, tmp_path: Path) -> None:
        """Accepted blindly it is missing from the final set all the same, and the supervisor sees that it passed."""
        with opened_desk(pipeline, tmp_path, seed_share=1.0) as desk:
            found = desk.open(ANNA, await coded_by(pipeline, desk.store))
            (seed_id,) = seeded_ids(found.past.opening.seed)
            seed = found.now.line(seed_id)
            assert seed.code not in {line.code for line in found.result.codes}
            assert seed.evidence
            assert {quote.assertion for quote in seed.evidence} == {"present"}
            assert found.now.lines[0].id != seed_id
            suggested = found.line_as_suggested(seed_id)
            assert suggested is not None
            assert suggested.rationale.characters
            assert suggested.rationale.guidelines
            assert suggested.confidence in {line.confidence for line in found.result.codes}
            assert seed.code not in {item.code for item in found.result.not_coded}
            found = all_accepted(desk, found)
            found = desk.attest(seat(found), found.final.digest)
            assert seed.code not in {line.code for line in found.final.lines}
            assert [line.sequence for line in found.final.lines] == list(range(1, len(found.result.codes) + 1))
            auditor = desk.supervision(AUDITOR)[0]
            assert (auditor.coders[0].seeds_shown, auditor.coders[0].seeds_caught) == (1, 0)
            assert auditor.suggestions == len(found.result.codes)

    async def test_a_rejected_seed_is_caught(self, pipeline: Pipeline, tmp_path: Path) -> None:
        """Rejected or changed, it counts as caught; the trail does not tell which it was."""
        with opened_desk(pipeline, tmp_path, seed_share=1.0) as desk:
            found = desk.open(ANNA, await coded_by(pipeline, desk.store))
            (seed_id,) = seeded_ids(found.past.opening.seed)
            found = all_accepted(desk, did(desk, found, Reject(line=seed_id, reason=RejectReason.RULED_OUT)))
            found = desk.attest(seat(found), found.final.digest)
            coder = desk.supervision(AUDITOR)[0].coders[0]
            assert (coder.seeds_shown, coder.seeds_caught) == (1, 1)
            assert "seed" not in "".join(
                event.model_dump_json() for event in desk.store.timeline(ANNA, found.summary.id)
            )

    async def test_without_a_share_there_is_none(self, pipeline: Pipeline, tmp_path: Path) -> None:
        """The default seeds nothing, and the trail looks the same."""
        with opened_desk(pipeline, tmp_path) as desk:
            found = desk.open(ANNA, await coded_by(pipeline, desk.store))
            assert found.past.opening.seed is None
            assert actions(desk, found.summary.id) == ["case.locked", "chart.viewed", "review.begun"]


async def test_attested_cases_become_past_encounters(pipeline: Pipeline, tmp_path: Path) -> None:
    """What was attested comes out as a coded encounter of its coder, with the quotes of each code."""
    with opened_desk(pipeline, tmp_path) as desk:
        found = desk.open(ANNA, await coded_by(pipeline, desk.store))
        await coded_by(pipeline, desk.store, knee_visit("not-attested"))
        found = all_accepted(desk, did(desk, found, Reject(line=line_of(found, "I10"), reason=RejectReason.GUIDELINE)))
        desk.attest(seat(found), found.final.digest)
        (past,) = attested_cases(desk.store, ANNA)
        assert past.provenance.attested_by == "anna"
        assert [line.code for line in past.codes] == [line.code for line in found.now.kept]
        assert all(line.evidence for line in past.codes)
        assert "I10" not in {line.code for line in past.codes}


async def test_supervision_shows_agreement_and_reasons(pipeline: Pipeline, tmp_path: Path) -> None:
    """Shares of what was accepted, modified and rejected, per coder and category, with the reject reasons."""
    with opened_desk(pipeline, tmp_path) as desk:
        found = desk.open(ANNA, await coded_by(pipeline, desk.store))
        found = did(
            desk, found, Reject(line=line_of(found, "I10"), reason=RejectReason.COPIED_FORWARD),
            Modify(line=line_of(found, "M17.11"), code="M17.12"),
        )  # fmt: skip
        found = all_accepted(desk, found)
        assert found.now.line(line_of(found, "M17.12")).disposition is Disposition.MODIFIED
        for finding in found.findings:
            if finding.severity is not Severity.ADVISE:
                found = did(
                    desk, found, AnswerFinding(rule=finding.rule, codes=finding.codes, reason="typed wrong side")
                )
        desk.attest(seat(found), found.final.digest)
        figures, _ = desk.supervision(AUDITOR)
        assert figures.reject_reasons == {"copied_forward": 1}
        assert figures.agreement == (len(found.now.lines) - 2) / len(found.now.lines)
        assert figures.categories[0].agreement == 0
        with pytest.raises(ForbiddenError):
            desk.supervision(ANNA)
