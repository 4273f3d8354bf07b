"""The Alphabetic Index of an edition from its files, with stems marked, and the words under which it is searched."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Literal, NamedTuple, TypeVar

from index_build.readers.alphabetic_index import TermBook, read_index_paths, read_index_xml
from index_build.readers.drug_table import read_drug_table
from index_build.readers.index_xml import NamedBytes
from index_build.readers.neoplasm_table import read_neoplasm_table
from medcoding.alphabetic_index import AlphabeticIndex
from medcoding.index_entries import DrugRow, IndexContent, IndexTerm, NeoplasmRow, TableCell

RowT = TypeVar("RowT", NeoplasmRow, DrugRow)


class IndexFiles(NamedTuple):
    """The files of one edition's index; any may be absent. `diseases` is the official XML or a path file."""

    diseases: NamedBytes | None = None
    external_causes: NamedBytes | None = None
    neoplasms: NamedBytes | None = None
    drugs: NamedBytes | None = None


class ReferenceCounts(NamedTuple):
    """How the references of an index resolve: counts by (`see` or `see_also`, kind of resolution)."""

    by_kind: dict[tuple[Literal["see", "see_also"], str], int]

    def share_resolved(self, kind: Literal["see", "see_also"]) -> float:
        """Resolved references over all of that kind that name a place; 1.0 where there are none."""
        found = {
            outcome: count for (of, outcome), count in self.by_kind.items() if of == kind and outcome != "condition"
        }
        missing = sum(count for outcome, count in found.items() if outcome.endswith("_missing"))
        return 1 - missing / (sum(found.values()) or 1)


def read_index(files: IndexFiles, edition: str) -> IndexContent:
    """Every part of the index that is there, for an edition such as `FY2026`.

    Raises `InputError` naming the file and the place that does not fit.
    """
    diseases = list(_terms(files.diseases, "diseases", 1))
    causes = list(_terms(files.external_causes, "external_causes", 1 + len(diseases)))
    before = 1 + len(diseases) + len(causes)
    neoplasms = list(read_neoplasm_table(files.neoplasms, before)) if files.neoplasms else []
    drugs = list(read_drug_table(files.drugs, before + len(neoplasms))) if files.drugs else []
    given = [file for file in files if file]
    return IndexContent(edition, diseases, causes, neoplasms, drugs, tuple(file.name for file in given))


def with_stems(content: IndexContent, is_header: Callable[[str], bool]) -> IndexContent:
    """The same index with every code that the codebook holds as a header marked as a stem."""
    return content._replace(
        diseases=[_term_with_stem(term, is_header) for term in content.diseases],
        external_causes=[_term_with_stem(term, is_header) for term in content.external_causes],
        neoplasms=[_row_with_stems(row, is_header) for row in content.neoplasms],
        drugs=[_row_with_stems(row, is_header) for row in content.drugs],
    )


def count_references(index: AlphabeticIndex) -> ReferenceCounts:
    """Resolve every reference of an index and count the outcomes."""
    return ReferenceCounts(dict(Counter((r.kind, r.resolution.kind) for r in index.references())))


def _terms(file: NamedBytes | None, book: TermBook, first_id: int) -> Iterator[IndexTerm]:
    if file is None:
        return iter(())
    reader = read_index_paths if file.name.lower().endswith(".jsonl") else read_index_xml
    return reader(file, book, first_id)


def _term_with_stem(term: IndexTerm, is_header: Callable[[str], bool]) -> IndexTerm:
    needs = bool(term.code) and not term.stem and is_header(term.code)
    return term.model_copy(update={"stem": True}) if needs else term


def _row_with_stems(row: RowT, is_header: Callable[[str], bool]) -> RowT:
    stems: dict[str, TableCell] = {
        column: TableCell(code=cell.code, stem=True) for column, cell in row.cells() if is_header(cell.code)
    }
    return row.model_copy(update=stems) if stems else row
