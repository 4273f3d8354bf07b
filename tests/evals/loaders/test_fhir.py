"""FHIR R4 bundles into coded encounters."""

from __future__ import annotations

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any, Final

import pytest

from evals.loaders.fhir import read_fhir
from evals.loaders.gold_set import GoldOptions, GoldSet
from medcoding.coded_encounter import CodedEncounter
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Setting, Sex
from medcoding.errors import InputError
from tests.evals.loaders.invented import GOUT, bundle, claim, concept, note

HCPCS: Final = "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets"
POA: Final = "https://www.nubc.org/CodeSystem/PresentOnAdmissionIndicators"
VISIT: Final = {"reference": "Encounter/e1"}


def _read(folder: Path, *bundles: dict[str, Any]) -> GoldSet:
    path = folder / "visits.ndjson"
    path.write_text("\n".join(map(json.dumps, bundles)), encoding="utf-8")
    return read_fhir(path, GoldOptions())


def _one(folder: Path, *more: dict[str, Any], **changes: Any) -> CodedEncounter:
    (found,) = _read(folder, bundle(*more, **changes)).encounters
    return found


def _condition(code: str, number: int = 1, **changes: Any) -> dict[str, Any]:
    return {"resourceType": "Condition", "id": f"c{number}", "code": concept(code), "encounter": VISIT} | changes


def _codes(found: CodedEncounter) -> list[str]:
    return [line.code for line in found.codes]


def test_a_claimed_visit_becomes_a_coded_encounter(tmp_path: Path) -> None:
    """Setting, day as written, age on that day, sex, note and codes in the claim's order."""
    found = _one(tmp_path, claim("M10.9", "E119"))
    assert (found.case_id, found.setting, found.date_of_service, found.discharge_date) == (
        "e1", Setting.OUTPATIENT, dt.date(2026, 11, 2), None,
    )  # fmt: skip
    assert (found.patient.id, found.patient.age, found.patient.sex) == ("p1", 65, Sex.F)
    assert (found.specialty, found.documents[0].document_id, found.documents[0].text) == ("rheumatology", "d1", GOUT)
    assert [(c.code, c.sequence, c.role) for c in found.codes] == [
        ("M10.9", 1, CodeRole.FIRST_LISTED),
        ("E11.9", 2, CodeRole.SECONDARY),
    ]


def test_one_bundle_may_fill_a_file(tmp_path: Path) -> None:
    """As JSON over many lines; a folder of such files is one set."""
    for number in (1, 2):
        text = json.dumps(bundle(claim("M10.9"), id=f"e{number}", bundle_id=f"b{number}"), indent=1)
        (tmp_path / f"{number}.json").write_text(text.replace("Encounter/e1", f"Encounter/e{number}"), encoding="utf-8")
    assert [e.case_id for e in read_fhir(tmp_path, GoldOptions()).encounters] == ["e1", "e2"]
    assert read_fhir(tmp_path / "1.json", GoldOptions()).encounters[0].codes[0].code == "M10.9"


@pytest.mark.parametrize(
    ("code", "setting"),
    [("AMB", Setting.OUTPATIENT), ("OBSENC", Setting.OUTPATIENT), ("EMER", Setting.ED), ("IMP", Setting.INPATIENT)],
)
def test_the_class_decides_the_setting(code: str, setting: Setting, tmp_path: Path) -> None:
    """Observation is an outpatient service; only a stay has a discharge date."""
    found = _one(tmp_path, claim("M10.9"), **{"class": {"code": code}})
    assert found.setting is setting
    assert (found.discharge_date is not None) is (setting is Setting.INPATIENT)


def test_a_stay_has_present_on_admission_and_a_principal_diagnosis(tmp_path: Path) -> None:
    """The one marked principal goes first, whatever its number; the admitting diagnosis is no final code."""
    diagnosis = [
        {"sequence": 1, "diagnosisCodeableConcept": concept("R07.9"), "type": [{"coding": [{"code": "admitting"}]}]},
        {"sequence": 2, "diagnosisCodeableConcept": concept("E11.9"), "onAdmission": concept("y", POA)},
        {
            "sequence": 3,
            "diagnosisReference": {"reference": "Condition/c1"},
            "type": [{"coding": [{"code": "principal"}]}],
            "extension": [{"url": "http://example.org/present-on-admission", "valueCode": "N"}],
        },
        {"sequence": 4, "diagnosisCodeableConcept": concept("W19.XXXA")},
    ]
    inpatient: dict[str, Any] = {"class": {"code": "IMP"}}
    found = _read(tmp_path, bundle(_condition("I21.4"), claim(diagnosis=diagnosis), **inpatient))
    assert [(c.code, c.role, c.poa) for c in found.encounters[0].codes] == [
        ("I21.4", CodeRole.PRINCIPAL, "N"),
        ("E11.9", CodeRole.SECONDARY, "Y"),
        ("W19.XXXA", CodeRole.EXTERNAL_CAUSE, None),
    ]
    assert {left.reason: left.count for left in found.left_out} == {
        "admitting and differential diagnoses": 1,
        "services without a HCPCS code": 1,
    }
    assert found.scope.order
    assert found.scope.poa
    assert not found.scope.evidence


def test_drugs_and_supplies_follow_the_diagnoses(tmp_path: Path) -> None:
    """With modifiers and units; CPT keeps its own system."""
    item = [
        {"sequence": 2, "productOrService": concept("9ZZZ1", "http://www.ama-assn.org/go/cpt"), "encounter": [VISIT]},
        {
            "sequence": 1,
            "productOrService": concept("J1885", HCPCS),
            "modifier": [concept("JZ", HCPCS)],
            "quantity": {"value": 2},
            "encounter": [VISIT],
        },
    ]
    found = _one(tmp_path, claim("M10.9", item=item))
    assert [(c.system, c.code, c.sequence, c.modifiers, c.units) for c in found.codes[1:]] == [
        (CodeSystem.HCPCS, "J1885", 2, ("JZ",), 2),
        (CodeSystem.CPT, "9ZZZ1", 3, (), None),
    ]


def test_a_professional_and_a_facility_claim_name_a_code_once(tmp_path: Path) -> None:
    """Both bill the same diagnoses."""
    assert _codes(_one(tmp_path, claim("M10.9", "E11.9"), claim("E11.9", "I10", id="k2"))) == ["M10.9", "E11.9", "I10"]


def test_without_a_claim_the_ranks_decide(tmp_path: Path) -> None:
    """The encounter's own list of diagnoses."""
    diagnosis = [{"condition": {"reference": f"Condition/c{n}"}, "rank": rank} for n, rank in ((1, 2), (2, 1))]
    found = _read(tmp_path, bundle(_condition("E11.9"), _condition("M10.9", 2), diagnosis=diagnosis))
    assert _codes(found.encounters[0]) == ["M10.9", "E11.9"]
    assert found.scope.order


def test_conditions_alone_have_no_order(tmp_path: Path) -> None:
    """The set says that sequence is unscored; refuted conditions are out, and counted."""
    refuted = _condition("I10", 3, verificationStatus={"coding": [{"code": "refuted"}]})
    words = _condition("x", 4) | {"code": concept("90560007", "http://snomed.info/sct")}
    yes = [{"url": "http://example.org/presentOnAdmission", "valueBoolean": True}]
    found = _read(tmp_path, bundle(_condition("M10.9", extension=yes), _condition("E11.9", 2), refuted, words))
    assert [(c.code, c.poa) for c in found.encounters[0].codes] == [("M10.9", "Y"), ("E11.9", None)]
    assert not found.scope.order
    assert {left.reason for left in found.left_out} == {
        "conditions that were withdrawn",
        "diagnoses without an ICD-10-CM code",
        "encounters whose diagnoses come without an order",
    }


def test_text_may_lie_in_a_binary(tmp_path: Path) -> None:
    """The first rendering in plain text is taken; a picture is left out and counted."""
    binary = {
        "resourceType": "Binary",
        "id": "x1",
        "contentType": "text/plain",
        "data": base64.b64encode(b"Addendum: gout.").decode(),
    }
    attachments = [
        {"attachment": {"contentType": "application/pdf", "data": "JVBERg=="}},
        {"attachment": {"contentType": "text/plain", "url": "Binary/x1"}},
    ]
    scan = note(id="d3", content=[{"attachment": {"contentType": "image/png", "data": "iVBORw=="}}])
    found = _read(tmp_path, bundle(binary, note(id="d2", content=attachments), scan, claim("M10.9")))
    assert [(d.document_id, d.text) for d in found.encounters[0].documents] == [
        ("d1", GOUT),
        ("d2", "Addendum: gout."),
    ]
    assert ("documents that are not plain text in the bundle", 1) in [(x.reason, x.count) for x in found.left_out]


def test_what_belongs_to_which_of_two_encounters(tmp_path: Path) -> None:
    """References decide, whether by type and id or by full URL; without one nothing is guessed."""
    second: dict[str, Any] = {
        "resourceType": "Encounter",
        "id": "e2",
        "class": {"code": "EMER"},
        "period": {"start": "2026-11-05"},
    }
    both = bundle(
        second,
        note("Fell at home.", id="d2", context={"encounter": [{"reference": "urn:uuid:two"}]}),
        note("Whose?", id="d9", context={}),
        _condition("S93.402A", encounter={"reference": "urn:uuid:two"}),
        _condition("M10.9", 2),
    )
    both["entry"][3]["fullUrl"] = "urn:uuid:two"
    found = _read(tmp_path, both)
    assert [(e.case_id, [d.document_id for d in e.documents], _codes(e)) for e in found.encounters] == [
        ("e1", ["d1"], ["M10.9"]),
        ("e2", ["d2"], ["S93.402A"]),
    ]


def test_a_claim_may_bill_two_encounters(tmp_path: Path) -> None:
    """Its diagnoses are those of both."""
    second = {"resourceType": "Encounter", "id": "e2", "class": {"code": "AMB"}, "period": {"start": "2026-11-05"}}
    items: list[dict[str, Any]] = [
        {"sequence": n, "productOrService": {}, "encounter": [{"reference": f"Encounter/e{n}"}]} for n in (1, 2)
    ]
    follow_up = note("Gout, better.", id="d2", context={"encounter": [{"reference": "Encounter/e2/_history/3"}]})
    found = _read(tmp_path, bundle(second, follow_up, claim("M10.9", item=items)))
    assert [(e.case_id, _codes(e)) for e in found.encounters] == [("e1", ["M10.9"]), ("e2", ["M10.9"])]


@pytest.mark.parametrize(
    ("born", "age"),
    [("1960-11-02", 66), ("1960-11-03", 65), ("1960-11", None), ("", None), ("2027-01-01", None), ("2026-11-02", 0)],
)
def test_age_is_in_completed_years(born: str, age: int | None, tmp_path: Path) -> None:
    """On the day of service; a birth date without a day gives none."""
    made = bundle(claim("M10.9"))
    made["entry"][1]["resource"]["birthDate"] = born
    made["entry"][2]["resource"]["type"] = {"coding": [{"display": "Progress note"}]}
    (found,) = _read(tmp_path, made).encounters
    assert (found.patient.age, found.documents[0].type) == (age, "Progress note")


def test_kinds_that_are_not_read_are_counted(tmp_path: Path) -> None:
    """By their name where it is one."""
    others = ({"resourceType": "Observation"}, {"resourceType": "Observation"}, {"resourceType": "the patient said"})
    found = _read(tmp_path, bundle(claim("M10.9"), *others))
    counted = {left.reason: left.count for left in found.left_out}
    assert counted["Observation resources"] == 2
    assert counted["entries that are no resource"] == 1


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"class": {"code": "zqxcanary"}}, "its class is none of AMB, EMER, IMP"),
        ({"class": [{"coding": [{"code": "AMB"}]}]}, "entry.0.resource.encounter.class: "),
        ({"period": {"start": "2026-11"}}, "its period has no start with year, month and day"),
        ({"period": {"start": "2026-13-45"}}, "it is not valid: date_of_service"),
        ({"period": {"start": "2026-11-02", "end": "2026-11-01"}, "class": {"code": "IMP"}}, "discharge_date lies"),
        ({"more": [claim("zqxcanary words")]}, "is not written like a code of icd10cm"),
        ({"more": [note(id="d2", content=[{"attachment": {"contentType": "text/plain", "data": "zqxcanary!"}}])]},
         "document d2 is not base64 of text"),
        ({"more": [note(id="d2", content=[{"attachment": {"contentType": "text/plain; charset=zqxcanary",
                                                          "data": "QQ=="}}])]}, "in a character set that is not read"),
        ({"more": [note(id="d1")]}, "two documents carry the same document_id"),
    ],
)  # fmt: skip
def test_a_bundle_that_does_not_fit_is_refused_by_its_id(changes: dict[str, Any], fault: str, tmp_path: Path) -> None:
    """And the rest loads; what it holds is never repeated."""
    more = changes.get("more", [claim("M10.9")])
    faulty = bundle(*more, bundle_id="b7", **{name: value for name, value in changes.items() if name != "more"})
    sound = json.loads(json.dumps(bundle(claim("M10.9"))).replace("e1", "sound"))
    found = _read(tmp_path, sound, faulty)
    assert [e.case_id for e in found.encounters] == ["sound"]
    assert "b7" in found.refused[0].why
    assert fault in found.refused[0].why
    assert "zqxcanary words" not in found.model_dump_json()


def test_an_encounter_without_text_is_refused(tmp_path: Path) -> None:
    """There is nothing to code from."""
    empty = bundle(claim("M10.9"))
    del empty["entry"][2]
    with pytest.raises(InputError, match="Encounter e1 of bundle b1 cannot be taken: it has no document in plain text"):
        _read(tmp_path, empty)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ('{"resourceType": "Condition", "id": "c1"}', "Bundle c1 is not valid"),
        ('{"resourceType": "Bundle", "id": "b1"}', "Bundle b1 holds no Encounter"),
        ('{"resourceType": "Bundle", "id": "the patient\'s words"}', "Bundle visits.json holds no Encounter"),
        ("zqxcanary", "Bundle visits.json is not valid: the JSON: "),
    ],
)
def test_what_is_no_bundle_is_refused(text: str, fault: str, tmp_path: Path) -> None:
    """By its id where that is written as FHIR writes ids, else by its place."""
    (tmp_path / "visits.json").write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_fhir(tmp_path / "visits.json", GoldOptions())
    assert fault in str(refused.value)


def test_a_cancelled_encounter_is_no_case(tmp_path: Path) -> None:
    """It is counted."""
    second = {"resourceType": "Encounter", "id": "e2", "status": "cancelled"}
    found = _read(tmp_path, bundle(second, claim("M10.9")))
    assert [e.case_id for e in found.encounters] == ["e1"]
    assert ("encounters that did not take place", 1) in [(left.reason, left.count) for left in found.left_out]
