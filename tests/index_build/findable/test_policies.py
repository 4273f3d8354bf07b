"""The user's own payer policies: kept in the document store, cut again only where they changed, found apart."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path

import pytest

from index_build.findable.collection import Findable
from index_build.findable.passage_nodes import NODE_WORDS, PassageCutter
from index_build.findable.policies import STORE, ingest_policies, policy_files
from index_build.sources import GivenFiles, find_sources
from medcoding.encounter import Setting
from medcoding.errors import InputError
from retrieval.client_store import ClientStore
from retrieval.encoder import DIMENSIONS
from retrieval.knowledge import KnowledgeSearch, PolicyQuestion
from retrieval.sparse import Bm25Encoder
from retrieval.store import Point
from tests.retrieval.hashed_words import HashedWords

DAY = dt.date(2026, 11, 2)
IMAGING = "Knee injections need imaging of the knee first."


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """25 short policies."""
    made = tmp_path / "policies"
    made.mkdir()
    for number in range(25):
        (made / f"policy-{number:02}.txt").write_text(f"Policy {number}: {IMAGING}")
    return made


def cutter(folder: Path) -> PassageCutter:
    """As a build makes it, beside the folder of policies."""
    return PassageCutter(folder.parent / "cache", STORE)


def cut(folder: Path) -> int:
    """How many pages were cut this time."""
    return ingest_policies(policy_files(folder), cutter(folder)).cut


def test_a_rerun_touches_only_what_changed(folder: Path) -> None:
    """25 the first time, none the second, one after one change."""
    assert cut(folder) == 25
    assert cut(folder) == 0
    (folder / "policy-07.txt").write_text("Policy 7: no imaging is needed any more.")
    assert cut(folder) == 1
    assert cut(folder) == 0


def test_what_is_deleted_is_removed(folder: Path) -> None:
    """Its words are found no more and its place in the store is given back."""
    assert cut(folder) == 25
    (folder / "policy-03.txt").unlink()
    found = ingest_policies(policy_files(folder), cutter(folder))
    assert (found.files, found.cut, len(found.findable)) == (24, 0, 24)
    assert "policy-03.txt" not in {point.payload["file"] for point in found.findable}
    (folder / "policy-03.txt").write_text(f"Policy 3: {IMAGING}")
    assert cut(folder) == 1


def test_when_the_last_is_deleted_the_store_is_empty(folder: Path) -> None:
    """It does not come back with the next file of its name."""
    assert cut(folder) == 25
    assert ingest_policies((), cutter(folder)).findable == ()
    assert cut(folder) == 25


def test_without_policies_nothing_is_made(tmp_path: Path) -> None:
    """No store, no import of the library."""
    assert ingest_policies((), PassageCutter(tmp_path / "cache", STORE)) == ((), 0, 0)
    assert not (tmp_path / "cache").exists()


def test_policies_and_guidelines_have_stores_of_their_own(folder: Path) -> None:
    """What one of them no longer names is not forgotten by the other."""
    assert cut(folder) == 25
    guidelines = PassageCutter(folder.parent / "cache")
    assert guidelines.nodes({"I.A": "words " * (NODE_WORDS + 1)}).cut == 1
    assert cut(folder) == 0
    assert guidelines.nodes({"I.A": "words " * (NODE_WORDS + 1)}).cut == 0


def test_a_passage_says_where_it_stands(folder: Path) -> None:
    """Payer, title, page, days, tenant and the digest of the file."""
    (folder / "policy-01.toml").write_text('payer = "Invented Health"\ntitle = "Knees"\neffective_to = 2026-12-31\n')
    found = ingest_policies(policy_files(folder), cutter(folder)).findable
    (payload,) = (point.payload for point in found if point.payload["file"] == "policy-01.txt")
    assert (payload["source"], payload["payer"], payload["title"], payload["page"]) == (
        "policy", "Invented Health", "Knees", 1,
    )  # fmt: skip
    assert (payload["effective_to"], payload["last_day"], payload["tenant"]) == ("2026-12-31", 20261231, "")
    assert len(str(payload["sha256"])) == 64


def test_a_long_policy_is_cut_into_what_an_encoder_reads(tmp_path: Path) -> None:
    """No word of it is lost."""
    path = tmp_path / "long.txt"
    path.write_text(" ".join(f"Sentence number {n} of the policy." for n in range(200)))
    found = ingest_policies([path], PassageCutter(tmp_path / "cache", STORE)).findable
    assert len(found) > 3
    assert max(len(point.text.split()) for point in found) <= NODE_WORDS
    assert all(f"number {n} of" in " ".join(point.text for point in found) for n in (0, 99, 199))


def test_an_unreadable_file_is_named(folder: Path) -> None:
    """Another kind of file, and a place that is not there."""
    (folder / "policy.docx").write_bytes(b"PK")
    with pytest.raises(InputError, match=r"policy\.docx is no policy that can be read"):
        policy_files(folder)
    with pytest.raises(InputError, match="does not exist; check the path"):
        policy_files(folder / "nowhere")


def test_policies_lie_among_the_sources_or_are_named(folder: Path, tmp_path: Path) -> None:
    """Each with its sidecar among the inputs of the build; hidden files are none."""
    own = tmp_path / "index" / "sources" / "policies"
    own.mkdir(parents=True)
    (own / "own.md").write_text("# Own")
    (own / "own.toml").write_text('payer = "A"')
    (own / ".DS_Store").write_bytes(b"x")
    sources = find_sources(tmp_path / "index", GivenFiles(policies=(folder / "policy-00.txt",)))
    assert [path.name for path in sources.policies] == ["own.md", "policy-00.txt"]
    assert [(i.kind, i.name) for i in sources.inputs() if i.kind == "policy"] == [
        ("policy", "own.md"), ("policy", "own.toml"), ("policy", "policy-00.txt"),
    ]  # fmt: skip


def knowledge(findable: Sequence[Findable]) -> KnowledgeSearch:
    """A collection that holds these points."""
    encoder, sparse = HashedWords(), Bm25Encoder()
    store = ClientStore.connect(":memory:", "guidelines")
    store.create(size=DIMENSIONS)
    vectors = encoder.encode([point.text for point in findable])
    store.upsert(
        Point(number, vector, sparse.document(point.text), point.payload)
        for number, (point, vector) in enumerate(zip(findable, vectors, strict=True))
    )
    return KnowledgeSearch(store, encoder, sparse)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (PolicyQuestion(DAY), {"all.txt"}),
        (PolicyQuestion(DAY, payer="INVENTED health"), {"all.txt", "payer.txt"}),
        (PolicyQuestion(DAY, payer="Another"), {"all.txt"}),
        (PolicyQuestion(DAY, tenant="north"), {"all.txt", "tenant.txt"}),
        (PolicyQuestion(DAY, tenant="south"), {"all.txt"}),
        (PolicyQuestion(dt.date(2025, 6, 1)), {"all.txt", "ended.txt"}),
        (PolicyQuestion(dt.date(2025, 12, 31)), {"all.txt", "ended.txt"}),
        (PolicyQuestion(dt.date(2026, 1, 1)), {"all.txt"}),
    ],
)
def test_only_the_own_payer_s_policies_of_the_day_are_found(
    tmp_path: Path, asked: PolicyQuestion, found: set[str]
) -> None:
    """Neither another payer's nor another tenant's nor one that has ended."""
    facts = {
        "all": "",
        "ended": "effective_to = 2025-12-31",
        "payer": 'payer = "Invented Health"',
        "tenant": 'tenant = "north"',
    }
    for name, sidecar in facts.items():
        (tmp_path / f"{name}.txt").write_text(IMAGING)
        if sidecar:
            (tmp_path / f"{name}.toml").write_text(sidecar)
    points = ingest_policies(policy_files(tmp_path), PassageCutter(tmp_path / ".cache", STORE)).findable
    search = knowledge(points)
    assert {passage.file for passage in search.policies("knee injection", asked, 10)} == found


def test_a_policy_is_never_shown_as_a_guideline(folder: Path) -> None:
    """Nor does the digest or the official copy hold one."""
    search = knowledge(ingest_policies(policy_files(folder), cutter(folder)).findable)
    assert search.passages("knee injection", Setting.OUTPATIENT, 5) == ()
    assert search.official("knee injection", Setting.OUTPATIENT, 5) == ()
    assert search.all_passages() == ()
