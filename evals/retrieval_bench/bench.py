"""One run of the benchmark: the space, the held-out queries, every way of searching, both encoders where there are two.

    chartwright eval candidates --index-file FILE

Vectors are kept by digest of their text and of the encoder, so that a run that was stopped goes on.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from evals.retrieval_bench.records import BenchReport, RecallRow, Task, recall
from evals.retrieval_bench.ways import EVERY, Lanes, Way, batch_of, index_ways, package_ways, peer_ways
from index_build.editions.packaged import FY2026
from index_build.findable.adapter import ADAPTER_FOLDER, adapter_name
from medcoding.codebook import Codebook, CodebookEntry
from medcoding.mention import Axes
from retrieval.encoder import TextEncoder
from retrieval.expand import expand
from retrieval.index_folder import file_digest
from retrieval.rerank import MODEL, LearnedReranker
from retrieval.ways import Reranker
from retrieval.wording import forms
from training.candidate_lists import Asked, CandidateLists, masked_itself
from training.lanes import Bm25Lane, LetterLane
from training.preparation import candidate_lists, packaged_book, prepared_encoder
from training.search_space import BoolVector, IdVector, SearchSpace, ancestor_titles, build_space
from training.term_pairs import (
    SEED,
    HeldOut,
    TermPair,
    TermPairs,
    beginnings,
    clinical_pairs,
    gather_pairs,
    index_pairs,
    packaged_entries,
    read_index_terms,
)

_BATCH: Final = 64
_NOTHING: Final = np.zeros(0, dtype=np.int64)

Told = Callable[[str, int, int], None]
"""Hears what is done, how much of it, of how much."""


class BenchPlan(NamedTuple):
    """What to measure."""

    work: Path
    """Folder of what a later run need not make again."""
    index_file: Path | None = None
    """The Alphabetic Index to diseases; without it the tasks that need none."""
    adapter: Path | None = ADAPTER_FOLDER
    """Folder of the tuned weights, measured beside the plain encoder; None leaves them out."""
    reranker: Path | None = None
    """Folder of the learned reranker; None leaves it out."""
    limit: int | None = None
    """Only so many queries of each task, evenly spread."""
    plain: bool = True
    """Whether the plain encoder runs too."""


class _Task(NamedTuple):
    name: Task
    queries: Sequence[TermPair]
    masked: Sequence[IdVector]
    active: BoolVector
    ways: Sequence[Way]
    lanes: Lanes


class _Ground(NamedTuple):
    """What every task stands on."""

    entries: tuple[CodebookEntry, ...]
    book: Codebook
    pairs: TermPairs
    space: SearchSpace


def run_bench(plan: BenchPlan, told: Told) -> BenchReport:
    """Every row. Raises `InputError` for an index file that cannot be read, `IntegrityError` for damaged models."""
    plan.work.mkdir(parents=True, exist_ok=True)
    reranker = LearnedReranker(plan.reranker) if plan.reranker else None
    adapter = adapter_name(plan.adapter) if plan.adapter else ""
    tried = ([None] if plan.plain or not adapter else []) + ([plan.adapter] if adapter else [])
    with tempfile.TemporaryDirectory() as folder:
        ground = _ground(plan, Path(folder))
        rows: list[RecallRow] = []
        for number, weights in enumerate(tried):
            encoder = prepared_encoder(plan.work, weights)
            lists = candidate_lists(ground.space, ground.book, encoder, told)
            rows += _measured(
                plan,
                ground,
                lists,
                encoder,
                _Round(reranker if weights or not adapter else None, weights is not None, number == 0, told),
            )
    return BenchReport(
        edition=FY2026.name,
        seed=SEED,
        queries=dict(_counts(plan, ground.pairs)),
        groups=len(ground.space.groups),
        wordings=dict(Counter(wording.kind for wording in ground.space.wordings)),
        adapter=adapter,
        reranker=file_digest(plan.reranker / MODEL)[:12] if plan.reranker else "",
        rows=tuple(rows),
    )


class _Round(NamedTuple):
    reranker: Reranker | None
    """Only over the encoder that it was trained over."""
    tuned: bool
    first: bool
    told: Told


def _ground(plan: BenchPlan, folder: Path) -> _Ground:
    entries = packaged_entries()
    terms = read_index_terms(plan.index_file) if plan.index_file else ()
    pairs = gather_pairs(entries, terms)
    codes = {entry.code for entry in entries}
    further = [pair for pair in (*clinical_pairs(), *index_pairs(terms)) if pair.code in codes]
    return _Ground(entries, packaged_book(entries, folder), pairs, build_space(entries, further))


def _measured(
    plan: BenchPlan, ground: _Ground, lists: CandidateLists, encoder: TextEncoder, this: _Round
) -> Iterator[RecallRow]:
    for task in _tasks(plan, ground, lists, this.reranker):
        asked = [
            Asked(pair.text, vector, masked)
            for pair, vector, masked in zip(
                task.queries, encoder.encode([pair.text for pair in task.queries]), task.masked, strict=True
            )
        ]
        ways = [way for way in task.ways if way.dense or this.first]
        for way, ranks in zip(ways, _ranks(task, ways, asked, ground, this.told), strict=True):
            name = ("tuned" if this.tuned else "MiniLM") if way.dense else ""
            yield RecallRow(task=task.name, name=way.name, encoder=name, at=recall(ranks, way.deepest))


def _tasks(plan: BenchPlan, ground: _Ground, lists: CandidateLists, reranker: Reranker | None) -> Iterator[_Task]:
    space, held_out = ground.space, ground.pairs.held_out
    inclusion = _thinned(ground.pairs.inclusion_queries, plan.limit)
    texts = [pair.text for pair in inclusion]
    lanes = Lanes(lists, Bm25Lane(space.texts), Bm25Lane(_documents(ground)), LetterLane(space.texts))
    package = package_ways(lanes, reranker) + peer_ways(lists, ("title", "header", "inclusion"))
    hidden = space.without_inclusions_of(held_out) & space.without_texts(texts, "clinical")
    yield _Task("concept", inclusion, [_NOTHING] * len(inclusion), hidden, package, lanes)
    every = np.ones(len(space.wordings), dtype=np.bool_)
    own = [masked_itself(lists, pair.text) for pair in inclusion]
    yield _Task("term", inclusion, own, every, [way for way in package if "notes" not in way.name], lanes)
    if index := _thinned(ground.pairs.index_queries, plan.limit):
        seen = space.without_main_terms_of(held_out)
        every_kind = index_ways(lanes, reranker) + peer_ways(lists, EVERY)
        yield _Task("index", index, [_NOTHING] * len(index), seen, every_kind, lanes)


def _ranks(task: _Task, ways: Sequence[Way], asked: Sequence[Asked], ground: _Ground, told: Told) -> list[list[int]]:
    """For each way the rank of every query, in order."""
    seen = [task.active & ground.space.of_kinds(*way.sees) for way in ways]
    ranks: list[list[int]] = [[] for _ in ways]
    for start in range(0, len(asked), _BATCH):
        told(f"Queries of the task '{task.name}'", start, len(asked))
        part = slice(start, start + _BATCH)
        batch = batch_of(task.lanes, asked[part])
        for way, active, own in zip(ways, seen, ranks, strict=True):
            found = zip(task.queries[part], way.ranked(batch, active), strict=True)
            own.extend(rank_of(pair, groups, ground.space, ground.book) for pair, groups in found)
    return ranks


def rank_of(pair: TermPair, groups: IdVector, space: SearchSpace, book: Codebook) -> int:
    """Place of the first choice whose offered code is the pair's or below it, from 1; 0 when none is.

    Of a group the code is offered that fits the query's words, as the product does: one choice, not all of its codes.
    """
    wanted = set(space.groups_under(pair.code).tolist())
    said = forms(pair.text)
    for rank, group in enumerate(groups, start=1):
        if int(group) in wanted:
            (offered,) = expand(space.groups[group], book, Axes(), said, 1)
            if offered.startswith(pair.code):
                return rank
    return 0


def _documents(ground: _Ground) -> list[str]:
    """For each group its title, what stands above it and the inclusion terms that are not held out."""
    held_out: HeldOut = ground.pairs.held_out
    terms = {e.code: e.notes.inclusion_terms for e in ground.entries if not held_out.touches(e.code)}
    above = ancestor_titles(ground.entries)
    space = ground.space
    return [
        " ".join([title, above[codes[0]], *(term for code in beginnings(codes[0]) for term in terms.get(code, ()))])
        for codes, title in zip(space.groups, space.titles, strict=True)
    ]


def _counts(plan: BenchPlan, pairs: TermPairs) -> Iterator[tuple[Task, int]]:
    inclusion = len(_thinned(pairs.inclusion_queries, plan.limit))
    yield from (("concept", inclusion), ("term", inclusion))
    yield "index", len(_thinned(pairs.index_queries, plan.limit))


def _thinned(pairs: Sequence[TermPair], limit: int | None) -> list[TermPair]:
    if limit is None or limit >= len(pairs):
        return list(pairs)
    places = np.linspace(0, len(pairs) - 1, limit).astype(int)
    return [pairs[place] for place in places]
