"""What a question to a provider must not do: lead, speak of money or quality scores, name a code, or stand on nothing.

The practice brief of AHIMA and ACDIS on compliant queries asks for this, here in our own words: clinical indicators
from this record, no answer put into the provider's mouth, options that are all clinically possible with "other" and
"unable to determine" among them, and not a word about what an answer would mean for payment or for quality measures.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, Literal, NamedTuple

from medcoding.encounter import Encounter
from medcoding.review import OTHER_OPTION, UNDETERMINED_OPTION, ProviderQuery

FaultKind = Literal["money", "quality", "leading", "options", "indicators", "code"]

_LEAST_OPTIONS: Final = 2
"""Clinically meaningful options beside "other" and "unable to determine"."""


class Fault(NamedTuple):
    """Why a query may not be sent."""

    kind: FaultKind
    words: str
    """One sentence that names the mend. Never the query's own words."""


_MONEY: Final = re.compile(
    r"\b(?:re[- ]?imburs\w*|pay(?:s|ing|er|ors?|ers|or|ments?)?|paid|revenues?|bill(?:s|ed|ing|able)?|claims?"
    r"|charge[sd]?(?! nurse)|costs?|costly|money|monetary|financ\w+|dollars?|usd|profit\w*|income|bonus\w*"
    r"|incentives?|denials?|fees?|budget\w*|funds|funding|insur\w+|medicare|medicaid|(?:ms[- ]?|apr[- ]?)?drgs?"
    r"|relative weights?|case[- ]?mix|cmi|mccs?|hccs?|raf|risk[- ]?adjust\w*|risk scores?|upcod\w*|per diem"
    r"|capitation|cc/mcc|(?:higher|better|more) weight(?:ed)? (?:group|code|drg))\b|[$€£¥]",
    re.IGNORECASE,
)
_CC: Final = re.compile(r"(?<!\d )(?<!\d)\bCCs?\b(?! of)")
"""As the grouper's letters; `5 cc of fluid` is no money."""
_QUALITY: Final = re.compile(
    r"\b(?:quality (?:scores?|measures?|metrics?|indicators?|ratings?|reporting|data)|star ratings?"
    r"|(?:five|5)[- ]stars?"
    r"|report cards?|scorecards?|benchmark\w*|severity of illness|soi|risk of mortality"
    r"|mortality (?:index|rates?|scores?|ratio)|expected mortality|observed.to.expected|o/e ratio|psi[- ]?\d+"
    r"|patient safety indicators?|hacs?|hospital[- ]acquired conditions?|readmission (?:rates?|penalt\w+)|penalt\w+"
    r"|value[- ]based|vbp|hedis|mips|physician profiles?|rankings?|leapfrog|core measures?"
    r"|performance (?:data|measures?|metrics?))\b",
    re.IGNORECASE,
)
_LEADING: Final = re.compile(
    r"\b(?:please (?:document|add|write|state|record|chart|note|include|change|amend|addend\w*|update|agree"
    r"|confirm (?:that|the diagnosis))"
    r"|(?:would|do|could|can|will|did|should) (?:you|we) (?:not )?(?:agree|confirm|concur|say|think|please document"
    r"|document that|be able to document|consider documenting|add|change)"
    r"|(?:do|is|would|are|does|was)n'?t (?:you|it|this|that|the patient)"
    r"|you (?:should|must|need to|ought to|have to)"
    r"|we (?:need|want|would like|prefer|require|expect|recommend|suggest|believe|feel|think)"
    r"|(?:it|this) (?:appears|seems|looks like|is (?:clear|obvious|likely|evident))"
    r"|clearly|obviously|undoubtedly|surely|preferred|recommended|best answer"
    r"|suggested (?:diagnosis|answer|response|option)|in order to (?:code|support|capture|report)"
    r"|so (?:that )?(?:we|i|it) can (?:be )?(?:coded?|captured?|report(?:ed)?)|(?:to|we can|helps?) capture"
    r"|more specific code|higher (?:specificity )?code|impacts? (?:on|the|our|to)|has an? impact|affects? (?:the|our)"
    r"|would (?:help|support|allow) (?:us|the code|coding)|(?:choose|select) the first)\b"
    r"|\b(?:agree|correct|right)\s*\?",
    re.IGNORECASE,
)
_YES_NO: Final = re.compile(
    r"(?:^|[.:;!?\n]\s*)(?:is|was|does|did|do|has|have|had|are|were|can|could|would|will|should)\b[^.?!\n]*\?",
    re.IGNORECASE,
)
_OF_POA: Final = re.compile(
    r"\b(?:present (?:on|at the time of) admission|at (?:the time of )?admission)\b", re.IGNORECASE
)
_CODE: Final = re.compile(r"\b[A-TV-Z]\d[0-9A-Z](?:\.[0-9A-Z]{1,4})\b|\b(?:icd|cpt|hcpcs)\b", re.IGNORECASE)
_MARKED: Final = re.compile(
    r"\*|✓|✔|☑|→|<-|->|\(x\)|\[x\]|\b(?:preferred|recommended|suggested|default|best)\b", re.IGNORECASE
)
_INVISIBLE: Final = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
_SPELLED: Final = re.compile(r"\b(?:[a-z0-9][ .\-_*]{1,2}){2,}[a-z0-9]\b", re.IGNORECASE)
_LOOKALIKES: Final = str.maketrans("аеіорсухѕԁɡ", "aeiopcyxsdg")

_WORDS: Final[dict[FaultKind, str]] = {
    "money": "It speaks of payment; ask about the patient's condition alone.",
    "quality": "It speaks of quality or severity scores; ask about the patient's condition alone.",
    "leading": "It leads to an answer; state the facts and ask openly what they mean.",
    "code": "It names a code or a code system; ask in clinical words.",
}


def faults(query: ProviderQuery, encounter: Encounter) -> tuple[Fault, ...]:
    """Everything that keeps a query from being sent, each once; empty when it may be sent."""
    own = "\n".join((query.about, query.question, *(option.text for option in query.options)))
    found = (
        *_of_words(own),
        *_leading(query, encounter),
        *_of_options([option.text for option in query.options]),
        *_of_indicators(query, encounter),
    )
    return tuple(dict.fromkeys(found))


def _of_words(text: str) -> Iterator[Fault]:
    """Read as it stands, and as a reader takes it who looks through tricks of spelling."""
    readings = tuple(_readings(text))
    patterns: tuple[tuple[FaultKind, re.Pattern[str]], ...] = (
        ("money", _MONEY), ("money", _CC), ("quality", _QUALITY), ("code", _CODE),
    )  # fmt: skip
    for kind, pattern in patterns:
        if any(pattern.search(reading) for reading in readings):
            yield Fault(kind, _WORDS[kind])


def _leading(query: ProviderQuery, encounter: Encounter) -> Iterator[Fault]:
    question = "\n".join((query.about, query.question))
    asked = tuple(_readings(question))
    if any(_LEADING.search(reading) for reading in asked):
        yield Fault("leading", _WORDS["leading"])
    if _YES_NO.search(_clean(query.question)) and not _OF_POA.search(query.question):
        yield Fault("leading", "It can be answered by yes or no; ask what the facts mean, with options if need be.")
    record = "\n".join(document.text for document in encounter.documents).casefold()
    if any(_names(question, option.text) and option.text.casefold() not in record for option in query.options):
        yield Fault("leading", "The question names one of its own answers, which the record does not; take it out.")


def _names(question: str, option: str) -> bool:
    bare = option.casefold().strip(" .")
    standing = {OTHER_OPTION.casefold(), UNDETERMINED_OPTION.casefold()}
    return (
        len(bare) > 3 and bare not in standing and re.search(rf"\b{re.escape(bare)}\b", question.casefold()) is not None
    )


def _of_options(options: Sequence[str]) -> Iterator[Fault]:
    """An open question needs none; a list must leave every way out."""
    if not options:
        return
    bare = [option.casefold().strip(" .") for option in options]
    if OTHER_OPTION.casefold() not in bare:
        yield Fault("options", f"The options lack '{OTHER_OPTION}'; add it.")
    if UNDETERMINED_OPTION.casefold() not in bare:
        yield Fault("options", f"The options lack '{UNDETERMINED_OPTION}'; add it.")
    if len(set(bare) - {OTHER_OPTION.casefold(), UNDETERMINED_OPTION.casefold()}) < _LEAST_OPTIONS:
        yield Fault("options", "One option alone leads to it; offer two at least, or ask openly.")
    if len(set(bare)) != len(bare):
        yield Fault("options", "One option stands there twice; take one out.")
    if any(_MARKED.search(option) for option in options):
        yield Fault("options", "One option is marked before the others; write them all alike.")


def _of_indicators(query: ProviderQuery, encounter: Encounter) -> Iterator[Fault]:
    texts = {document.document_id: document.text for document in encounter.documents}
    if not query.indicators:
        yield Fault("indicators", "No clinical fact is quoted; quote what the question rests on.")
    if any(not quote.stands_in(texts.get(quote.document_id, "")) for quote in query.indicators):
        yield Fault("indicators", "A quote does not stand in the record; quote the provider's own words.")


def _readings(text: str) -> Iterable[str]:
    clean = _clean(text)
    yield clean
    yield _SPELLED.sub(lambda found: re.sub(r"[ .\-_*]", "", found.group()), clean)
    yield re.sub(r"(?<=\w)[.\-_*](?=\w)", "", clean)


def _clean(text: str) -> str:
    """Full-width letters, invisible characters and look-alikes read as what they look like."""
    return _INVISIBLE.sub("", unicodedata.normalize("NFKC", text)).replace("’", "'").translate(_LOOKALIKES)
