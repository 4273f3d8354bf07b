"""Behaviour of what goes out in FHIR R4, with the R4B models as a second opinion on shape."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from typing import Any, Final

import pytest
from fhir.resources.R4B.auditevent import AuditEvent
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.claim import Claim
from fhir.resources.R4B.guidanceresponse import GuidanceResponse
from fhir.resources.R4B.provenance import Provenance
from fhir.resources.R4B.task import Task

from agent.exchange.audit_event import audit_bundle, audit_event
from agent.exchange.claim import claim_draft
from agent.exchange.guidance import guidance_failed, guidance_in_progress, guidance_response
from agent.exchange.incoming import encounter_of
from agent.exchange.provenance import Attested, Made, provenance
from agent.exchange.resource import instant
from agent.pipeline import Pipeline
from agent.trail.event import BEFORE_THE_FIRST, TrailEvent
from medcoding.codes import CodeRole, CodeSystem
from medcoding.encounter import Document, Encounter, Patient, Setting
from medcoding.finding import Finding, Severity
from medcoding.result import CodingResult, Route
from medcoding.review import FinalLine, FinalSet
from tests.agent.exchange.bundles import bundle, resource, task

AT: Final = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
MADE: Final = Made("a" * 64, "b" * 64, AT)


@pytest.fixture
async def answered(pipeline: Pipeline) -> tuple[Encounter, CodingResult]:
    """The office visit of the Bundle, coded."""
    encounter = encounter_of(bundle())
    return encounter, await pipeline.code(encounter)


@pytest.fixture
async def stay(pipeline: Pipeline) -> tuple[Encounter, CodingResult]:
    """An inpatient stay, whose codes carry present-on-admission indicators."""
    encounter = Encounter(
        case_id="stay-1",
        setting=Setting.INPATIENT,
        date_of_service=date(2026, 11, 2),
        discharge_date=date(2026, 11, 6),
        patient=Patient(id="MRN 4711"),
        documents=(Document(document_id="d", text="DISCHARGE DIAGNOSES\n1. Hypertension.\n2. Type 2 diabetes."),),
    )
    return encounter, await pipeline.code(encounter)


def parts(parameter: dict[str, Any]) -> dict[str, Any]:
    """The parts of a parameter by name: the value, or the inner parts; the first of each name."""
    found: dict[str, Any] = {}
    for part in parameter["part"]:
        value = next((held for key, held in part.items() if key.startswith("value")), part.get("part"))
        found.setdefault(part["name"], value)
    return found


def output(response: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The output parameters of a name."""
    (parameters,) = (one for one in response["contained"] if one["resourceType"] == "Parameters")
    return [one for one in parameters["parameter"] if one["name"] == name]


def urls(value: object) -> list[str]:
    """Every address in a resource: values under url, uri, reference and system."""
    if isinstance(value, list):
        return [found for one in value for found in urls(one)]
    if not isinstance(value, dict):
        return []
    own = [one for key, one in value.items() if re.search(r"(?i)ur[il]$|^reference$|^system$", key)]
    return [one for one in own if isinstance(one, str)] + [found for one in value.values() for found in urls(one)]


def with_services(result: CodingResult) -> CodingResult:
    """The result with a supply that has a modifier and units, out of order, and with a finding in its way."""
    first = result.codes[0]
    supply = first.model_copy(
        update={"system": CodeSystem.HCPCS, "code": "J1885", "modifiers": ("JZ",), "units": 2, "sequence": 9}
    )
    block = Finding(
        rule="pairs.excludes1", severity=Severity.MUST_RESOLVE, message="Two codes exclude each other.",
        source="tabular", mend="Keep one.",
    )  # fmt: skip
    return result.model_copy(update={"codes": (supply, *result.codes[::-1]), "findings": (block,)})


class TestGuidanceResponse:
    """What the system that escalated a case gets."""

    def test_every_code_with_its_reasons(self, answered: tuple[Encounter, CodingResult]) -> None:
        """Code, confidence, evidence by offsets into the text that was sent, and the rationale."""
        encounter, result = answered
        response = guidance_response(result, "pat-1", AT)
        coded = [parts(one) for one in output(response, "code")]
        assert [one["coding"]["code"] for one in coded] == [line.code for line in result.codes]
        for one, line in zip(coded, result.codes, strict=True):
            assert (one["confidence"], one["rationale"]) == (line.confidence, line.rationale.summary)
            quote = parts({"part": one["evidence"]})
            text = encounter.document(quote["document"]).text
            assert text[quote["start"] : quote["end"]] == quote["quote"]
        assert response["subject"]["identifier"]["value"] == "pat-1"
        GuidanceResponse.model_validate(response)

    def test_success_when_the_record_suffices(self, answered: tuple[Encounter, CodingResult]) -> None:
        """Then nothing more is asked for."""
        lines = tuple(line.model_copy(update={"route": Route.CODER}) for line in answered[1].codes)
        response = guidance_response(answered[1].model_copy(update={"codes": lines}), None, AT)
        assert response["status"] == "success"
        assert "dataRequirement" not in response

    def test_a_documentation_query_asks_for_data(self, answered: tuple[Encounter, CodingResult]) -> None:
        """What would settle the code, for that code alone."""
        first, *others = (line.model_copy(update={"route": Route.CODER}) for line in answered[1].codes)
        rationale = first.rationale.model_copy(update={"would_change": "The stage of the kidney disease."})
        queried = first.model_copy(update={"route": Route.DOCUMENTATION, "rationale": rationale})
        result = answered[1].model_copy(update={"codes": (queried, *others)})
        response = guidance_response(result, None, AT)
        assert response["status"] == "data-requested"
        (wanted,) = response["dataRequirement"]
        assert wanted["extension"][0]["valueString"] == "The stage of the kidney disease."
        assert wanted["codeFilter"][0]["code"][0]["code"] == first.code
        GuidanceResponse.model_validate(response)

    def test_what_was_left_uncoded_is_told(self, answered: tuple[Encounter, CodingResult]) -> None:
        """Each with its reason and its words."""
        result = answered[1]
        response = guidance_response(result, None, AT)
        assert len(output(response, "notCoded")) == len(result.not_coded)
        assert len(output(response, "finding")) == len(result.findings)

    def test_no_address_holds_text_of_the_record(self, answered: tuple[Encounter, CodingResult]) -> None:
        """Every URI is one of a code system, of this project, or of a resource inside."""
        encounter, result = answered
        for made in (
            guidance_response(result, "John Doe 4711", AT),
            claim_draft(encounter, result, AT),
            provenance(result, MADE),
        ):
            known = (
                r"https?://(hl7\.org|terminology\.hl7\.org|www\.cms\.gov|www\.nubc\.org|www\.ama-assn\.org)/|urn:chart"
            )
            unknown = [one for one in urls(made) if not re.match(known, one) and not one.startswith("#")]
            assert unknown == []
            assert "4711" not in "".join(urls(made))

    def test_while_it_is_made_and_when_it_failed(self) -> None:
        """The two other statuses; the reason is an OperationOutcome."""
        GuidanceResponse.model_validate(guidance_in_progress("c", "p", AT))
        failed = guidance_failed("c", None, AT, "The model is down.")
        GuidanceResponse.model_validate(failed)
        assert failed["contained"][0]["issue"][0]["diagnostics"] == "The model is down."

    def test_it_is_json(self, answered: tuple[Encounter, CodingResult]) -> None:
        """To the last value."""
        response = guidance_response(answered[1], None, AT)
        assert json.loads(json.dumps(response, allow_nan=False)) == response


class TestClaim:
    """The draft of a claim."""

    def test_diagnoses_stand_in_order_with_their_roles(self, answered: tuple[Encounter, CodingResult]) -> None:
        """As the sequence says, whatever the order of the records."""
        encounter, result = answered
        claim = claim_draft(encounter, with_services(result), AT)
        codes = [one["diagnosisCodeableConcept"]["coding"][0]["code"] for one in claim["diagnosis"]]
        assert codes == [line.code for line in sorted(result.codes, key=lambda line: line.sequence)]
        assert [one["sequence"] for one in claim["diagnosis"]] == list(range(1, len(codes) + 1))
        assert claim["diagnosis"][0]["type"][-1]["coding"][0]["code"] == CodeRole.FIRST_LISTED
        assert (claim["status"], claim["use"], claim["type"]["coding"][0]["code"]) == ("draft", "claim", "professional")
        Claim.model_validate(claim)

    def test_a_supply_is_an_item(self, answered: tuple[Encounter, CodingResult]) -> None:
        """With its modifiers, its units and the day."""
        (item,) = claim_draft(answered[0], with_services(answered[1]), AT)["item"]
        assert item["productOrService"]["coding"][0]["code"] == "J1885"
        assert [one["coding"][0]["code"] for one in item["modifier"]] == ["JZ"]
        assert (item["quantity"], item["servicedDate"], item["sequence"]) == ({"value": 2}, "2026-11-02", 1)

    def test_a_stay_has_indicators_and_its_days(self, stay: tuple[Encounter, CodingResult]) -> None:
        """Principal in FHIR's own words, onAdmission for each code that has an indicator, the days of the stay."""
        encounter, result = stay
        claim = claim_draft(encounter, result, AT)
        told = [one.get("onAdmission", {}).get("coding", [{}])[0].get("code") for one in claim["diagnosis"]]
        assert told == [line.poa for line in result.codes]
        assert any(told)
        assert claim["diagnosis"][0]["type"][0]["coding"][0]["code"] == "principal"
        assert claim["supportingInfo"][0]["timingPeriod"] == {"start": "2026-11-02", "end": "2026-11-06"}
        assert claim["patient"]["identifier"]["value"] == "MRN 4711"
        assert claim["type"]["coding"][0]["code"] == "institutional"
        Claim.model_validate(claim)

    def test_what_stands_in_its_way_is_said(self, answered: tuple[Encounter, CodingResult]) -> None:
        """An open finding, by rule and sentence."""
        (info,) = claim_draft(answered[0], with_services(answered[1]), AT)["supportingInfo"]
        assert (info["code"]["text"], info["valueString"]) == ("pairs.excludes1", "Two codes exclude each other.")

    def test_what_nobody_said_is_unknown(self, stay: tuple[Encounter, CodingResult]) -> None:
        """Neither a provider nor a coverage is invented."""
        claim = claim_draft(*stay, AT)
        for reference in (claim["provider"], claim["insurance"][0]["coverage"]):
            assert reference["extension"][0]["valueCode"] == "unknown"


class TestProvenance:
    """Who and what made an answer."""

    def test_the_software_is_told_by_every_digest(self, answered: tuple[Encounter, CodingResult]) -> None:
        """The stamp, part by part, and the digests of what went in and what came out."""
        result = answered[1]
        made = provenance(result, MADE)
        versions = {one["type"]["text"]: one["value"] for one in made["contained"][0]["version"]}
        assert versions.items() >= result.stamp.model_dump().items()
        assert [one["what"]["identifier"]["value"] for one in made["entity"]] == ["a" * 64, "b" * 64]
        Provenance.model_validate(made)

    def test_an_attestation_adds_the_person(self, answered: tuple[Encounter, CodingResult]) -> None:
        """With the digest of the exact set; recorded when they attested."""
        attested = Attested("coder-7", datetime(2026, 11, 4, 9, tzinfo=UTC), "c" * 64)
        made = provenance(answered[1], MADE._replace(attested=attested))
        assert made["agent"][1]["who"]["identifier"]["value"] == "coder-7"
        assert made["entity"][-1]["what"]["identifier"]["value"] == "c" * 64
        assert made["recorded"].startswith("2026-11-04T09:00")
        Provenance.model_validate(made)


def event(action: str, case: str | None = "f" * 32) -> TrailEvent:
    """A trail event."""
    return TrailEvent(
        tenant="local", number=3, at="2026-11-03T08:00:00.000001+00:00", actor="coder-7", action=action, case=case,
        version=1 if case else None, previous=BEFORE_THE_FIRST,
    )  # fmt: skip


class TestAuditEvent:
    """A row of the trail."""

    @pytest.mark.parametrize(
        ("action", "letter", "outcome"),
        [
            ("case.submitted", "C", "0"), ("chart.viewed", "R", "0"), ("case.coded", "E", "0"),
            ("case.failed", "E", "8"), ("case.erased", "D", "0"), ("review.accept", "U", "0"),
            ("break_glass", "E", "0"), ("session.opened", "E", "0"),
        ],
    )  # fmt: skip
    def test_says_who_did_what(self, action: str, letter: str, outcome: str) -> None:
        """By FHIR's letter, with the action's own name beside it."""
        happened = event(action)
        told = audit_event(happened)
        assert (told["action"], told["outcome"], told["subtype"][0]["code"]) == (letter, outcome, action)
        assert told["agent"][0]["who"]["identifier"]["value"] == "coder-7"
        assert told["entity"][0]["what"]["identifier"]["value"] == happened.digest
        assert told["entity"][1]["what"]["identifier"]["value"] == "f" * 32
        AuditEvent.model_validate(told)

    def test_many_are_a_bundle(self) -> None:
        """In the order of the chain; none at all is a Bundle too."""
        Bundle.model_validate(audit_bundle((event("case.submitted"), event("tenant.opened", None))))
        assert "entry" not in audit_bundle(())


def test_an_instant_needs_its_zone() -> None:
    """FHIR refuses one without."""
    with pytest.raises(ValueError, match="time zone"):
        instant(datetime(2026, 11, 3))


def test_what_the_tests_send_is_fhir() -> None:
    """The referee takes the Bundle and the Task that the tests of reading begin with."""
    Bundle.model_validate(bundle())
    Task.model_validate(task([resource("Encounter", bundle())], "#enc-1"))


def attested_set(result: CodingResult) -> FinalSet:
    """The result's codes the other way round, the last one left out, as a coder signed them."""
    kept = result.codes[:-1][::-1]
    lines = tuple(
        FinalLine(system=line.system, code=line.code, role=line.role, sequence=place, poa=line.poa)
        for place, line in enumerate(kept, start=1)
    )
    return FinalSet(case_id=result.case_id, version=1, edition=result.edition, lines=lines)


def test_an_attested_set_is_what_is_claimed(answered: tuple[Encounter, CodingResult]) -> None:
    """In the coder's order, without what the coder threw out; findings that were settled stand in no way."""
    encounter, result = answered
    final = attested_set(result)
    claim = claim_draft(encounter, with_services(result), AT, final)
    told = [one["diagnosisCodeableConcept"]["coding"][0] for one in claim["diagnosis"]]
    assert [one["code"] for one in told] == [line.code for line in final.lines]
    assert all(one["display"] for one in told)
    assert "item" not in claim
    assert "supportingInfo" not in claim
