from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index_build.findable.past_encounters import findable_encounters, past_encounters
from medcoding.candidate import SimilarEncounter
from medcoding.codebook import Codebook
from medcoding.encounter import Document, Encounter, Patient, Setting
from retrieval.client_store import ClientStore
from retrieval.edge_store import EdgeStore
from retrieval.encoder import DIMENSIONS, OnnxEncoder
from retrieval.index_folder import PAST_ENCOUNTERS, IndexFolder
from retrieval.similar import SimilarityQuestion, SimilarSearch, identity_of, priors, question_about
from retrieval.sparse import Bm25Encoder
from retrieval.store import Point

GOUT = SimilarityQuestion("gout flare", "", Setting.OUTPATIENT, "", "", "now")


@pytest.fixture(scope="module")
def encoder(index: IndexFolder) -> OnnxEncoder:
    """The small index's own encoder."""
    return OnnxEncoder(index.encoder)


class Past:
    """Past encounters in memory, each one differing from a plain gout visit by what a test names."""

    def __init__(self, encoder: OnnxEncoder) -> None:
        self.store = ClientStore.connect(":memory:", "past")
        self.store.create(size=DIMENSIONS)
        self.search = SimilarSearch(self.store, encoder, Bm25Encoder())
        (self._vector,) = encoder.encode(["gout flare"])

    def add(self, number: int, **changed: object) -> None:
        """One more past encounter, `case-<number>`."""
        payload: Mapping[str, object] = {
            "case_id": f"case-{number}", "codes": ["M10.9"], "tenant": "", "setting": "outpatient", "specialty": "",
            "patient": "", "author": f"author-{number}", "origin": "facility", **changed,
        }  # fmt: skip
        self.store.upsert([Point(number, self._vector, Bm25Encoder().document("gout flare"), payload)])

    def cases(self, book: Codebook, **asked: object) -> set[str]:
        """The cases that a question finds."""
        question = GOUT._replace(**asked)  # type: ignore[arg-type]
        return {e.case_id for e in self.search.similar(question, book, 20)}


@pytest.fixture
def past(encoder: OnnxEncoder) -> Past:
    """No past encounter yet."""
    return Past(encoder)


def test_a_shipped_encounter_is_found_by_its_own_words(
    index: IndexFolder, encoder: OnnxEncoder, fy2027: Codebook
) -> None:
    """It comes first, its codes as the edition writes them; without problems nothing is asked."""
    search = SimilarSearch(EdgeStore.open_copy(index.collection(PAST_ENCOUNTERS)), encoder, Bm25Encoder())
    shipped = past_encounters()[0]
    (found,) = findable_encounters([shipped])
    first, *_ = search.similar(GOUT._replace(text=found.text), fy2027, 5)
    assert first.case_id == shipped.case_id
    assert set(first.codes) <= {line.code for line in shipped.codes}
    assert first.score == pytest.approx(1.0, abs=0.01)
    assert search.similar(GOUT._replace(text=""), fy2027, 5) == ()


@pytest.mark.parametrize(
    ("tenant", "seen"),
    [("", {"case-1"}), ("north", {"case-1", "case-2"}), ("south", {"case-1", "case-3"}), ("*", {"case-1"})],
)
def test_tenants_do_not_see_each_others_past(past: Past, fy2027: Codebook, tenant: str, seen: set[str]) -> None:
    """A tenant sees its own and what ships; a forged or missing name sees only what ships."""
    for number, owner in enumerate(("", "north", "south"), start=1):
        past.add(number, tenant=owner)
    assert past.cases(fy2027, tenant=tenant) == seen


@settings(max_examples=40, deadline=None)
@given(
    asked=st.text(max_size=12) | st.sampled_from(["a", "b", "c", "A", "a ", "a,b", '["a"]']),
    specialty=st.sampled_from(["", "surgery", "x"]),
    setting=st.sampled_from(list(Setting)),
)
def test_whatever_is_asked_nothing_foreign_comes(
    encoder: OnnxEncoder, fy2027: Codebook, asked: str, specialty: str, setting: Setting
) -> None:
    """Every encounter that is found belongs to exactly the tenant that was named, or to all."""
    past = Past(encoder)
    for number, owner in enumerate(("a", "b", "c", "", "a", "b"), start=1):
        past.add(number, tenant=owner, case_id=f"{owner}/{number}", setting=setting.value)
    found = past.cases(fy2027, tenant=asked, specialty=specialty, setting=setting)
    assert {case.split("/")[0] for case in found} <= {asked, ""}


def test_settings_are_kept_apart(past: Past, fy2027: Codebook) -> None:
    """What an inpatient stay was coded with says nothing about a visit."""
    past.add(1)
    past.add(2, setting="inpatient")
    assert past.cases(fy2027, setting=Setting.INPATIENT) == {"case-2"}


def test_the_own_specialty_comes_first_where_it_has_enough(past: Past, fy2027: Codebook) -> None:
    """Three of the specialty are enough; with two, others are asked too."""
    for number, specialty in enumerate(["rheumatology", "rheumatology", "podiatry"], start=1):
        past.add(number, specialty=specialty)
    assert past.cases(fy2027, specialty="rheumatology") == {"case-1", "case-2", "case-3"}
    past.add(4, specialty="rheumatology")
    assert past.cases(fy2027, specialty="rheumatology") == {"case-1", "case-2", "case-4"}


def test_a_patients_own_past_is_never_similar(past: Past, fy2027: Codebook) -> None:
    """Nor is the encounter itself when it is coded again; a patient without an id is nobody's own."""
    past.add(1, patient=identity_of("", "MRN-7"))
    past.add(2)
    past.add(3, case_id="now")
    assert past.cases(fy2027, patient=identity_of("", "MRN-7")) == {"case-2"}
    assert past.cases(fy2027) == {"case-1", "case-2"}


def test_an_author_speaks_twice(past: Past, fy2027: Codebook) -> None:
    """Fifty encounters of one hand count as two, and two are too few for a prior."""
    for number in range(50):
        past.add(number, author="planter", codes=["C90.00"])
    found = past.search.similar(GOUT, fy2027, 20)
    assert len(found) == 2
    assert priors(found) == ()


def test_codes_read_as_the_edition_writes_them(past: Past, fy2027: Codebook) -> None:
    """A header and a code that no edition knows fall away; the encounter stays."""
    past.add(1, codes=["M10.9", "M10.0", "Z99.ZZZ", "I10"])
    (found,) = past.search.similar(GOUT, fy2027, 5)
    assert found.codes == ("M10.9", "I10")


def test_a_prior_needs_three_encounters() -> None:
    """The share is that of the encounters found; the most frequent code leads."""
    found = [
        SimilarEncounter(case_id=str(n), score=1.0, codes=codes)
        for n, codes in enumerate([("I10", "E11.9"), ("I10", "E11.9"), ("I10",), ("I10", "E11.9", "E11.9"), ()])
    ]
    assert priors(found) == (("I10", 0.8), ("E11.9", 0.6))
    assert priors(found[:2]) == ()


def test_a_shipped_example_is_shown_and_suggests_nothing(past: Past, fy2027: Codebook) -> None:
    """Nobody attested it; three attested encounters make a prior, their share is of the attested ones."""
    for number in range(1, 5):
        past.add(number, origin="synthetic")
    examples = past.search.similar(GOUT, fy2027, 20)
    assert [e.attested for e in examples] == [False] * 4
    assert priors(examples) == ()
    for number in range(5, 8):
        past.add(number)
    found = past.search.similar(GOUT, fy2027, 20)
    assert sorted(e.attested for e in found) == [False] * 4 + [True] * 3
    assert priors(found) == (("M10.9", 1.0),)


def test_the_question_names_tenant_setting_specialty_and_patient() -> None:
    """The patient only as a digest that another tenant's patient of the same number does not share."""
    encounter = Encounter(
        case_id="c",
        setting=Setting.ED,
        date_of_service=date(2026, 11, 2),
        specialty="Cardiology",
        tenant="north",
        patient=Patient(id="MRN-7"),
        documents=(Document(document_id="d", text="x"),),
    )
    question = question_about(encounter, "chest pain")
    assert (question.tenant, question.setting, question.specialty) == ("north", Setting.ED, "cardiology")
    assert question.patient == identity_of("north", "MRN-7") != identity_of("south", "MRN-7")
    assert question_about(encounter.model_copy(update={"patient": Patient(), "tenant": None}), "x").patient == ""
