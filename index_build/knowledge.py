"""Guideline digest and past encounters as points of their collections.

Guideline and policy documents go through llama-index's `IngestionPipeline`, which cuts long ones into nodes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from medcoding.candidate import GuidelinePassage
from medcoding.coded_encounter import CodedEncounter
from medcoding.parsing import load_lines
from retrieval.encoder import TextEncoder
from retrieval.sparse import Bm25Encoder
from retrieval.store import Payload, Point

KNOWLEDGE: Final = Path(__file__).parent / "knowledge"
_PASSAGE_TOKENS: Final = 240


def guideline_passages(path: Path = KNOWLEDGE / "guidelines.jsonl") -> tuple[GuidelinePassage, ...]:
    """The shipped digest of the Official Guidelines; each section id stands once."""
    return load_lines(GuidelinePassage, path)


def past_encounters(path: Path = KNOWLEDGE / "past_encounters.jsonl") -> tuple[CodedEncounter, ...]:
    """The shipped synthetic coded encounters."""
    return load_lines(CodedEncounter, path)


def guideline_points(passages: tuple[GuidelinePassage, ...], encoder: TextEncoder) -> Iterator[Point]:
    """One point per node of a passage; the payload is the whole passage."""
    from llama_index.core import Document
    from llama_index.core.ingestion import IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter

    by_id = {p.id: p for p in passages}
    documents = [Document(doc_id=p.id, text=f"{p.title}. {p.text}") for p in passages]
    splitter = SentenceSplitter(chunk_size=_PASSAGE_TOKENS, chunk_overlap=0, tokenizer=str.split)
    nodes = IngestionPipeline(transformations=[splitter]).run(documents=documents)
    texts = [node.get_content() for node in nodes]
    payloads = [by_id[node.source_node.node_id].model_dump(mode="json") for node in nodes if node.source_node]
    yield from _points(texts, payloads, encoder)


def past_encounter_points(encounters: tuple[CodedEncounter, ...], encoder: TextEncoder) -> Iterator[Point]:
    """One point per encounter, embedded by its problems in the words of its own evidence."""
    texts = ["; ".join(quote.text for line in e.codes for quote in line.evidence) for e in encounters]
    payloads: list[Payload] = [
        {
            "case_id": e.case_id,
            "codes": [line.code for line in e.codes],
            "setting": e.setting.value,
            "specialty": e.specialty,
            "tenant": e.tenant or "",
        }
        for e in encounters
    ]
    yield from _points(texts, payloads, encoder)


def _points(texts: list[str], payloads: Sequence[Payload], encoder: TextEncoder) -> Iterator[Point]:
    sparse = Bm25Encoder()
    vectors = encoder.encode(texts)
    for number, (text, vector, payload) in enumerate(zip(texts, vectors, payloads, strict=True)):
        yield Point(number, vector, sparse.document(text), payload)
