"""Behaviour of reading FHIR R4: what becomes of each element, and every refusal's sentence."""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
from collections.abc import Callable
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.exchange.incoming import encounter_of
from agent.ingest import InputLimits, VisitFacts, read_encounter
from medcoding.codes import CodeSystem
from medcoding.encounter import Encounter, Sex, Suggestion
from medcoding.errors import InputError
from tests.agent.exchange.bundles import ICD10, NOTE, STATUS, add, attached, bundle, resource, task

Change = Callable[[dict[str, Any]], object]
SAID: Final = "Zebrafish"


def changed(change: Change) -> dict[str, Any]:
    """The Bundle with a change."""
    sent = bundle()
    change(sent)
    return sent


def without(kind: str) -> dict[str, Any]:
    """The Bundle without the resources of a kind."""
    sent = bundle()
    sent["entry"] = [entry for entry in sent["entry"] if entry["resource"]["resourceType"] != kind]
    return sent


class TestBundle:
    """A collection with one encounter."""

    def test_every_element_finds_its_place(self) -> None:
        """Visit, patient, note, author, and what the sender suggested."""
        read = encounter_of(bundle())
        assert (read.case_id, read.setting, read.specialty) == ("V-20261102-7", "outpatient", "General Practice")
        assert (read.visit_type, read.facility) == ("office visit", "Northside Clinic")
        assert (read.date_of_service, read.discharge_date) == (datetime.date(2026, 11, 2), None)
        assert (read.patient.id, read.patient.age, read.patient.sex) == ("pat-1", 65, Sex.F)
        (document,) = read.documents
        assert (document.document_id, document.text, document.type) == ("note-1", NOTE, "Progress note")
        assert (document.author, document.author_role) == ("Ada M. Bloom", "physician")
        assert document.date == datetime.date(2026, 11, 2)
        assert read.suggestions == (
            Suggestion(system=CodeSystem.ICD10CM, code="E11.9", confidence=0.6, source="FHIR Condition"),
            Suggestion(system=CodeSystem.ICD10CM, code="I10", confidence=0.42, source="Sender Coder 3"),
        )

    def test_the_day_before_the_birthday_counts_a_year_less(self) -> None:
        """Age is in completed years on the date of service."""
        sent = changed(lambda b: resource("Patient", b).update(birthDate="1960-11-02"))
        assert encounter_of(sent).patient.age == 66

    def test_an_inpatient_stay_keeps_its_discharge(self) -> None:
        """It decides the edition."""
        sent = bundle()
        stay = resource("Encounter", sent)
        stay["class"]["code"], stay["period"] = "IMP", {"start": "2026-09-28", "end": "2026-10-02T11:00:00Z"}
        read = encounter_of(sent)
        assert (read.setting, read.coding_date) == ("inpatient", datetime.date(2026, 10, 2))

    @pytest.mark.parametrize(("code", "setting"), [("EMER", "ed"), ("OBSENC", "outpatient"), ("ACUTE", "inpatient")])
    def test_the_class_is_the_setting(self, code: str, setting: str) -> None:
        """A stay under observation is outpatient care."""
        assert encounter_of(changed(lambda b: resource("Encounter", b)["class"].update(code=code))).setting == setting

    def test_a_local_name_answers_for_an_address_on_the_sender(self) -> None:
        """An absolute reference finds the resource that was sent; a version behind it is set aside."""
        url = "https://ehr.example.org/fhir/Practitioner/dr-1/_history/3"
        sent = changed(lambda b: resource("DocumentReference", b)["author"][0].update(reference=url))
        assert encounter_of(sent).documents[0].author == "Ada M. Bloom"

    def test_documents_of_another_encounter_are_left_out(self) -> None:
        """Named by its reference, sent or not."""
        other = {
            "resourceType": "DocumentReference", "id": "old", "status": "current",
            "content": [{"attachment": {"contentType": "text/plain", "data": attached("Gout.")}}],
            "context": {"encounter": [{"reference": "Encounter/enc-0"}]},
        }  # fmt: skip
        assert [d.document_id for d in encounter_of(add(bundle(), other)).documents] == ["note-1"]

    @pytest.mark.parametrize(("name", "value"), [("status", "entered-in-error"), ("docStatus", "entered-in-error")])
    def test_documents_that_were_taken_back_are_left_out(self, name: str, value: str) -> None:
        """With nothing left, that is what the refusal says."""
        sent = changed(lambda b: resource("DocumentReference", b).update({name: value}))
        with pytest.raises(InputError, match="without a document of its own that stands"):
            encounter_of(sent)

    @pytest.mark.parametrize("status", ["refuted", "entered-in-error"])
    def test_conditions_that_were_taken_back_suggest_nothing(self, status: str) -> None:
        """A refuted diagnosis is no suggestion of it."""
        coding = {"coding": [{"system": STATUS, "code": status}]}
        sent = changed(lambda b: resource("Condition", b).update(verificationStatus=coding))
        assert [one.code for one in encounter_of(sent).suggestions] == ["I10"]

    def test_codes_of_other_systems_suggest_nothing(self) -> None:
        """A SNOMED CT concept beside the code is passed over."""
        snomed = {"system": "http://snomed.info/sct", "code": "44054006"}
        sent = changed(lambda b: resource("Condition", b)["code"]["coding"].insert(0, snomed))
        assert [one.code for one in encounter_of(sent).suggestions] == ["E11.9", "I10"]

    def test_a_procedure_suggests_its_supply_code(self) -> None:
        """HCPCS by its own URI."""
        coding = {"system": "https://www.cms.gov/Medicare/Coding/HCPCSReleaseCodeSets", "code": "J1885"}
        given = {"resourceType": "Procedure", "status": "completed", "code": {"coding": [coding]}}
        (*_, last) = encounter_of(add(bundle(), given)).suggestions
        assert (last.system, last.code, last.confidence) == (CodeSystem.HCPCS, "J1885", None)

    def test_the_only_coverage_names_the_payer(self) -> None:
        """By the payor's name."""
        coverage = {"resourceType": "Coverage", "status": "active", "payor": [{"display": "Harbor Health Plan"}]}
        assert encounter_of(add(bundle(), coverage)).payer == "Harbor Health Plan"

    def test_a_binary_of_the_same_bundle_is_read(self) -> None:
        """The text may stand in an entry of its own; that is no fetching."""
        sent = bundle()
        resource("DocumentReference", sent)["content"] = [
            {"attachment": {"contentType": "text/plain", "url": "Binary/b-1"}}
        ]
        binary = {"resourceType": "Binary", "id": "b-1", "contentType": "text/plain", "data": attached("Gout.")}
        assert encounter_of(add(sent, binary)).documents[0].text == "Gout."

    def test_the_plain_text_among_several_formats_is_read(self) -> None:
        """The other contents are the same document as PDF or HTML."""
        pdf = {"attachment": {"contentType": "application/pdf", "data": "JVBERi0="}}
        sent = changed(lambda b: resource("DocumentReference", b)["content"].insert(0, pdf))
        assert encounter_of(sent).documents[0].text == NOTE

    def test_size_and_hash_that_agree_are_taken(self) -> None:
        """As FHIR defines them: bytes, and the SHA-1 in base64."""
        digest = base64.b64encode(hashlib.sha1(NOTE.encode()).digest()).decode()
        sent = changed(
            lambda b: resource("DocumentReference", b)["content"][0]["attachment"].update(
                size=len(NOTE.encode()), hash=digest
            )
        )
        assert encounter_of(sent).documents[0].text == NOTE

    def test_a_practitioner_role_has_both_name_and_role(self) -> None:
        """The role as it is written there, the name from the practitioner."""
        role = {
            "resourceType": "PractitionerRole", "id": "r-1", "practitioner": {"reference": "Practitioner/dr-1"},
            "code": [{"coding": [{"display": "dietitian"}]}],
        }  # fmt: skip
        sent = add(bundle(), role)
        resource("DocumentReference", sent)["author"] = [{"reference": "PractitionerRole/r-1"}]
        document = encounter_of(sent).documents[0]
        assert (document.author, document.author_role) == ("Ada M. Bloom", "dietitian")


class TestComposition:
    """Sections with narrative."""

    def test_its_sections_become_headed_text(self) -> None:
        """Titles on lines of their own, list items as lines, nested sections after their parent, markup gone."""
        composition = {
            "resourceType": "Composition", "id": "comp-1", "status": "final", "title": "Discharge summary",
            "date": "2026-11-02", "author": [{"display": "Dr. Reed"}],
            "section": [
                {"title": "ASSESSMENT", "text": {"status": "generated", "div":
                    '<div xmlns="http://www.w3.org/1999/xhtml"><ol><li>Gout &amp; <b>hyper</b>tension</li>'
                    "<li>CKD&nbsp;3a</li></ol><script>alert(1)</script></div>"},
                 "section": [{"title": "PLAN", "text": {"div": "<div><p>Allopurinol.</p><p>Low\n  salt</p></div>"}}]},
                {"code": {"text": "ALLERGIES"}},
            ],
        }  # fmt: skip
        (document,) = encounter_of(add(without("DocumentReference"), composition)).documents
        assert document.text == (
            "ASSESSMENT\n- Gout & hypertension\n- CKD 3a\n\nPLAN\nAllopurinol.\nLow salt\n\nALLERGIES"
        )
        assert (document.type, document.author) == ("Discharge summary", "Dr. Reed")


class TestTask:
    """A Task that asks for coding."""

    def test_its_focus_is_a_contained_bundle(self) -> None:
        """The same encounter as by itself."""
        assert encounter_of(task([bundle() | {"id": "b"}], "#b")) == encounter_of(bundle())

    def test_its_focus_is_a_contained_encounter(self) -> None:
        """Contained resources name each other by their ids."""
        encounter, note = resource("Encounter", bundle()), resource("DocumentReference", bundle())
        note["context"] = {"encounter": [{"reference": "#enc-1"}]}
        for one in (encounter, note):
            one["subject"] = {"reference": "#pat-1"}
        note["author"] = [{"display": "Dr. Reed"}]
        read = encounter_of(task([encounter, note, resource("Patient", bundle())], "#enc-1"))
        assert (read.documents[0].text, read.patient.age) == (NOTE, 65)

    def test_an_input_names_the_bundle(self) -> None:
        """Where there is no focus."""
        sent = task([bundle() | {"id": "b"}], "")
        del sent["focus"]
        sent["input"] = [{"type": {"text": "record"}, "valueReference": {"reference": "#b"}}]
        assert encounter_of(sent) == encounter_of(bundle())

    def test_in_a_bundle_its_focus_chooses_the_encounter(self) -> None:
        """Of two that were sent."""
        second = resource("Encounter", bundle()) | {"id": "enc-2", "identifier": [{"value": "other"}]}
        sent = add(bundle(), second, task([], "Encounter/enc-1"))
        assert encounter_of(sent).case_id == "V-20261102-7"


def _document(**changes: object) -> Change:
    return lambda b: resource("DocumentReference", b).update(changes)


def _attachment(**changes: object) -> Change:
    return lambda b: resource("DocumentReference", b)["content"][0]["attachment"].update(changes)


def _visit(**changes: object) -> Change:
    return lambda b: resource("Encounter", b).update(changes)


ENCOUNTER: Final = r"Bundle\.entry\[0\]\.resource"
DOCUMENT: Final = r"Bundle\.entry\[4\]\.resource"


class TestRefusals:
    """One sentence that begins with the element's path and quotes nothing."""

    @pytest.mark.parametrize(
        ("change", "says"),
        [
            (lambda b: b.update(type="history"), r"Bundle\.type should be one of batch"),
            (lambda b: b.update(entry={}), r"Bundle\.entry should be a list of objects"),
            (lambda b: b["entry"][1].pop("resource"), r"entry\[1\]\.resource is missing; .* nothing is fetched"),
            (lambda b: b["entry"][1]["resource"].update(resourceType=SAID + "!"), r"entry\[1\]\.resource\.resourceT"),
            (lambda b: b["entry"][1].update(fullUrl=b["entry"][0]["fullUrl"]), r"entry\[1\]\.fullUrl is the address"),
            (lambda b: b["entry"][1]["resource"].update(implicitRules="urn:x"), r"implicitRules changes the meaning"),
            (_document(modifierExtension=[{}]), r"modifierExtension changes the meaning"),
            (_visit(status="planned"), rf"{ENCOUNTER}\.status says that no care was given"),
            (_visit(**{"class": None}), rf"{ENCOUNTER}\.class is missing"),
            (_visit(**{"class": {"code": "PRENC"}}), rf"{ENCOUNTER}\.class\.code is none that is coded"),
            (_visit(**{"class": [{"coding": []}]}), rf"{ENCOUNTER}\.class should be an object"),
            (_visit(period=None), rf"{ENCOUNTER}\.period\.start is missing"),
            (_visit(period={"start": "2026-11"}), rf"{ENCOUNTER}\.period\.start is missing or not exact"),
            (_visit(period={"start": SAID}), rf"{ENCOUNTER}\.period\.start is not a FHIR date"),
            (_visit(period={"start": "2026-02-30"}), rf"{ENCOUNTER}\.period\.start is not a day of the calendar"),
            (_visit(period={"start": "2026-11-02", "end": "2026-11-01"}), rf"{ENCOUNTER}\.period\.end lies before"),
            (_visit(identifier=[], id=None), rf"{ENCOUNTER}\.identifier is missing"),
            (_visit(identifier=[{"value": "x" * 201}]), rf"{ENCOUNTER}\.identifier is longer than 200"),
            (lambda b: resource("Patient", b).update(birthDate="2027-01-01"), r"birthDate does not fit the date"),
            (lambda b: add(b, resource("Encounter", b)), r"Bundle\.entry\[7\]\.resource is a second Encounter"),
            (lambda b: add(b, task([], "#x"), task([], "#x")), r"entry\[8\]\.resource is the second Task"),
            (lambda b: add(b, task([], "#x")), r"resource\.focus\.reference names what was not sent"),
            (_document(content=[]), rf"{DOCUMENT}\.content is missing"),
            (_document(content=[{"attachment": {"contentType": "application/pdf"}}]), r"contentType is not text/plain"),
            (_document(id=None), rf"{DOCUMENT}\.id is missing"),
            (_document(subject={"reference": "Patient/other"}), rf"{DOCUMENT}\.subject is another patient"),
            (_attachment(data=None), r"attachment\.data is missing"),
            (_attachment(data=None, url="https://ehr.example.org/doc/7"), r"attachment\.url is never fetched"),
            (_attachment(data="%%%"), r"attachment\.data is not base64"),
            (_attachment(data="/w=="), r"attachment\.data is not UTF-8"),
            (_attachment(size=3), r"attachment\.size is not the number of bytes"),
            (_attachment(hash="AAAA"), r"attachment\.hash is not the SHA-1"),
            (_attachment(contentType="text/plain; charset=latin-1"), r"contentType names a character set other"),
            (lambda b: add(b, resource("DocumentReference", b)), r"resource\.id is the id of an earlier"),
            (lambda b: b["entry"][6]["resource"]["extension"][0].update(valueDecimal=7), r"valueDecimal should be"),
        ],
    )  # fmt: skip
    def test_names_the_element(self, change: Change, says: str) -> None:
        """Each fault has its place and its mend."""
        with pytest.raises(InputError, match=says) as refusal:
            encounter_of(changed(change))
        sentence = str(refusal.value)
        assert sentence.startswith("Bundle")
        assert sentence.endswith(".")
        assert SAID not in sentence

    @pytest.mark.parametrize(
        ("sent", "says"),
        [
            ({"resourceType": "Observation"}, "resource.resourceType is neither Bundle nor Task"),
            ({"resourceType": 7}, "resource.resourceType is neither Bundle nor Task"),
            ({"resourceType": ["Bundle"]}, "resource.resourceType is neither Bundle nor Task"),
            ({"resourceType": "Bundle", "type": "collection"}, "Bundle holds no Encounter"),
            ({"resourceType": "Task"}, "Task holds no Encounter"),
            ({"resourceType": "Task", "input": [{"valueAttachment": {"data": ""}}]}, "valueAttachment is not read"),
        ],
    )
    def test_what_holds_no_encounter(self, sent: dict[str, Any], says: str) -> None:
        """The sentence says what to send in its place."""
        with pytest.raises(InputError, match=says):
            encounter_of(sent)

    def test_two_patients_without_a_subject(self) -> None:
        """Which one was treated cannot be known."""
        sent = add(bundle(), {"resourceType": "Patient", "id": "pat-2"})
        del resource("Encounter", sent)["subject"]
        with pytest.raises(InputError, match="subject names none of the patients sent"):
            encounter_of(sent)

    def test_a_record_of_two_patients_is_refused(self) -> None:
        """A condition of somebody else among the patient's would suggest a code that is not theirs."""
        sent = add(bundle(), {"resourceType": "Patient", "id": "pat-2"})
        resource("Condition", sent)["subject"] = {"reference": "Patient/pat-2"}
        with pytest.raises(InputError, match=r"entry\[5\]\.resource\.subject is another patient"):
            encounter_of(sent)

    @given(
        st.sampled_from(["Encounter", "Patient", "DocumentReference", "Condition", "Practitioner"]),
        st.sampled_from(
            ["id", "subject", "class", "period", "content", "code", "identifier", "name", "author", "extension", "type"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=6), inner, max_size=2),
        ),
    )
    def test_any_value_is_read_or_refused(self, kind: str, name: str, value: object) -> None:
        """No value of any element raises anything but our refusal."""
        sent = bundle()
        resource(kind, sent)[name] = value
        try:
            assert isinstance(encounter_of(sent), Encounter)
        except InputError as refusal:
            assert str(refusal).endswith(".")  # noqa: PT017 - both outcomes are right


class TestFiles:
    """The command line reads the same."""

    def test_a_file_that_is_a_bundle(self) -> None:
        """Recognised by its resource type; what the arguments say fills only what it leaves open."""
        data = json.dumps(bundle()).encode()
        read = read_encounter(data, "visit.json", VisitFacts(specialty="cardiology"), InputLimits())
        assert read == encounter_of(bundle())

    def test_limits_hold_for_what_was_decoded(self) -> None:
        """Text counts as it is read, not as base64."""
        with pytest.raises(InputError, match="characters of text and the limit is 20"):
            read_encounter(json.dumps(bundle()).encode(), "v.json", VisitFacts(), InputLimits(max_text_chars=20))


def test_the_suggested_system_is_the_published_uri() -> None:
    """As the code system's owner publishes it."""
    assert ICD10 == "http://hl7.org/fhir/sid/icd-10-cm"
