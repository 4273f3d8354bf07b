"""The store port's conformance suite, run against every store that stands behind it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from medcoding.errors import ConfigError, DependencyError, InputError, IntegrityError
from retrieval.client_store import ClientStore
from retrieval.edge_store import EdgeStore
from retrieval.sparse import Bm25Encoder
from retrieval.store import AnyOf, Between, FloatVector, Point, SparseVector, VectorQuery, VectorStore
from tests.qdrant_server import QdrantOnLoopback, Wire, qdrant_on_loopback

SIZE = 8
BM25 = Bm25Encoder()
TEXTS = ("knee pain", "hip pain", "knee pain", "essential hypertension", "heart failure")
YEARS = ((20251001, 20260930), (20251001, 20270930), (20261001, 20270930), (20251001, 20270930), (20251001, 20270930))
TAGS = ("a", "b", "a", "", "b")
ALWAYS = "all"

Opened = Callable[[Sequence[Point]], VectorStore]


def _unit(number: int) -> FloatVector:
    vector = np.random.default_rng(number).normal(size=SIZE).astype(np.float32)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)


def _point(number: int, text: str = "", *, tag: str = "") -> Point:
    text = text or TEXTS[number]
    first, last = YEARS[number % len(YEARS)]
    payload = {"text": text, "first": first, "last": last, "tag": tag, "tags": [tag, ALWAYS]}
    return Point(number, _unit(number), BM25.document(text), payload)


POINTS = tuple(_point(n, tag=TAGS[n]) for n in range(len(TEXTS)))


def _edge(folder: Path) -> EdgeStore:
    return EdgeStore.create(folder, size=SIZE, keyword_keys=("tag", "tags"), integer_keys=("first", "last"))


KINDS = ("edge", "client in memory", "over HTTP", *(("server",) if "QDRANT_URL" in os.environ else ()))


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opened]:
    """Makes a store that holds some points, of each kind in turn; a real server where `QDRANT_URL` names one."""
    with contextlib.ExitStack() as stores:
        over_http = stores.enter_context(qdrant_on_loopback("secret")) if request.param == "over HTTP" else None

        def make(points: Sequence[Point]) -> VectorStore:
            store = _served(over_http) if over_http else _empty(request.param, tmp_path)
            stores.callback(store.close)
            store.upsert(points)
            return store

        yield make


def _empty(kind: str, folder: Path) -> VectorStore:
    if kind == "edge":
        return _edge(folder / "collection")
    url = ":memory:" if kind == "client in memory" else os.environ["QDRANT_URL"]
    store = ClientStore.connect(url, f"test-{uuid.uuid4().hex}", api_key=os.environ.get("QDRANT_API_KEY"))
    store.create(size=SIZE)
    return store


def _served(server: QdrantOnLoopback, *, timeout_s: int = 5) -> ClientStore:
    store = ClientStore.connect(server.url, "surfaces", api_key=server.api_key or None, timeout_s=timeout_s)
    store.create(size=SIZE, keyword_keys=("tag", "tags"), integer_keys=("first", "last"))
    return store


# What every store does


def test_a_new_store_is_empty(opened: Opened) -> None:
    """Nothing counts, nothing is found, nothing fails."""
    store = opened(())
    assert store.count() == 0
    assert store.scroll() == []
    assert store.search([VectorQuery(_unit(0), 3), VectorQuery(BM25.query("knee"), 3)]) == [[], []]


def test_the_nearest_vector_comes_first(opened: Opened) -> None:
    """Scores are cosines, best first, at most `limit` of them, with the payload as it was stored."""
    ((first, *others),) = opened(POINTS).search([VectorQuery(_unit(3), 3)])
    assert first.id == 3
    assert first.score == pytest.approx(1.0, abs=1e-5)
    assert first.payload == POINTS[3].payload
    assert len(others) == 2
    cosines = sorted((float(_unit(3) @ _unit(n)) for n in range(5)), reverse=True)
    assert [first.score, *(h.score for h in others)] == pytest.approx(cosines[:3], abs=1e-5)


def test_words_are_found_by_their_rarity(opened: Opened) -> None:
    """BM25 with the collection's own document frequency: the rarer word decides; a word nobody has finds nothing."""
    store = opened(POINTS)
    by_knee, by_both, by_nothing = store.search(
        [VectorQuery(BM25.query(words), 5) for words in ("knee", "pain hypertension", "zebra")]
    )
    assert {hit.id for hit in by_knee} == {0, 2}
    assert by_both[0].id == 3
    assert {hit.id for hit in by_both} == {0, 1, 2, 3}
    assert by_nothing == []


def test_answers_keep_the_order_of_the_questions(opened: Opened) -> None:
    """Dense and lexical queries may be mixed in one batch."""
    answers = opened(POINTS).search(
        [VectorQuery(_unit(4), 1), VectorQuery(BM25.query("hip"), 1), VectorQuery(_unit(0), 1)]
    )
    assert [[hit.id for hit in hits] for hits in answers] == [[4], [1], [0]]


def test_no_question_no_answer(opened: Opened) -> None:
    """An empty batch is not sent."""
    assert opened(POINTS).search([]) == []


@pytest.mark.parametrize(
    ("day", "ids"),
    [(20250930, set()), (20251001, {0, 1, 3, 4}), (20260930, {0, 1, 3, 4}), (20261001, {1, 2, 3, 4})],
)
def test_only_what_is_in_force_is_found(opened: Opened, day: int, ids: set[int]) -> None:
    """Both ends of a period belong to it; dense, lexical and scrolling agree."""
    store, in_force = opened(POINTS), (Between("first", "last", day),)
    dense, lexical = store.search([VectorQuery(_unit(0), 9, in_force), VectorQuery(BM25.query("knee"), 9, in_force)])
    assert {hit.id for hit in dense} == ids
    assert {hit.id for hit in lexical} == ids & {0, 2}
    assert {number for number, _ in store.scroll(in_force)} == ids


@pytest.mark.parametrize(
    ("condition", "ids"),
    [
        (AnyOf("tag", ("a",)), [0, 2]),
        (AnyOf("tag", ("a", "b")), [0, 1, 2, 4]),
        (AnyOf("tag", ("",)), [3]),
        (AnyOf("tag", ("c",)), []),
        (AnyOf("tags", (ALWAYS,)), [0, 1, 2, 3, 4]),
        (AnyOf("tags", ("b", "c")), [1, 4]),
        (AnyOf("nothing", ("a",)), []),
    ],
)
def test_a_key_may_hold_one_value_or_several(opened: Opened, condition: AnyOf, ids: list[int]) -> None:
    """Any of the values will do; the empty string is a value; a key that is absent matches nothing."""
    assert [number for number, _ in opened(POINTS).scroll((condition,))] == ids


def test_every_condition_must_hold(opened: Opened) -> None:
    """Conditions narrow each other."""
    conditions = (AnyOf("tag", ("a",)), Between("first", "last", 20261001))
    assert [number for number, _ in opened(POINTS).scroll(conditions)] == [2]


def test_the_same_id_replaces(opened: Opened) -> None:
    """An upsert of a known id changes vector, words and payload and adds no point."""
    store = opened(POINTS)
    changed = Point(0, _unit(9), BM25.document("gout"), {"text": "gout"})
    store.upsert([changed])
    assert store.count() == len(POINTS)
    by_vector, by_word, by_old_word = store.search(
        [VectorQuery(_unit(9), 1), VectorQuery(BM25.query("gout"), 1), VectorQuery(BM25.query("knee"), 9)]
    )
    assert [by_vector[0].id, by_word[0].id] == [0, 0]
    assert by_word[0].payload == {"text": "gout"}
    assert [hit.id for hit in by_old_word] == [2]


def test_what_is_deleted_is_gone(opened: Opened) -> None:
    """Unknown ids and no ids at all are ignored."""
    store = opened(POINTS)
    store.delete([0, 4, 99])
    store.delete([])
    assert store.count() == 3
    assert [number for number, _ in store.scroll()] == [1, 2, 3]
    assert 0 not in {hit.id for hit in store.search([VectorQuery(_unit(0), 9)])[0]}


def test_many_points_are_scrolled_to_the_end(opened: Opened) -> None:
    """More than one page, in order of id, each once."""
    store = opened([_point(n, f"text {n}") for n in range(2_345)])
    assert store.count() == 2_345
    assert [number for number, _ in store.scroll()] == list(range(2_345))


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 50), min_size=1, max_size=20, unique=True), st.integers(1, 25))
def test_a_search_returns_what_scanning_would(ids: list[int], limit: int) -> None:
    """For small collections the in-memory store is exact: the hits are the true nearest neighbours."""
    store = ClientStore.connect(":memory:", "c")
    store.create(size=SIZE)
    store.upsert([_point(n, f"text {n}") for n in ids])
    (hits,) = store.search([VectorQuery(_unit(77), limit)])
    nearest = sorted(ids, key=lambda n: -float(_unit(77) @ _unit(n)))[:limit]
    assert [hit.id for hit in hits] == nearest


# What is refused before it reaches a store


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_a_vector_that_is_not_finite_is_refused(value: float) -> None:
    """The stores would take it and never find anything again; dense and sparse are both looked at."""
    vector = _unit(0)
    vector[3] = value
    with pytest.raises(InputError, match="Point 7 holds a vector that is not finite"):
        Point(7, vector, BM25.document("x"), {})
    with pytest.raises(InputError, match="not finite"):
        Point(7, _unit(0), SparseVector((1,), (value,)), {})


# Qdrant Edge's own folder


@pytest.fixture
def built(tmp_path: Path) -> Path:
    """A finished collection of five points, closed."""
    folder = tmp_path / "collections" / "surfaces"
    store = _edge(folder)
    store.upsert(POINTS)
    store.settle()
    store.close()
    return folder


def test_a_collection_is_not_built_over_another(built: Path) -> None:
    """An existing folder is left as it is."""
    with pytest.raises(FileExistsError):
        _edge(built)


def test_what_was_acknowledged_is_there_again(built: Path) -> None:
    """Closing and opening loses nothing."""
    with contextlib.closing(EdgeStore.open_copy(built)) as store:
        assert store.scroll() == [(p.id, p.payload) for p in POINTS]


def test_closing_leaves_no_copy_behind(built: Path) -> None:
    """A reader's folder exists while it reads, and not after."""
    with contextlib.closing(EdgeStore.open_copy(built)):
        assert len(list(built.parent.iterdir())) == 2
    assert list(built.parent.iterdir()) == [built]


def test_a_forgotten_reader_is_cleaned_up_too(built: Path) -> None:
    """Without `close` the copy goes with the object."""
    store = EdgeStore.open_copy(built)
    del store
    assert list(built.parent.iterdir()) == [built]


def test_reading_never_changes_the_collection(built: Path) -> None:
    """A reader shares its files with the index, so it may not write, and no byte differs after it has read."""
    before = {path: path.read_bytes() for path in built.rglob("*") if path.is_file()}
    with contextlib.closing(EdgeStore.open_copy(built)) as reader:
        reader.search([VectorQuery(_unit(0), 3), VectorQuery(BM25.query("knee"), 3)])
        with pytest.raises(ConfigError, match="read only"):
            reader.upsert([_point(0, "gout")])
        with pytest.raises(ConfigError, match="read only"):
            reader.delete([1])
        assert reader.scroll() == [(p.id, p.payload) for p in POINTS]
    assert {path: path.read_bytes() for path in built.rglob("*") if path.is_file()} == before


_READER = """
import sys
from pathlib import Path
from retrieval.edge_store import EdgeStore
store = EdgeStore.open_copy(Path(sys.argv[1]))
print(store.count(), flush=True)
sys.stdin.readline()
print([number for number, _ in store.scroll()], flush=True)
store.close()
"""


def _reader(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _READER, folder],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def test_two_processes_read_at_once(built: Path) -> None:
    """A second process opens and searches while the first still reads; neither waits for the other."""
    with contextlib.closing(EdgeStore.open_copy(built)) as here, _reader(built) as there:
        assert there.stdout
        assert there.stdout.readline() == "5\n"
        assert here.search([VectorQuery(_unit(3), 1)])[0][0].id == 3
        rest, _ = there.communicate("\n", timeout=20)
    assert rest == "[0, 1, 2, 3, 4]\n"
    assert there.returncode == 0
    assert list(built.parent.iterdir()) == [built]


def test_the_copy_of_a_killed_reader_is_swept(built: Path) -> None:
    """The next one that opens removes it; the copies of living readers stay."""
    with _reader(built) as victim, contextlib.closing(EdgeStore.open_copy(built)) as living:
        assert victim.stdout
        victim.stdout.readline()
        victim.kill()
        victim.wait()
        assert len(list(built.parent.iterdir())) == 3
        EdgeStore.open_copy(built).close()
        assert len(list(built.parent.iterdir())) == 2
        assert living.count() == 5


def test_threads_may_search_one_store(built: Path) -> None:
    """Eight threads get what one gets."""
    with contextlib.closing(EdgeStore.open_copy(built)) as store, ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda n: store.search([VectorQuery(_unit(n % 5), 1)])[0][0].id, range(80)))
    assert found == [n % 5 for n in range(80)]


@pytest.mark.parametrize("name", ["edge_config.json", "segment.json", "config.json"])
def test_a_damaged_collection_is_named(built: Path, name: str) -> None:
    """Whatever the core raises, its panic included, becomes one sentence; no copy is left behind."""
    for path in built.rglob(name):
        path.write_bytes(b"{")
    with pytest.raises(IntegrityError, match="'surfaces' is damaged; run 'chartwright index build'"):
        EdgeStore.open_copy(built)
    assert list(built.parent.iterdir()) == [built]


@pytest.mark.parametrize("name", ["nothing", "an/other"])
def test_a_folder_that_is_not_there_is_no_collection(built: Path, name: str) -> None:
    """A missing collection is damage; a missing parent cannot hold a reader's copy."""
    with pytest.raises((IntegrityError, ConfigError)):
        EdgeStore.open_copy(built.parent / name)


def test_a_query_of_another_width_is_named(built: Path) -> None:
    """A vector of another encoder ends in a sentence."""
    with contextlib.closing(EdgeStore.open_copy(built)) as store, pytest.raises(IntegrityError):
        store.search([VectorQuery(np.ones(3, dtype=np.float32), 1)])


# A server that is not there


@pytest.mark.parametrize(
    "ask",
    [
        lambda s: s.count(),
        lambda s: s.scroll(),
        lambda s: s.search([VectorQuery(_unit(0), 1)]),
        lambda s: s.upsert(POINTS[:1]),
        lambda s: s.delete([1]),
        lambda s: s.create(size=SIZE),
    ],
    ids=["count", "scroll", "search", "upsert", "delete", "create"],
)
def test_a_dead_server_is_a_retryable_neighbour(ask: Callable[[ClientStore], object], dead_port: int) -> None:
    """Nobody listens there: one sentence that names the setting, not a client's exception."""
    store = ClientStore.connect(f"http://127.0.0.1:{dead_port}", "surfaces", timeout_s=1)
    with contextlib.closing(store), pytest.raises(DependencyError, match="CHARTWRIGHT_QDRANT__URL") as refusal:
        ask(store)
    assert refusal.value.retryable
    assert refusal.value.__suppress_context__


# A server that is there


@pytest.fixture
def server() -> Iterator[QdrantOnLoopback]:
    """A server with a key."""
    with qdrant_on_loopback("secret") as running:
        yield running


def test_filtered_keys_are_indexed_on_the_server(server: QdrantOnLoopback) -> None:
    """Four payload indexes, so that filtering does not scan."""
    _served(server).close()
    assert server.asked.count("PUT /collections/surfaces/index") == 4


@pytest.mark.parametrize("key", [None, "wrong", "secre"])
def test_a_wrong_key_is_the_operators_to_mend(server: QdrantOnLoopback, key: str | None) -> None:
    """Asking again would not help; the sentence names the setting and not the key."""
    store = ClientStore.connect(server.url, "surfaces", api_key=key)
    with contextlib.closing(store), pytest.raises(DependencyError, match="CHARTWRIGHT_QDRANT__API_KEY") as refusal:
        store.count()
    assert not refusal.value.retryable
    assert "wrong" not in str(refusal.value)


def test_a_collection_that_was_never_pushed_is_named(server: QdrantOnLoopback) -> None:
    """The server answers, but has no such collection: the mend is to push the index."""
    store = ClientStore.connect(server.url, "guidelines", api_key="secret")
    with contextlib.closing(store), pytest.raises(DependencyError, match=r"'guidelines'.*chartwright index push"):
        store.search([VectorQuery(_unit(0), 1)])


@pytest.mark.parametrize(
    ("wire", "retryable"),
    [
        (Wire(status=500), True),
        (Wire(status=503), True),
        (Wire(status=429), True),
        (Wire(status=400), False),
        (Wire(truncate=True), True),
        (Wire(body=b"<html>gateway</html>"), True),
        (Wire(hang_s=30), True),
    ],
    ids=["500", "503", "429", "400", "cut off", "not Qdrant", "too slow"],
)
def test_trouble_on_the_wire_is_one_sentence(server: QdrantOnLoopback, wire: Wire, retryable: bool) -> None:
    """Whatever the client makes of it, the caller gets one kind of error, well before a hung server would speak."""
    store = _served(server, timeout_s=1)
    store.upsert(POINTS)
    server.wire = wire
    started = time.monotonic()
    with contextlib.closing(store), pytest.raises(DependencyError, match="Qdrant") as refusal:
        store.search([VectorQuery(_unit(0), 1)])
    assert refusal.value.retryable is retryable
    assert time.monotonic() - started < 15


def test_a_restarted_server_is_used_again(server: QdrantOnLoopback) -> None:
    """While it is down the caller hears so; afterwards the same store answers with what was stored."""
    store = _served(server)
    store.upsert(POINTS)
    server.stop()
    with pytest.raises(DependencyError) as refusal:
        store.count()
    assert refusal.value.retryable
    server.start()
    assert store.count() == len(POINTS)
    store.close()
