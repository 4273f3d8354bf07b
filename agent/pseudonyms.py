"""Names and record numbers are replaced before words of a record go to a model.

A code never rests on who a person is. What stands between a prompt's marks is written by others, and there every name
that a cue gives away (a title, a label, a signature, the author of a document) becomes `[PERSON 1]`, every number that
identifies `[NUMBER]`; the same person keeps the same number through an encounter. Sentences keep their numbers, so
evidence is quoted from the record as it is. This rests on patterns and leaves what no cue gives away: a model server
belongs inside the hospital all the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from agent.withheld import plain
from medcoding.chart import Chart
from retrieval.wording import forms

_NAME: Final = r"[A-Z][a-zà-öø-ÿ]*(?:['’-][A-Z]?[a-zà-öø-ÿ]+)*"
_CAPITALS: Final = r"[A-Z]{2,}(?:['’-][A-Z]+)*"
_WORD: Final = rf"(?:{_CAPITALS}|{_NAME})"
_INITIAL: Final = r"[A-Z]\."
_TITLED: Final = re.compile(
    rf"\b(?:Mr|Mrs|Ms|Mx|Dr|Prof|Sr|Sra)(?:\.|\b) ?((?:{_INITIAL} ?)?{_WORD}(?: {_INITIAL})?(?: {_WORD})?)"
    rf"|\b(?:Miss|Doctor|Nurse|Professor|Señora?) ((?:{_INITIAL} ?)?{_WORD}(?: {_WORD})?)"
)
_LABELLED: Final = re.compile(
    r"\b(?i:patient(?:'s)? name|name|patient|pt|provider|attending|author|physician|surgeon|referring|pcp|resident|"
    r"nurse|scribe|(?:electronically )?signed(?: by)?|dictated by|reviewed by|seen by|next of kin|emergency contact|"
    r"(?:spouse|husband|wife|mother|father|son|daughter) named?)\b ?[:#=]? {0,2}"
    rf"({_WORD},? (?:{_WORD}|{_INITIAL})(?: (?:{_WORD}|[A-Z]\b\.?))?)"
    r"(?=\s*(?:$|[,.;|()/\d]|[-–] |\b[A-Z][A-Z-]{1,3}\b|\w+:))"
)
_SIGNED: Final = re.compile(
    rf"\b({_NAME}(?: {_INITIAL}| [A-Z])?(?: {_NAME}){{1,2}}),? "
    r"(?:M\.?D|D\.?O|R\.?N|N\.?P|APRN|CRNA|LPN|LCSW|PharmD|Ph\.?D|D\.?P\.?M|D\.?D\.?S|PA-C|PA|RD|PT|OT)\b"
)
_NUMBERED: Final = re.compile(
    r"\b((?i:mrn|medical record|record|chart|acc(?:oun)?t|csn|har|fin|visit|encounter|case|policy|member|subscriber|"
    r"insurance|medicare|medicaid|ssn|social security|npi|dea|license|accession|specimen|patient)"
    r"(?i: ?(?:id|no|num|number|nr))?\.? ?[#:=]{0,2} ?)"
    r"(?!\d{4}-\d\d-\d\d\b|\d\d?-\d\d?-\d{2,4}\b|(?:19|20)\d\d\b)"
    r"((?=(?:[A-Z-]*\d){4})[A-Z0-9][A-Z0-9-]{3,})\b"
)
_BORN: Final = re.compile(
    r"\b((?i:dob|d\.o\.b\.|date of birth|born(?: on)?|birth ?date)[ :]{0,3})"
    r"(\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}|(?i:[a-z]{3,9}\.? \d{1,2},? \d{4})|\d{1,2} (?i:[a-z]{3,9}) \d{4})"
)
_SHAPED: Final = re.compile(
    r"\b\d{3}-\d{2}-\d{4}\b"  # social security number
    r"|(?<![\w.])(?:\+?1[ .-]?)?\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}\b"  # telephone
    r"|\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"
)
_NO_NAMES: Final = frozenset(
    "is was has had will would can could should did does and or the a an in on at to for with from of who that this "
    "denies denied reports reported presents presented states stated returns returned complains continues continued "
    "comes came feels felt notes noted describes described says said underwent takes took lives needs requests "
    "remains agrees appears arrives arrived wishes brings brought follows follow-up today history assessment plan "
    "alert oriented practitioner anesthetist midwife manager specialist staff supervisor coordinator mrn dob age sex "
    "acct account date male female room bed unit visit".split()
)
"""What may stand beside a title or label and is no name."""
_LOWER: Final = re.compile(r"(?<![\w'’-])[a-z]{3,}(?![\w'’-])")
_SHORTEST: Final = 3
"""Shorter parts of a name are not looked for by themselves."""


class Pseudonyms:
    """The names of one encounter and what stands for them."""

    def __init__(self, chart: Chart, conditions: Iterable[str]) -> None:
        """`conditions` are words of the record that name what is coded: no part of them is taken for a name."""
        documents = chart.encounter.documents
        lines = [plain(line) for document in documents for line in document.text.splitlines()]
        named = [name for line in lines for name in _named(line)]
        named += [document.author for document in documents if document.author]
        ordinary = frozenset(word for line in lines for word in _LOWER.findall(line))
        clinical = frozenset(form for words in conditions for form in forms(words))
        self._people = _numbered(named, ordinary | clinical)
        known = [re.escape(known) for known in (chart.encounter.patient.id,) if known and len(known) > _SHORTEST]
        parts = sorted(map(re.escape, self._people), key=len, reverse=True)
        self._names = re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)") if parts else None
        self._known = re.compile(rf"(?<!\w)(?:{'|'.join(known)})(?!\w)") if known else None

    def hidden(self, text: str) -> str:
        """The text without what identifies a person."""
        text = _NUMBERED.sub(r"\1[NUMBER]", _BORN.sub(r"\1[DATE]", _SHAPED.sub("[NUMBER]", text)))
        if self._known:
            text = self._known.sub("[NUMBER]", text)
        if self._names is None:
            return text
        text = self._names.sub(lambda found: f"[PERSON {self._people[found[0]]}]", text)
        return re.sub(r"(\[PERSON (\d+)\])(?:[ ,]{1,2}(?:[A-Z]\.? )?\[PERSON \2\])+", r"\1", text)

    def concealed(self, rendered: str, mark: str) -> str:
        """A rendered prompt, what stands between its marks without what identifies a person; the rest as it was."""
        between = re.compile(
            rf"(^(NOTE|QUESTION) ({mark[:12]}\w*)\n)(.*?)(?=^END\b[^\n]*\b\3$)", re.DOTALL | re.MULTILINE
        )
        return between.sub(lambda found: found[1] + self._by_line(found[4]), rendered)

    def _by_line(self, text: str) -> str:
        return "\n".join(self.hidden(line) for line in text.split("\n"))


def _named(text: str) -> Iterable[str]:
    """Every name that a cue gives away."""
    for pattern in (_TITLED, _LABELLED, _SIGNED):
        for found in pattern.finditer(text):
            yield next(group for group in found.groups() if group)


def _numbered(names: Iterable[str], words: frozenset[str]) -> Mapping[str, int]:
    """Each way of writing a person, whole and by part, and the person's number.

    A part that is one of the record's own words, or part of a condition (Graves, Parkinson), is hidden beside its cue
    only.
    """
    people: dict[str, int] = {}
    for name in dict.fromkeys(names):
        parts = [part for part in re.split(r"[ ,.]+", name) if part and part.lower() not in _NO_NAMES]
        telling = [part for part in parts if len(part) >= _SHORTEST]
        number = next((people[part] for part in telling if part in people), max(people.values(), default=0) + 1)
        whole = name if len(parts) == len(re.split(r"[ ,.]+", name.strip("."))) else " ".join(parts)
        alone = [part for part in telling if words.isdisjoint(forms(part))]
        ways = [whole] if alone or len(telling) > 1 else []
        ways += [way for part in alone for way in (part, part.upper(), part.title())]
        people.update((way, number) for way in ways if way not in people)
    return people
