from __future__ import annotations

import pytest

from index_build.guidelines.digest import guideline_entries
from medcoding.encounter import Setting
from retrieval.client_store import ClientStore
from retrieval.edge_store import EdgeStore
from retrieval.encoder import DIMENSIONS, OnnxEncoder
from retrieval.index_folder import GUIDELINES, IndexFolder
from retrieval.knowledge import KnowledgeSearch
from retrieval.sparse import Bm25Encoder
from retrieval.store import Point


@pytest.fixture(scope="module")
def knowledge(index: IndexFolder) -> KnowledgeSearch:
    """Guidelines of the small index, which are the whole shipped ones."""
    return KnowledgeSearch(
        EdgeStore.open_copy(index.collection(GUIDELINES)),
        OnnxEncoder(index.encoder),
        Bm25Encoder(),
    )


@pytest.mark.parametrize(
    ("text", "setting", "section"),
    [
        ("probable pneumonia", Setting.OUTPATIENT, "IV.H"),
        ("uncertain diagnosis, suspected sepsis", Setting.INPATIENT, "II.H"),
        ("hypertension with heart failure", Setting.OUTPATIENT, "I.C.9.a.1"),
        ("sepsis with acute organ dysfunction", Setting.INPATIENT, "I.C.1.d.1.b"),
    ],
)
def test_the_governing_section_is_among_the_passages(
    knowledge: KnowledgeSearch, text: str, setting: Setting, section: str
) -> None:
    """What a coder would look up for these problems in this setting."""
    found = knowledge.passages(text, setting, 8)
    assert any(passage.id.startswith(section) for passage in found)


@pytest.mark.parametrize("setting", list(Setting))
def test_only_sections_for_the_setting_are_cited(knowledge: KnowledgeSearch, setting: Setting) -> None:
    """Outpatient rules do not reach an inpatient stay, each section comes once, and the limit holds."""
    found = knowledge.passages("uncertain diagnosis; heart failure; diabetes", setting, 10)
    assert all(setting in passage.settings for passage in found)
    assert len({passage.id for passage in found}) == len(found) <= 10
    assert len(found) >= 5


def test_the_whole_digest_is_there(knowledge: KnowledgeSearch) -> None:
    """Every shipped passage can be read back whole, in order, however many nodes it was cut into."""
    shipped = sorted(guideline_entries(), key=lambda passage: passage.id)
    assert list(knowledge.all_passages()) == shipped


def test_nothing_to_ask_nothing_found(knowledge: KnowledgeSearch) -> None:
    """An encounter without problems asks nobody."""
    assert knowledge.passages("", Setting.OUTPATIENT, 4) == ()


def test_the_users_own_copy_is_kept_apart(index: IndexFolder) -> None:
    """Official passages are found as such, once each; the digest that the model reads stays the digest."""
    encoder, sparse = OnnxEncoder(index.encoder), Bm25Encoder()
    store = ClientStore.connect(":memory:", "guidelines")
    store.create(size=DIMENSIONS)
    payload: dict[str, object] = {"id": "II.H", "title": "H. Waiting", "text": "It waits.", "settings": ["inpatient"]}
    official = {**payload, "source": "official", "edition": "FY2031", "page": 90, "headings": ["II Section II."]}
    entry = {**payload, "source": "digest", "edition": "FY2025"}
    (vector,) = encoder.encode(["uncertain diagnosis"])
    store.upsert(
        Point(number, vector, sparse.document("uncertain diagnosis"), held)
        for number, held in enumerate((official, official, entry))
    )
    search = KnowledgeSearch(store, encoder, sparse)
    (passage,) = search.official("uncertain diagnosis", Setting.INPATIENT, 5)
    assert (passage.id, passage.page, passage.edition) == ("II.H", 90, "FY2031")
    assert search.official("uncertain diagnosis", Setting.OUTPATIENT, 5) == ()
    assert [p.edition for p in search.passages("uncertain diagnosis", Setting.INPATIENT, 5)] == ["FY2025"]
    assert [p.edition for p in search.all_passages()] == ["FY2025"]
