"""What the Alphabetic Index and its two tables print: terms, neoplasm rows, drug rows, and the words that join them.

An index entry is a title below other titles. What a coder reads is the whole path, so every record carries it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Literal, NamedTuple

from medcoding.record import Record

Book = Literal["diseases", "external_causes", "neoplasms", "drugs"]
"""The two indexes and the two tables that the official release prints as files of their own."""

BOOKS: Final[tuple[Book, ...]] = ("diseases", "external_causes", "neoplasms", "drugs")

Connector = Literal["with", "due to", "in"]
"""The words by which the index presumes a link between two conditions (guideline I.A.15)."""

NeoplasmColumn = Literal[
    "malignant_primary", "malignant_secondary", "ca_in_situ", "benign", "uncertain", "unspecified"
]  # fmt: skip
DrugColumn = Literal["accidental", "self_harm", "assault", "undetermined", "adverse_effect", "underdosing"]

NEOPLASM_COLUMNS: Final[tuple[NeoplasmColumn, ...]] = (
    "malignant_primary",
    "malignant_secondary",
    "ca_in_situ",
    "benign",
    "uncertain",
    "unspecified",
)
DRUG_COLUMNS: Final[tuple[DrugColumn, ...]] = (
    "accidental",
    "self_harm",
    "assault",
    "undetermined",
    "adverse_effect",
    "underdosing",
)

_WITH: Final = frozenset({"with", "associated with", "in association with"})
_DUE_TO: Final = frozenset({"due to", "caused by", "due to or associated with"})
_BRANCHES: Final[dict[str, Connector]] = {
    **dict.fromkeys(_WITH, "with"),
    **dict.fromkeys(_DUE_TO, "due to"),
    "in": "in",
}
_LEADING: Final = re.compile(r"(with|due to|associated with|caused by|in(?! situ\b| transformation\b)) ", re.IGNORECASE)


def branch_connector(title: str) -> Connector | None:
    """The connector a whole title stands for (`with`, `due to`, `in`, `caused by, due to`), None for any other."""
    first, *others = (part.strip() for part in title.lower().split(","))
    found = _BRANCHES.get(first)
    return found if found and all(other in _BRANCHES for other in others) else None


def leading_connector(title: str) -> Connector | None:
    """The connector a title begins with (`with abscess`), None where it begins with the condition itself."""
    match = _LEADING.match(title)
    return _BRANCHES[match.group(1).lower()] if match else None


class TableCell(Record):
    """One code in a table's column."""

    code: str
    stem: bool = False
    """Further characters are needed: printed with a dash, or a header of the codebook."""


class IndexEntry(Record):
    """What every line of the index has, whichever book it stands in."""

    id: int
    """Its place in printed order over all books, from 1; entries below it follow it directly."""
    parent: int | None
    book: Book
    path: tuple[str, ...]
    """Titles as printed, from the main term to this entry."""
    nonessential: tuple[str, ...] = ()
    """Words in parentheses that may be present or absent without changing the code."""
    see: str = ""
    see_also: str = ""

    @property
    def title(self) -> str:
        """The title printed at this entry's own level."""
        return self.path[-1]


class IndexTerm(IndexEntry):
    """A main term or subterm of the index to diseases or to external causes.

    A main term's own code is its default code: the one to use when the record says no more (guideline I.A.18).
    """

    code: str = ""
    """As printed, without its dash; empty where the entry only leads on."""
    stem: bool = False
    """Further characters are needed: printed with a dash, or a header of the codebook."""
    manifestations: tuple[str, ...] = ()
    """Codes in brackets, to be sequenced after `code` (etiology and manifestation, guideline I.A.13)."""
    see_category: str = ""
    see_subcategory: str = ""
    connector: Connector | None = None
    """Set where the title is nothing but such a word: the branch below it."""
    relation: Connector | None = None
    """The connector this entry hangs below or begins with."""


class NeoplasmRow(IndexEntry):
    """A site of the neoplasm table with its six columns; None where the table prints a dash."""

    malignant_primary: TableCell | None = None
    malignant_secondary: TableCell | None = None
    ca_in_situ: TableCell | None = None
    benign: TableCell | None = None
    uncertain: TableCell | None = None
    unspecified: TableCell | None = None
    asterisk: bool = False
    """Printed with `*`: carcinomas and benign tumors of the site are classified to its skin."""
    diamond: bool = False
    """Printed with a diamond: carcinomas of the bone are taken as metastatic from an unspecified site."""
    remark: str = ""
    """Words printed beside the site that limit it."""

    def cells(self) -> tuple[tuple[NeoplasmColumn, TableCell], ...]:
        """The columns that hold a code, in printed order."""
        found = ((column, getattr(self, column)) for column in NEOPLASM_COLUMNS)
        return tuple((column, cell) for column, cell in found if cell)


class DrugRow(IndexEntry):
    """A substance of the table of drugs and chemicals with its six columns; None where the table prints dashes."""

    accidental: TableCell | None = None
    self_harm: TableCell | None = None
    assault: TableCell | None = None
    undetermined: TableCell | None = None
    adverse_effect: TableCell | None = None
    underdosing: TableCell | None = None

    def cells(self) -> tuple[tuple[DrugColumn, TableCell], ...]:
        """The columns that hold a code, in printed order."""
        found = ((column, getattr(self, column)) for column in DRUG_COLUMNS)
        return tuple((column, cell) for column, cell in found if cell)


AnyEntry = IndexTerm | NeoplasmRow | DrugRow


class IndexContent(NamedTuple):
    """Everything one index file is written from; a part that was not published or not given is empty.

    Ids run on over the books in the order of `BOOKS`.
    """

    edition: str
    """For instance `FY2026`; what the files say of themselves."""
    diseases: Sequence[IndexTerm] = ()
    external_causes: Sequence[IndexTerm] = ()
    neoplasms: Sequence[NeoplasmRow] = ()
    drugs: Sequence[DrugRow] = ()
    sources: tuple[str, ...] = ()
    """Names of the files read."""
