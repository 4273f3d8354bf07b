"""Long documents cut into nodes by llama-index, whose document store remembers what was cut.

llama-index is imported only for a document that is longer than a node: the import costs more than all the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from llama_index.core.storage.docstore import SimpleDocumentStore

NODE_WORDS: Final = 240
"""About what the sentence encoder reads of a text."""


class Nodes(NamedTuple):
    """Documents in pieces that an encoder can read."""

    by_document: dict[str, tuple[str, ...]]
    """Document id → its nodes in order; a short document is its own node."""
    cut: int
    """How many documents were cut this time; the others were short or had been cut before."""


class PassageCutter:
    """Cuts documents; `folder` keeps the document store from one build to the next, each kind of document its own."""

    def __init__(self, folder: Path, kind: str = "") -> None:
        name = f"nodes-{kind}-{NODE_WORDS}" if kind else f"nodes-{NODE_WORDS}"
        self._path = folder / f"{name}-{version('llama-index-core')}.json"

    def nodes(self, documents: Mapping[str, str]) -> Nodes:
        """The nodes of every document, given as id → text; documents no longer given are forgotten."""
        long = {name: text for name, text in documents.items() if len(text.split()) > NODE_WORDS}
        pieces, cut = self._cut(long) if long else ({}, 0)
        return Nodes({name: pieces.get(name, (text,)) for name, text in documents.items()}, cut)

    def ingested(self, documents: Mapping[str, str]) -> Nodes:
        """The same with every document in the store, short ones too: `cut` counts all that were new or had changed."""
        if not documents and not self._path.is_file():
            return Nodes({}, 0)
        return Nodes(*self._cut(documents))

    def _cut(self, documents: Mapping[str, str]) -> tuple[dict[str, tuple[str, ...]], int]:
        store = self._kept()
        for name in set(store.get_all_ref_doc_info() or {}) - set(documents):
            store.delete_ref_doc(name)
        cut = sum(_update(store, name, text) for name, text in documents.items())
        self._keep(store)
        return {name: _pieces(store, name) for name in documents}, cut

    def _kept(self) -> SimpleDocumentStore:
        """The store of an earlier build; an empty one when there is none or when it cannot be read."""
        from llama_index.core.storage.docstore import SimpleDocumentStore

        try:
            return SimpleDocumentStore.from_persist_path(str(self._path))
        except (OSError, ValueError):
            return SimpleDocumentStore()

    def _keep(self, store: SimpleDocumentStore) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._path.with_suffix(".unfinished")
        store.persist(str(unfinished))
        unfinished.replace(self._path)


def _update(store: SimpleDocumentStore, name: str, text: str) -> bool:
    """Cut a document that is new or changed; False for one whose nodes are kept.

    The pipeline's own cache stays off: it is keyed by all documents of a run together and holds each node again.
    """
    from llama_index.core import Document
    from llama_index.core.ingestion import IngestionPipeline
    from llama_index.core.node_parser import SentenceSplitter

    document = Document(doc_id=name, text=text)
    if store.get_document_hash(name) == document.hash:
        return False
    store.delete_ref_doc(name, raise_error=False)
    splitter = SentenceSplitter(chunk_size=NODE_WORDS, chunk_overlap=0, tokenizer=str.split)
    store.add_documents(IngestionPipeline(transformations=[splitter], disable_cache=True).run(documents=[document]))
    store.set_document_hash(name, document.hash)
    return True


def _pieces(store: SimpleDocumentStore, name: str) -> tuple[str, ...]:
    info = store.get_ref_doc_info(name)
    return tuple(store.get_node(node).get_content() for node in info.node_ids) if info else ()
