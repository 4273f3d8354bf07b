"""What is read of FHIR R4: the elements that a coded encounter is made of. Everything else is ignored.

Source: HL7 FHIR R4 (4.0.1). Elements keep their FHIR names, in Python's spelling.
"""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import ConfigDict, Discriminator, Field, Tag
from pydantic.alias_generators import to_camel

from medcoding.record import Record

ResourceId = Annotated[str, Field(max_length=200)]
"""FHIR allows 64 characters; what is longer than our own ids may be is refused where it is read."""


class Element(Record):
    """Any part of a resource; what is not named here is ignored."""

    model_config = ConfigDict(extra="ignore", alias_generator=to_camel)


class Coding(Element):
    """A code of one system."""

    system: str = ""
    code: str = ""
    display: str = ""


class CodeableConcept(Element):
    """Codings that mean the same, and words."""

    coding: tuple[Coding, ...] = ()
    text: str = ""

    @property
    def words(self) -> str:
        """The text, or the first display."""
        return self.text or next((c.display for c in self.coding if c.display), "")

    def has(self, code: str) -> bool:
        """True when a coding of any system is this one."""
        return any(c.code == code for c in self.coding)


class Reference(Element):
    """A pointer to another resource."""

    reference: str = ""


class Extension(Element):
    """An extension; only the present-on-admission ones are looked at."""

    url: str = ""
    value_code: str = ""
    value_string: str = ""
    value_boolean: bool | None = None
    value_coding: Coding = Coding()
    value_codeable_concept: CodeableConcept = CodeableConcept()


class Period(Element):
    """From when to when, as dateTime."""

    start: str = ""
    end: str = ""


class EncounterDiagnosis(Element):
    """A diagnosis named by the encounter."""

    condition: Reference
    use: CodeableConcept = CodeableConcept()
    rank: int | None = None
    extension: tuple[Extension, ...] = ()


class EncounterResource(Element):
    """The visit or stay."""

    id: ResourceId = ""
    status: str = ""
    class_: Annotated[Coding, Field(alias="class")] = Coding()
    type: tuple[CodeableConcept, ...] = ()
    service_type: CodeableConcept = CodeableConcept()
    subject: Reference = Reference()
    period: Period = Period()
    diagnosis: tuple[EncounterDiagnosis, ...] = ()


class PatientResource(Element):
    """Who it is about."""

    id: ResourceId = ""
    gender: str = ""
    birth_date: str = ""


class ConditionResource(Element):
    """A diagnosis."""

    id: ResourceId = ""
    verification_status: CodeableConcept = CodeableConcept()
    code: CodeableConcept = CodeableConcept()
    encounter: Reference = Reference()
    extension: tuple[Extension, ...] = ()


class ClaimDiagnosis(Element):
    """A diagnosis as it was billed."""

    sequence: int
    diagnosis_codeable_concept: CodeableConcept = CodeableConcept()
    diagnosis_reference: Reference = Reference()
    type: tuple[CodeableConcept, ...] = ()
    on_admission: CodeableConcept = CodeableConcept()
    extension: tuple[Extension, ...] = ()


class Quantity(Element):
    """A number of units."""

    value: float | None = None


class ClaimItem(Element):
    """A product or service as it was billed."""

    sequence: int
    product_or_service: CodeableConcept = CodeableConcept()
    modifier: tuple[CodeableConcept, ...] = ()
    quantity: Quantity = Quantity()
    encounter: tuple[Reference, ...] = ()


class ClaimResource(Element):
    """A claim."""

    id: ResourceId = ""
    status: str = ""
    diagnosis: tuple[ClaimDiagnosis, ...] = ()
    item: tuple[ClaimItem, ...] = ()

    @property
    def encounters(self) -> tuple[Reference, ...]:
        """The encounters that its items name; empty when none does."""
        return tuple(reference for item in self.item for reference in item.encounter)


class Attachment(Element):
    """Content by value (base64) or by address."""

    content_type: str = ""
    data: str = ""
    url: str = ""


class DocumentContent(Element):
    """One rendering of a document."""

    attachment: Attachment


class DocumentContext(Element):
    """What a document belongs to."""

    encounter: tuple[Reference, ...] = ()


class DocumentReference(Element):
    """A document of the record."""

    id: ResourceId = ""
    status: str = ""
    type: CodeableConcept = CodeableConcept()
    date: str = ""
    content: tuple[DocumentContent, ...] = ()
    context: DocumentContext = DocumentContext()


class BinaryResource(Element):
    """Content that a document points at."""

    id: ResourceId = ""
    content_type: str = ""
    data: str = ""


class OtherResource(Element):
    """A kind that is not read, or none at all."""

    resource_type: str = ""
    id: ResourceId = ""


_READ: Final = frozenset({"Encounter", "Patient", "Condition", "Claim", "DocumentReference", "Binary"})


def _kind(resource: Any) -> str:
    named = resource.get("resourceType") if isinstance(resource, dict) else None
    return named.lower() if isinstance(named, str) and named in _READ else "other"


Resource = Annotated[
    Annotated[EncounterResource, Tag("encounter")]
    | Annotated[PatientResource, Tag("patient")]
    | Annotated[ConditionResource, Tag("condition")]
    | Annotated[ClaimResource, Tag("claim")]
    | Annotated[DocumentReference, Tag("documentreference")]
    | Annotated[BinaryResource, Tag("binary")]
    | Annotated[OtherResource, Tag("other")],
    Discriminator(_kind),
]


class BundleEntry(Element):
    """A resource and its address."""

    full_url: str = ""
    resource: Resource = OtherResource()


class Bundle(Element):
    """Resources that travel together."""

    resource_type: Literal["Bundle"]
    id: ResourceId = ""
    entry: tuple[BundleEntry, ...] = ()


KIND_NAMES: Final[dict[type[Element], str]] = {
    EncounterResource: "Encounter",
    PatientResource: "Patient",
    ConditionResource: "Condition",
    ClaimResource: "Claim",
    DocumentReference: "DocumentReference",
    BinaryResource: "Binary",
}
"""Each kind that is read and its FHIR name, as references write it."""
