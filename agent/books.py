"""The books of an index that codes are looked up in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.codebook import Codebooks
from medcoding.codes import CodeSystem
from medcoding.ncci import NcciBook
from medcoding.procedures import ProcedureBook
from retrieval.index_folder import IndexFolder


class Books(NamedTuple):
    """What is loaded; an edition without an Alphabetic Index and a system without a book are left out."""

    codebooks: Codebooks
    alphabetic_indexes: Mapping[str, AlphabeticIndex]
    """By the edition's name."""
    procedures: Mapping[CodeSystem, ProcedureBook]
    """HCPCS Level II and CPT."""
    ncci: NcciBook | None


def open_books(index: IndexFolder) -> Books:
    """Open every book of an index, read only."""
    codebooks = index.codebooks()
    names = (codebook.edition.name for codebook in codebooks.editions)
    indexes = {name: found for name in names if (found := index.alphabetic_index(name))}
    systems = (CodeSystem.HCPCS, CodeSystem.CPT)
    return Books(
        codebooks, indexes, {system: book for system in systems if (book := index.procedures(system))}, index.ncci()
    )
