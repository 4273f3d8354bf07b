"""The user's licensed crosswalks to ICD-10-CM: the SNOMED CT map of NLM, and concept names of the UMLS Metathesaurus.

Two forms are read. The SNOMED CT to ICD-10-CM map (`tls_Icd10cmHumanReadableMap_US1000124_*.tsv`, an RF2 extended map
with names): each concept has groups, one code of each group is reported, and the rules of a group are tried by
priority. And `MRCONSO.RRF`: a SNOMED CT name and an ICD-10-CM code of the same UMLS concept belong together. Neither
ships.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple

from index_build.readers.table import Column, NamedFile, Row, find_table, text_lines
from medcoding.codes import ICD10CM_SHAPE
from medcoding.errors import InputError
from medcoding.record import Record

ICD10CM_MAP: Final = "6011000124106"
"""The reference set of the US edition that maps to ICD-10-CM; rows of other sets are passed over."""

_UNCONDITIONAL: Final = frozenset({"TRUE", "OTHERWISE TRUE"})
_FEMALE: Final = "248152002"
_MALE: Final = "248153007"
_AGE_AT_ONSET: Final = "445518008"
_CONDITION: Final = re.compile(r"IFA\s+(?P<concept>[0-9]+)\s*\|(?P<name>[^|]*)\|\s*(?P<limit>.*)", re.DOTALL)
_AND: Final = re.compile(r"\s+AND\s+(?=IFA\s)")
_AGE_LIMIT: Final = re.compile(r"(?P<sign>[<>]=?)\s*(?P<amount>[0-9]{1,4}(\.[0-9]{1,4})?)\s*(?P<unit>day|month|year)s?")
_SEMANTIC_TAG: Final = re.compile(r"\s*\([a-z/ +-]+\)$")
_UMLS_FIELDS: Final = 18

_MAP: Final = {
    "active": Column(re.compile(r"^active$")),
    "refset": Column(re.compile(r"^refsetid$")),
    "concept": Column(re.compile(r"^referencedcomponentid$")),
    "name": Column(re.compile(r"^referencedcomponentname$"), optional=True),
    "group": Column(re.compile(r"^mapgroup$")),
    "priority": Column(re.compile(r"^mappriority$")),
    "rule": Column(re.compile(r"^maprule$")),
    "advice": Column(re.compile(r"^mapadvice$")),
    "target": Column(re.compile(r"^maptarget$")),
    "category": Column(re.compile(r"^mapcategoryname$"), optional=True),
    "category_id": Column(re.compile(r"^mapcategoryid$"), optional=True),
}


class MapCondition(Record):
    """One `IFA` clause of a map rule: what must hold of the patient for the rule to be taken."""

    kind: Literal["sex", "age", "concept"]
    concept_id: str
    name: str
    sex: Literal["F", "M"] | None = None
    comparison: Literal["<", "<=", ">", ">="] | None = None
    """For an age at onset, with `amount` and `unit`."""
    amount: float | None = None
    unit: Literal["day", "month", "year"] | None = None


class MapRule(Record):
    """One active row of the map."""

    concept_id: str
    concept_name: str
    """Empty in a map without names."""
    group: int
    """One target of each group is reported."""
    priority: int
    rule: str
    """Verbatim."""
    advice: str
    """Verbatim."""
    target: str | None
    """A code, or a stem where the map leaves characters open; None where the concept cannot be classified."""
    open_characters: bool
    """True when the target was written with `?`."""
    category: str
    conditions: tuple[MapCondition, ...] = ()
    """The clauses of an `IFA` rule that could be read; the rule itself stays the authority."""

    @property
    def needs_context(self) -> bool:
        """True when the patient's age, sex or other conditions decide whether the rule is taken."""
        return self.rule not in _UNCONDITIONAL

    @property
    def may_need_more(self) -> bool:
        """True when the advice names a further code that may be required."""
        return "ADDITIONAL CODE" in self.advice or "EXTERNAL CAUSE" in self.advice


class Wording(NamedTuple):
    """A concept's name and the codes, or stems, that it leads to whatever else is known of the patient."""

    text: str
    codes: tuple[str, ...]
    concept_id: str


def read_crosswalk(source: NamedFile) -> Iterator[Wording]:
    """Wordings of either form. Raises `InputError` when the file is neither."""
    if source.name.lower().endswith(".rrf"):
        return umls_wordings(source)
    return wordings(map_rules(source))


def map_rules(source: NamedFile) -> Iterator[MapRule]:
    """Active rules of the SNOMED CT to ICD-10-CM map. Raises `InputError` naming the first line that does not fit."""
    table = find_table(source, _MAP)
    if table is None:
        raise InputError(
            f"{source.name} has no columns 'mapRule' and 'mapTarget'; give tls_Icd10cmHumanReadableMap_*.tsv "
            "or MRCONSO.RRF."
        )
    for row in table.rows():
        if row.cells["active"] == "1" and row.cells["refset"] == ICD10CM_MAP:
            yield _rule(row, source.name)


def wordings(rules: Iterable[MapRule]) -> Iterator[Wording]:
    """Concepts whose every group has one rule, without a condition, with a target; without their semantic tags."""
    names: dict[str, str] = {}
    groups: dict[str, dict[int, list[str | None]]] = defaultdict(lambda: defaultdict(list))
    for rule in rules:
        names[rule.concept_id] = rule.concept_name
        groups[rule.concept_id][rule.group].append(None if rule.needs_context else rule.target)
    for concept_id, of_concept in groups.items():
        codes = [targets[0] for _, targets in sorted(of_concept.items()) if len(targets) == 1]
        whole = tuple(dict.fromkeys(code for code in codes if code))
        text = _plain(names[concept_id])
        if text and len(codes) == len(of_concept) and all(codes):
            yield Wording(text, whole, concept_id)


def umls_wordings(source: NamedFile) -> Iterator[Wording]:
    """English SNOMED CT names whose UMLS concept also holds ICD-10-CM codes. The file is read twice, never held."""
    codes: dict[str, list[str]] = defaultdict(list)
    for atom in _atoms(source):
        if atom.source == "ICD10CM" and ICD10CM_SHAPE.fullmatch(atom.code) and atom.code not in codes[atom.cui]:
            codes[atom.cui].append(atom.code)
    seen: set[tuple[str, str]] = set()
    for atom in _atoms(source):
        text = _plain(atom.text)
        if atom.source == "SNOMEDCT_US" and codes.get(atom.cui) and (atom.cui, text.lower()) not in seen:
            seen.add((atom.cui, text.lower()))
            yield Wording(text, _widest(codes[atom.cui]), atom.code)


class _Atom(NamedTuple):
    cui: str
    source: str
    code: str
    text: str


def _atoms(source: NamedFile) -> Iterator[_Atom]:
    """English rows in force of the two vocabularies. Fields: CUI 1, LAT 2, SAB 12, CODE 14, STR 15, SUPPRESS 17."""
    for number, line in text_lines(source):
        cells = line.split("|")
        if len(cells) < _UMLS_FIELDS:
            if not line.strip():
                continue
            raise InputError(f"Line {number} of {source.name} is not a line of MRCONSO.RRF; give the file unchanged.")
        if cells[11] in {"SNOMEDCT_US", "ICD10CM"} and cells[1] == "ENG" and cells[16] == "N":
            yield _Atom(cells[0], cells[11], cells[13], cells[14])


def _widest(codes: list[str]) -> tuple[str, ...]:
    """Codes without those that stand below another of them."""
    return tuple(code for code in codes if not any(code != other and code.startswith(other) for other in codes))


def _rule(row: Row, name: str) -> MapRule:
    cells = row.cells
    if not (cells["concept"].isdigit() and cells["group"].isdigit() and cells["priority"].isdigit() and cells["rule"]):
        raise _misfit(row, name)
    target = _target(cells["target"])
    if target and not ICD10CM_SHAPE.fullmatch(target):
        raise _misfit(row, name)
    return MapRule(
        concept_id=cells["concept"],
        concept_name=cells["name"],
        group=int(cells["group"]),
        priority=int(cells["priority"]),
        rule=cells["rule"],
        advice=cells["advice"],
        target=target,
        open_characters="?" in cells["target"],
        category=cells["category"] or cells["category_id"],
        conditions=_conditions(cells["rule"]),
    )


def _target(written: str) -> str | None:
    """`E119` -> `E11.9`; `S82.62X?` -> `S82.62`, the stem above the character left open; `#NC` and blank -> None."""
    code = written.strip().upper()
    if not code or code.startswith("#"):
        return None
    if "?" in code:
        code = code.split("?", 1)[0].rstrip("X").rstrip(".")
    bare = code.replace(".", "")
    return bare if len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"


def _conditions(rule: str) -> tuple[MapCondition, ...]:
    clauses = (_CONDITION.fullmatch(clause.strip()) for clause in _AND.split(rule))
    return tuple(_condition(clause) for clause in clauses if clause)


def _condition(clause: re.Match[str]) -> MapCondition:
    concept, name = clause["concept"], clause["name"].strip()
    if concept in {_FEMALE, _MALE}:
        return MapCondition(kind="sex", concept_id=concept, name=name, sex="F" if concept == _FEMALE else "M")
    limit = _AGE_LIMIT.match(clause["limit"]) if concept == _AGE_AT_ONSET else None
    if limit is None:
        return MapCondition(kind="concept", concept_id=concept, name=name)
    return MapCondition.model_validate(
        {
            "kind": "age",
            "concept_id": concept,
            "name": name,
            "comparison": limit["sign"],
            "amount": float(limit["amount"]),
            "unit": limit["unit"],
        }
    )


def _plain(name: str) -> str:
    """A name without its semantic tag: `Gout (disorder)` -> `Gout`."""
    return _SEMANTIC_TAG.sub("", name.strip())


def _misfit(row: Row, name: str) -> InputError:
    return InputError(f"Line {row.number} of {name} is not a line of the map; give the file unchanged.")
