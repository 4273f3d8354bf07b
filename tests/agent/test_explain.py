"""The rationale of a code, in facts a coder can check."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from agent.explain import Explainer, Facts
from medcoding.candidate import Candidate, CandidateOrigin, SimilarEncounter
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.encounter import Setting
from medcoding.guideline import GuidelineEntry
from medcoding.mention import Assertion, Axes, Mention
from medcoding.result import Rationale
from tests.books import excerpts
from tests.charts import chart, mention
from tests.flow.notes import proposed

PASSAGES = (
    GuidelineEntry(
        id="I.C.9.a", edition="FY2027", title="Hypertension", text="Presumed links.", categories=("I10-I16",)
    ),
    GuidelineEntry(id="I.C.9.a.1", edition="FY2027", title="With heart", text="Heart.", categories=("I11",)),
    GuidelineEntry(id="II.H", edition="FY2027", title="Uncertain", text="As if.", settings=(Setting.INPATIENT,)),
    GuidelineEntry(
        id="IV.H", edition="FY2027", title="Uncertain", text="Never.", settings=(Setting.OUTPATIENT, Setting.ED)
    ),
    GuidelineEntry(
        id="III.A", edition="FY2027", title="Stay", text="Stay.", categories=("I10",), settings=(Setting.INPATIENT,)
    ),
)
EXPLAINER = Explainer(PASSAGES)


def offer(code: str, title: str, surface: str = "") -> Candidate:
    """A candidate of the leading mention."""
    return Candidate(
        number=1,
        system=CodeSystem.ICD10CM,
        code=code,
        title=title,
        surface=surface or title,
        score=1.0,
        origins=(CandidateOrigin.DICTIONARY,),
    )


def explained(
    book: Codebook,
    code: str,
    *mentions: Mention,
    setting: str = "outpatient",
    beside: tuple[str, ...] = (),
    **changes: Any,
) -> Rationale:
    """The rationale of a code beside others."""
    explainer: Explainer = changes.pop("explainer", EXPLAINER)
    facts = {k: changes.pop(k) for k in ("candidates", "similar", "open_axes") if k in changes}
    values: dict[str, Any] = {"candidates": (), "similar": (), "open_axes": ()} | facts
    return explainer.explain(
        Facts(
            chart=chart(setting=setting),
            line=proposed(code, **changes),
            mentions=mentions or (mention(1, "HTN", 1, query="hypertension", heads_problem=True),),
            all_codes=(code, *beside),
            **values,
        ),
        book,
    )


def test_the_summary_quotes_the_record(fy2027: Codebook) -> None:
    """Code, title, the author's own words, where they stand, how they are meant, and who chose why."""
    words = explained(fy2027, "I10", reason="It fits.").summary
    assert words == (
        "I10 Essential (primary) hypertension: the record says “HTN” (assessment, present); stated as a problem."
        " It fits."
    )


@pytest.mark.parametrize(
    ("changes", "ground"),
    [
        ({"chronic": True}, "a lasting condition"),
        ({"assertion": Assertion.HISTORICAL}, "a past condition"),
        ({}, "part of the assessment or course"),
    ],
)
def test_the_summary_says_why_it_counts(changes: dict[str, Any], ground: str, fy2027: Codebook) -> None:
    """Where it is not stated as a problem of its own."""
    assert ground in explained(fy2027, "I10", mention(1, "HTN", 1, **changes)).summary


@pytest.mark.parametrize("code", ["I10", "M25.561", "S93.401A", "U07.1", "Z68.32", "E11.22"])
def test_the_path_ends_at_the_code(code: str, fy2027: Codebook) -> None:
    """From the words looked up down the tabular list to the code itself, chapter before block before category."""
    path = explained(fy2027, code).index_path
    assert path[0] == "hypertension"
    assert path[-1] == f"{code} {fy2027.title(code)}"
    assert path[-2].startswith(fy2027.lineage(code)[1].code)


def test_the_path_shows_the_wording_that_matched(fy2027: Codebook) -> None:
    """The surface stands behind the words, once."""
    surface = offer("I10", "Essential hypertension", "high blood pressure")
    assert explained(fy2027, "I10", candidates=(surface,)).index_path[:2] == ("hypertension", "high blood pressure")
    same = offer("I10", "Essential hypertension", "Hypertension")
    assert explained(fy2027, "I10", candidates=(same,)).index_path[1].startswith("9 ")


def test_the_path_leads_through_the_alphabetic_index(tmp_path: Path, fy2027: Codebook) -> None:
    """Main term, subterm, printed stem, then the tabular list down to the code: what a coder would look up."""
    with closing(excerpts(tmp_path, fy2027)) as index:
        indexed = Explainer(PASSAGES, {"FY2027": index})
        sore = mention(1, "sore foot", 1, axes=Axes(laterality="right"))
        path = explained(fy2027, "M79.671", sore, explainer=indexed, candidates=(offer("M79.671", "Foot"),)).index_path
    assert path[:3] == ("sore foot", "Alphabetic Index: Sore, soreness", "foot: M79.67-")
    assert path[3].startswith("13 ")
    assert path[-1].startswith("M79.671 ")


def test_the_wording_stays_where_the_index_shares_no_word(tmp_path: Path, fy2027: Codebook) -> None:
    """A path that says other words than the record is joined to it by the wording that matched, or not shown."""
    tender, painful = offer("M79.671", "Foot", "soreness of the foot"), offer("M79.671", "Foot", "pain")
    hurt = mention(1, "hurts", 1)
    with closing(excerpts(tmp_path, fy2027)) as index:
        indexed = Explainer(PASSAGES, {"FY2027": index})
        joined = explained(fy2027, "M79.671", hurt, explainer=indexed, candidates=(tender,)).index_path
        unjoined = explained(fy2027, "M79.671", hurt, explainer=indexed, candidates=(painful,)).index_path
    assert joined[:3] == ("hurts", "soreness of the foot", "Alphabetic Index: Sore, soreness")
    assert unjoined[:2] == ("hurts", "pain")
    assert unjoined[2].startswith("13 ")


def test_each_character_says_where_it_comes_from(fy2027: Codebook) -> None:
    """What the record says, what it leaves open, what the setting gives."""
    right = mention(1, "ankle sprain", 1, query="ankle sprain", axes=Axes(laterality="right", episode="initial"))
    levels = {c.characters: c.origin for c in explained(fy2027, "S93.401A", right).characters}
    assert list(levels) == ["S93", "S93.4", "S93.40", "S93.401", "S93.401A"]
    assert levels["S93.4"] == "documented"
    assert levels["S93.40"] == "not documented"
    assert levels["S93.401"] == "documented"
    assert levels["S93.401A"] == "setting"


def test_the_seventh_character_has_its_own_meaning(fy2027: Codebook) -> None:
    """`A` is the initial encounter, not the title again."""
    assert explained(fy2027, "S93.401A").characters[-1].meaning.lower() == "initial encounter"


def test_instructions_say_whether_they_were_followed(fy2027: Codebook) -> None:
    """`Use additional code` at I12 and E11.22 names the stage: applied when it is there, to check when it is not."""
    alone = [i for i in explained(fy2027, "E11.22").instructions if "N18" in i.text]
    beside = [i for i in explained(fy2027, "E11.22", beside=("N18.31",)).instructions if "N18" in i.text]
    assert {i.status for i in alone} == {"to check"}
    assert {i.status for i in beside} == {"applied: N18.31"}


def test_an_excludes_note_is_raised_only_by_a_code_it_names(fy2027: Codebook) -> None:
    """Beside the excluded code it is to check, without it it does not apply."""
    notes = [i for i in explained(fy2027, "R05.9", beside=("A37.00",)).instructions if i.kind == "excludes1"]
    assert any(i.status == "to check: A37.00" for i in notes)
    quiet = [i for i in explained(fy2027, "R05.9", beside=("I10",)).instructions if i.kind.startswith("excludes")]
    assert quiet
    assert {i.status for i in quiet} == {"does not apply"}


def test_an_instruction_names_the_entry_that_carries_it(fy2027: Codebook) -> None:
    """The code itself or one above it, with the note's own words."""
    places = {e.code for e in fy2027.lineage("E11.22")}
    for instruction in explained(fy2027, "E11.22").instructions:
        entry = fy2027.entry(instruction.at)
        assert instruction.at in places
        assert entry is not None
        assert any(instruction.text in str(line) for line in getattr(entry.notes, instruction.kind))


@pytest.mark.parametrize(("setting", "section"), [("inpatient", "II.H"), ("outpatient", "IV.H"), ("ed", "IV.H")])
def test_an_uncertain_diagnosis_cites_the_settings_guideline(setting: str, section: str, fy2027: Codebook) -> None:
    """First of all, because it decided."""
    uncertain = mention(1, "HTN", 1, assertion=Assertion.POSSIBLE)
    assert explained(fy2027, "I10", uncertain, setting=setting).guidelines[0].id == section


def test_the_narrowest_governing_section_is_cited(fy2027: Codebook) -> None:
    """The code's own chapter first, a category before its range; one for another setting is not cited."""
    assert [g.id for g in explained(fy2027, "I11.0").guidelines] == ["I.C.9.a.1", "I.C.9.a"]
    assert [g.id for g in explained(fy2027, "I10").guidelines] == ["I.C.9.a"]
    assert [g.id for g in explained(fy2027, "I10", setting="inpatient").guidelines] == ["I.C.9.a", "III.A"]
    assert explained(fy2027, "M10.9").guidelines == ()


def test_a_section_that_decided_is_cited_before_the_governing_ones(fy2027: Codebook) -> None:
    """The reason of a combination names its section."""
    line = explained(fy2027, "I13.0", reason="I.C.9.a.1: the two are reported together.")
    assert [g.id for g in line.guidelines] == ["I.C.9.a.1", "I.C.9.a"]


def test_each_alternative_says_what_it_would_need(fy2027: Codebook) -> None:
    """The words the record does not say; what is reported as well is no alternative."""
    offered = (
        offer("M25.561", "Pain in right knee"),
        offer("M25.562", "Pain in left knee"),
        offer("M17.11", "Unilateral primary osteoarthritis, right knee"),
        offer("I10", "Essential (primary) hypertension"),
        offer("M25.569", "Pain in unspecified knee"),
    )
    offers = tuple(o.model_copy(update={"number": n}) for n, o in enumerate(offered, start=1))
    right = mention(1, "right knee pain", 1, axes=Axes(laterality="right"))
    found = explained(fy2027, "M25.561", right, candidates=offers, beside=("I10",)).alternatives
    assert [a.code for a in found] == ["M25.562", "M17.11", "M25.569"]
    assert "“left”" in found[0].why_not
    assert "osteoarthritis" in found[1].why_not
    assert found[2].why_not == "The chosen code says more of what the record says."


def test_without_other_candidates_the_siblings_are_the_alternatives(fy2027: Codebook) -> None:
    """At most three codes of the same parent."""
    found = explained(fy2027, "M25.561").alternatives
    assert [a.code for a in found] == ["M25.562", "M25.569"]
    assert all(a.title == fy2027.title(a.code) for a in found)


@pytest.mark.parametrize(
    ("code", "changes", "words"),
    [
        ("I10", {"missing": "the stage of the kidney disease"}, "the stage of the kidney disease"),
        ("M25.569", {"open_axes": ("laterality",)}, "Documentation of laterality would give a more specific code"),
        ("M25.569", {"open_axes": ("laterality",)}, "M25.561 Pain in right knee"),
        ("I10", {}, "ruled out, resolved or not the patient's own"),
    ],
)
def test_one_fact_would_change_the_code(code: str, changes: dict[str, Any], words: str, fy2027: Codebook) -> None:
    """What the model missed, else what the record leaves open, else that it is not so."""
    assert words in explained(fy2027, code, **changes).would_change


def test_no_less_telling_code_is_given_as_an_example(fy2027: Codebook) -> None:
    """A sprain whose ligament is open is not mended by naming the other ankle."""
    assert "S93.4" not in explained(fy2027, "S93.401A", open_axes=("type, site or severity",)).would_change


def test_similar_encounters_share_the_category(fy2027: Codebook) -> None:
    """At most three of those that were coded near."""
    near = [SimilarEncounter(case_id=f"p{n}", score=0.5, codes=("I10", "M10.9")) for n in range(5)]
    far = SimilarEncounter(case_id="far", score=0.9, codes=("J18.9",))
    assert [s.case_id for s in explained(fy2027, "I10", similar=(far, *near)).similar_encounters] == ["p0", "p1", "p2"]


def test_a_code_outside_the_book_is_not_explained(fy2027: Codebook) -> None:
    """The guardrails have removed it before."""
    with pytest.raises(KeyError):
        explained(fy2027, "Q99.99X")


def test_a_section_rewritten_since_says_so_when_it_is_cited(fy2027: Codebook) -> None:
    """A coder who reads the digest must know that the current text counts."""
    old = PASSAGES[0].model_copy(update={"edition": "FY2025", "rewritten_in": "FY2026"})
    (cited,) = explained(fy2027, "I10", explainer=Explainer((old,))).guidelines
    assert cited.edition == "FY2025"
    assert cited.text == "(rewritten in FY2026; check the current text) Hypertension. Presumed links."
