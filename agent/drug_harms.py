"""What a drug did: adverse effect, poisoning, underdosing, each told with the drug's name (guideline I.C.19.e.5).

The columns of the table of drugs are one character of its codes: 1 accidental, 2 self-harm, 4 undetermined, 5 adverse
effect, 6 underdosing. Which one it is stands in the words around the drug; whether the drug was taken properly may
stand elsewhere in the record.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Final, NamedTuple

from agent.tables import rows

_WORD: Final = re.compile(r"[a-z0-9]+")
_ANYTHING: Final = ("",)
"""The drug's code counts beside what it did, or what the lack of it did."""

_POISONING: Final = "124"
_ACCIDENTAL, _SELF_HARM, _UNDETERMINED, _ADVERSE, _UNDERDOSED = "1", "2", "4", "5", "6"
_STREET: Final = ("T40.1", "T40.5", "T40.7", "T40.8", "T43.64", "T43.65")
"""Nobody takes these properly, and nobody fails to."""

_ANTIDOTE: Final = "T50.6"
_OWN: Final = (
    r"(?:(?:the|a|an|his|her|their|any|long-term|chronic|oral|IV|intravenous|inhaled|daily|weekly|nightly|recent|new"
    r"|high-dose|low-dose|prescribed|home|starting|systemic|adjuvant|concurrent|iodinated|use|of|both|properly"
    r"|correctly"
    r"|given|ongoing|therapy|treatment|with|over-the-counter|OTC|addition|recently|started|round-the-clock)\s+){0,5}$"
)
_CAUSED_BY: Final = re.compile(
    r"(?P<effect>^.*?)\b(?:due to|caused by|secondary to|2/2|d/t|attribut(?:ed|able) to|induced by|brought on by"
    r"|felt to be from|put down to"
    r"|(?:adverse|side|drug) (?:effects?|reactions?) (?:of|to|from)|reaction to|triggered by|because of|from)\s+"
    + _OWN,
    re.IGNORECASE | re.DOTALL,
)
_NO_CAUSE: Final = re.compile(
    r"\b(?:not|no|never|without|denies|unlikely|isn't|ruled out|allergic|allergy|anaphyla\w+)\b[^,;:]*$"
    r"|\b(?:switch\w*|chang\w*|transition\w*|wean\w*|rotat\w*|taper\w*|convert\w*|stepped|coming|off|away|relief"
    r"|benefit\w*"
    r"|abstain\w*|abstinen\w*|protect\w*|withdraw\w*|improve\w*|respon\w+|stable|held|stopped|deferred"
    r"|refills?)\s*(?:\w+\s*)?$",
    re.IGNORECASE,
)
_INDUCED: Final = re.compile(r"^[- ](?:induced|related|associated|mediated|triggered|provoked)\b", re.IGNORECASE)
_NAMES_ANOTHER: Final = re.compile(
    r"^[- ]?(?:deficien|withdraw|use disorder|dependen|abus|misuse|allerg|resist|overload|sparing|naive|refractory"
    r"|refusal|refus|screen|level|gap|holiday|worr|concern|fear|shortage|cost)",
    re.IGNORECASE,
)
_PAST: Final = re.compile(
    r"\bin (?:19|20)\d\d\b|\b(?:history of|h/o|hx of|years? ago|as a child|previous(?:ly)?)\b", re.IGNORECASE
)
_JOINED: Final = re.compile(r"^\s*(?:,|and|or|plus|\+|/|,\s*and|&)\s*(?:the\s+|long-term\s+)?$", re.IGNORECASE)
_PROPERLY: Final = re.compile(
    r"\b(?:(?:exactly |just )?as (?:prescribed|directed|ordered|labell?ed|instructed|the (?:label|doctor|\w+) \w+)"
    r"|correctly|properly (?:given|taken|dosed|prescribed)|doses? (?:and timing )?(?:were |was )?correct"
    r"|per (?:the )?label)\b",
    re.IGNORECASE,
)
_DOUBT: Final = r"(?P<doubt>\b(?:probabl[ey]|possibl[ey]|suspected|likely|concern for|question of)\s+(?:\w+\s+)?)?"
_DID_HARM: Final = re.compile(
    _DOUBT + r"(?:\b(?:adverse|drug|medication)[- ](?:drug )?(?:effects?|reactions?|eruption|rash|induced|fever)\b"
    r"|\bside effects?\b"
    r"|\btoxicity\b|\bdue to (?:the )?(?:drug|medication)\b|-induced\b)",
    re.IGNORECASE,
)
_OVERDOSE: Final = re.compile(r"\b(?:over-?dos\w+|poisoning|OD)\b", re.IGNORECASE)
_INGESTED: Final = re.compile(
    r"\b(?:ingest(?:ed|ion)|swallow(?:ed|ing)|(?:took|taken) (?:too (?:much|many)|all|a (?:whole )?bottle"
    r"|an? extra|double))"
    r"\b[^.;]{0,60}$",
    re.IGNORECASE,
)
_WRONGLY: Final = re.compile(
    r"\bby mistake|\bmistaken\w*|\bin error|\bwrong (?:pill|dose|bottle|medication|drug)|\btwice the|\bdouble(?:d"
    r"| dose| the)"
    r"|\b(?:wife|husband|mother|father|sister|brother|friend|roommate|\bgrand\w+)'s\b",
    re.IGNORECASE,
)
_TOOK: Final = re.compile(r"\b(?:took|taken|swallowed|ate|drank|given|gave|got into)\b[^.;]{0,50}$", re.IGNORECASE)
_INTERPLAY: Final = re.compile(r"\b(?:interaction|mixed|combin\w+)\b", re.IGNORECASE)
_ALCOHOL: Final = re.compile(r"\b(?:alcohol|etoh|wine|beer|liquor|vodka|whiskey)\b", re.IGNORECASE)
_ALCOHOL_CODE: Final = "T51.0X"
_UNKNOWN_INTENT: Final = re.compile(
    r"\bintent\w*\b[^.;]{0,60}\b(?:(?:cannot|could not|can't) be |un)determined|\bundetermined intent"
    r"|\bintent unclear",
    re.IGNORECASE,
)
_MEANT_IT: Final = re.compile(
    r"\b(?:suicid\w+|self-harm|intentional(?:ly)?|deliberate(?:ly)?"
    r"|on purpose|(?:wanted|trying|intended|meant) to die|(?:kill|hurt|harm) (?:himself|herself)|end (?:his"
    r"|her) life)\b"
    r"(?! (?:not|denied|ideation denied|precautions|screen\w*))",
    re.IGNORECASE,
)
_DENIED: Final = re.compile(r"\b(?:no|not|without|never|denie[sd])\b[^.;]{0,25}$", re.IGNORECASE)
_TOOK_LESS: Final = re.compile(
    r"\b(?:(?:missed|missing|skip(?:s|ped|ping)|forgot(?:ten)?|forgets)(?= (?:[\w-]+ ){0,4}(?:dos(?:e|es|ing)"
    r"|pills?|tablets?"
    r"|meds?|medications?|refills?)\b)|underdos\w+|under-?us(?:e|ing)\b"
    r"|omission of|omitt\w+|self-discontinu\w+|non-?(?:adherent|adherence|compliant|compliance) (?:to|with)"
    r"|not (?:been )?taking"
    r"|stopped (?:taking|using|all)|quit taking|ration(?:s|ed|ing)|lapse in)\b"
    r"|\bstopped (?:his|her|their) [^.;]{0,40}\b(?:on purpose|on (?:his|her) own|(?:by )?(?:himself|herself)|because)",
    re.IGNORECASE,
)
_TAKES_LESS: Final = re.compile(
    r"\b(?:every other day|half|halv\w+|stretch\w+|cut\w* back|refills?|(?:ran|run|running) out)\b", re.IGNORECASE
)
_MISSED: Final = re.compile(
    r"\b(?:missed|missing|skipp?(?:s|ed|ing)|forgot(?:ten)?)\s+(?:(?:his|her|the|all|taking|\w+ days? of)\s+){0,2}$",
    re.I,
)
_NOT_LESS: Final = re.compile(
    r"\b(?:no|not|never|denies|without|hasn't|has not) (?:\w+ ){0,2}$|\bif\b[^.;]*$", re.IGNORECASE
)
_COST: Final = re.compile(
    r"\b(?:(?:can(?:'t|not)|could(?:n't| not)|unable to|not able to) (?:afford|pay)|cost|copay|co-pay"
    r"|too expensive|the price)\b"
    r"|\b(?:lost|no|without) (?:\w+ )?(?:insurance|coverage)\b|\bcould(?:n't| not) pay\b",
    re.IGNORECASE,
)
_BY_CHANCE: Final = re.compile(
    r"\b(?:unintentional\w*|accidental\w*|forgot\w*|forgets|left (?:\w+ ){0,3}at home)\b", re.IGNORECASE
)
_FRAIL: Final = re.compile(r"\b(?:debility|confus\w+|dement\w+|forgetful\w*|memory|cognitive)\b", re.IGNORECASE)
_BY_CHOICE: Final = re.compile(
    r"\b(?:on purpose|intentional\w*|deliberate\w*|self-discontinu\w+|chose|decided|does ?n[o']t (?:want|like)"
    r"|on (?:his|her) own)\b",
    re.IGNORECASE,
)


_CLOSE: Final = 50
_RIGHT_BEFORE: Final = 12
"""Characters between a drug and the words that it was taken properly."""


class Harm(NamedTuple):
    """Words of one sentence that tell what a drug did, or why it was not taken, and the code they lead to."""

    start: int
    end: int
    code: str
    needs: tuple[str, ...]


class _Drug(NamedTuple):
    start: int
    end: int
    code: str


class _Record(NamedTuple):
    """All sentences, and whether the setting codes what they call probable."""

    text: str
    doubts_count: bool

    @property
    def tells_of_harm(self) -> bool:
        """True where some drug is said to have done something."""
        return any(self.doubts_count or not told.group("doubt") for told in _DID_HARM.finditer(self.text))


class DrugHarms:
    """The table `drug_harms`: names of drugs and classes of drugs, and their codes without the intent."""

    @cached_property
    def _names(self) -> dict[str, list[tuple[str, str]]]:
        """Names and codes by the first word, longest first."""
        names: dict[str, list[tuple[str, str]]] = {}
        for row in rows("drug_harms.tsv"):
            for name in row["words"].split("|"):
                first = _WORD.match(name)
                if first:
                    names.setdefault(first.group(), []).append((name, row["code"]))
        return {first: sorted(found, key=lambda f: -len(f[0])) for first, found in names.items()}

    def told(self, sentences: Sequence[str], *, doubts_count: bool) -> list[list[Harm]]:
        """The harms of each sentence of one record; a probable one only where the setting codes doubts (II.H)."""
        record = _Record(" ".join(sentences), doubts_count)
        found: list[list[Harm]] = []
        for place, sentence in enumerate(sentences):
            drugs = list(self._drugs(sentence.lower()))
            near = " ".join(sentences[max(0, place - 1) : place + 2]) if drugs else ""
            found.append(list(_harms(sentence, drugs, near, record)) if drugs else [])
        poisons = {harm.code[:-1] for harms in found for harm in harms if harm.code[-1] in _POISONING}
        return [
            [harm for harm in harms if harm.code[-1] != _ADVERSE or harm.code[:-1] not in poisons] for harms in found
        ]

    def _drugs(self, text: str) -> Iterator[_Drug]:
        end = 0
        for word in _WORD.finditer(text):
            if word.start() < end:
                continue
            for name, code in self._names.get(word.group(), ()):
                after = word.start() + len(name)
                if text.startswith(name, word.start()) and not text[after : after + 1].isalnum():
                    end = after
                    yield _Drug(word.start(), after, code)
                    break


def _harms(text: str, drugs: Sequence[_Drug], near: str, record: _Record) -> Iterator[Harm]:
    if less := _taken_less(text, near) or any(_MISSED.search(text[: drug.start]) for drug in drugs):
        yield from _reasons(text, near)
    adverse: _Drug | None = None
    for drug in drugs:
        street = drug.code.startswith(_STREET)
        if less and not street:
            yield _harm(drug, _UNDERDOSED)
        elif _is_poisoning(text, drug):
            yield _harm(drug, _intent(text, record))
        elif not street and (
            _did_it(text, drug, record) or (adverse and _JOINED.match(text[adverse.end : drug.start]))
        ):
            adverse = drug
            yield _harm(drug, _ADVERSE)
    alcohol = _ALCOHOL.search(text)
    if alcohol and _INTERPLAY.search(text):
        yield Harm(alcohol.start(), alcohol.end(), f"{_ALCOHOL_CODE}{_intent(text, record)}", _ANYTHING)


def _harm(drug: _Drug, intent: str) -> Harm:
    return Harm(drug.start, drug.end, f"{drug.code}{intent}", _ANYTHING)


def _did_it(text: str, drug: _Drug, record: _Record) -> bool:
    """True for `hyperkalemia due to lisinopril`, `steroid-induced`, and for a drug taken properly that did harm."""
    before, after = text[: drug.start], text[drug.end :]
    if _NAMES_ANOTHER.search(after.lstrip()) or _PAST.search(text):
        return False
    cause = _CAUSED_BY.search(before)
    if cause and not _NO_CAUSE.search(cause.group("effect")):
        return True
    return bool(_INDUCED.search(after)) or (_taken_properly(text, drug) and record.tells_of_harm)


def _taken_properly(text: str, drug: _Drug) -> bool:
    """True where the words about proper use stand close to the drug: `taken exactly as prescribed`."""
    return any(
        0 <= words.start() - drug.end <= _CLOSE or 0 <= drug.start - words.end() <= _RIGHT_BEFORE
        for words in _PROPERLY.finditer(text)
    )


def _is_poisoning(text: str, drug: _Drug) -> bool:
    """True for what was taken in overdose, by mistake, or together with alcohol (guideline I.C.19.e.5.b)."""
    if drug.code.startswith(_ANTIDOTE) or _NAMES_ANOTHER.search(text[drug.end :].lstrip()) or _PAST.search(text):
        return False
    before = text[: drug.start]
    by_mistake = bool(_WRONGLY.search(text)) and bool(_TOOK.search(before))
    with_alcohol = bool(_INTERPLAY.search(text)) and bool(_ALCOHOL.search(text))
    return bool(_OVERDOSE.search(text) or _INGESTED.search(before)) or by_mistake or with_alcohol


def _intent(text: str, record: _Record) -> str:
    """Accidental unless the record says otherwise; undetermined only where it says so (guideline I.C.20.g, h)."""
    if _UNKNOWN_INTENT.search(record.text):
        return _UNDETERMINED
    return _SELF_HARM if _is_meant(text) or _is_meant(record.text) else _ACCIDENTAL


def _is_meant(text: str) -> bool:
    return any(not _DENIED.search(text[: told.start()]) for told in _MEANT_IT.finditer(text))


def _taken_less(text: str, near: str) -> bool:
    """True where the patient took less than was prescribed, or none (guideline I.C.19.e.5.c)."""
    told = _TOOK_LESS.search(text)
    if told and not _NOT_LESS.search(text[: told.start()]):
        return True
    return bool(_TAKES_LESS.search(text) and _COST.search(near))


def _reasons(text: str, near: str) -> Iterator[Harm]:
    """Why: Z91.12 for a purpose, Z91.13 without one; only where the record tells it."""
    for cue, code in (
        (_COST, "Z91.120"),
        (_BY_CHANCE, "Z91.130" if _FRAIL.search(near) else "Z91.138"),
        (_BY_CHOICE, "Z91.128"),
    ):
        if cue.search(near):
            found = cue.search(text) or _TOOK_LESS.search(text) or _TAKES_LESS.search(text)
            if found:
                yield Harm(found.start(), found.end(), code, _ANYTHING)
            return
