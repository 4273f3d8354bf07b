"""What the record documents as given, done or handed out at this encounter: drugs with their doses, supplies, services.

Only that may be billed. A drug the patient takes at home, one that is planned, prescribed, declined or was given
elsewhere is no service of this encounter; an inpatient stay is paid as a whole and reports none of it in HCPCS.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from agent import administration_cues as cues
from medcoding.chart import Chart, SectionKind
from medcoding.doses import Amount, Stated, stated_doses, strength_per_ml
from medcoding.encounter import Setting
from medcoding.mention import Assertion, Mention, MentionKind

_ELSEWHERE: Final = frozenset(
    {
        SectionKind.PAST_MEDICAL_HISTORY, SectionKind.PAST_SURGICAL_HISTORY, SectionKind.FAMILY_HISTORY,
        SectionKind.SOCIAL_HISTORY, SectionKind.ALLERGIES, SectionKind.REVIEW_OF_SYSTEMS, SectionKind.VITALS,
        SectionKind.RESULTS, SectionKind.INSTRUCTIONS, SectionKind.SIGNATURE, SectionKind.PROBLEM_LIST,
        SectionKind.ADMISSION_DIAGNOSIS,
    }
)  # fmt: skip
_TO_BE_SAID: Final = frozenset(
    {
        SectionKind.MEDICATIONS, SectionKind.PLAN, SectionKind.ASSESSMENT_PLAN, SectionKind.HISTORY_PRESENT_ILLNESS,
        SectionKind.CHIEF_COMPLAINT,
    }
)  # fmt: skip
"""Where a drug with a dose is as likely taken at home or planned: there the record must say that it was given."""

_ENDS: Final = re.compile(r"[;\n]|\.\s")
_BEFORE: Final = 40
"""Characters before a drug in which its dose may stand (`300 units of onabotulinumtoxinA`)."""


class Administered(NamedTuple):
    """One drug, supply or service of this encounter."""

    mention: Mention
    asked: Mention
    """The mention as it is looked up: a drug with the words up to its dose."""
    doses: tuple[Amount, ...]
    """Amounts stated with it, the one that counts first."""
    pieces: int | None
    """How many pieces or times, where the record says so."""
    in_pairs: bool
    """True where it counts pairs."""
    said: bool
    """True where the record says that it was given or done; False where dose and route alone tell it."""
    around: str
    """The words from the mention before it to the one after it."""
    record: str
    """The whole document, for a time or a distance that stands elsewhere in it."""


class _Line(NamedTuple):
    """A mention in the text that may speak of it."""

    mention: Mention
    sentence: str
    clause: str
    """Up to semicolons, line ends and full stops."""
    own: str
    """The clause, short of other mentions of the kind."""
    before: str
    after: str
    """From the mention's end to the end of `own`."""
    tail: str
    """From the mention's end to the end of the clause."""
    document_type: str
    record: str
    in_emergency: bool


def administered(chart: Chart, mentions: Sequence[Mention]) -> tuple[Administered, ...]:
    """Everything among the mentions that was given, done or handed out at an outpatient or emergency encounter."""
    if chart.encounter.setting is Setting.INPATIENT:
        return ()
    asked = [m for m in mentions if m.section not in _ELSEWHERE and _may_be_billed(m)]
    return tuple(found for line in _lines(chart, asked) if (found := _READERS[line.mention.kind](line)))


def _may_be_billed(mention: Mention) -> bool:
    """A status or a reason for the visit (chapter 21) may name a service too: `annual wellness visit`."""
    named = mention.kind is not MentionKind.PROBLEM or bool(mention.stems and mention.stems[0].startswith("Z"))
    return named and mention.assertion is Assertion.PRESENT


def _lines(chart: Chart, mentions: Sequence[Mention]) -> Iterator[_Line]:
    for mention in mentions:
        sentence = chart.sentence(mention.sentence)
        text, offset = chart.text_of(sentence), sentence.span.start
        start, end = mention.span.start - offset, mention.span.end - offset
        beside = [m for m in mentions if m.sentence == mention.sentence and m.kind is mention.kind]
        first = max((m.span.end - offset for m in beside if m.span.end - offset <= start), default=0)
        last = min((m.span.start - offset for m in beside if m.span.start - offset >= end), default=len(text))
        left = max((m.end() for m in _ENDS.finditer(text, 0, start)), default=0)
        right = min((m.start() for m in _ENDS.finditer(text, end)), default=len(text))
        document = chart.encounter.document(mention.document_id)
        yield _Line(
            mention=mention,
            sentence=text,
            clause=text[left:right],
            own=text[max(left, first) : min(right, last)],
            before=text[max(left, first, start - _BEFORE) : start],
            after=text[end : min(right, last)],
            tail=text[end:right],
            document_type=document.type or "",
            record=document.text,
            in_emergency=chart.encounter.setting is Setting.ED,
        )


def _drug(line: _Line) -> Administered | None:
    given = _is_listed(line) or bool(cues.GIVEN.search(line.own) or cues.GIVEN.search(line.clause))
    now = bool(cues.NOW.search(line.own))
    if _is_ruled_out(line, outweighed=given) or (
        line.mention.section in _TO_BE_SAID and not _is_said(line, given, now)
    ):
        return None
    doses, routed = _doses(line), _has_route(line)
    told = (given and (doses or routed)) or (doses and (routed or now))
    if not told or not (routed or cues.NEVER_BY_MOUTH.search(line.mention.query)):
        return None
    return _administered(line, doses, said=given or now)


def _supply(line: _Line) -> Administered | None:
    ordered = bool(cues.SUPPLIER.search(line.document_type) and cues.SUPPLIER_ORDER.search(line.sentence))
    handed = ordered or bool(cues.LEAD.match(line.sentence) or cues.HANDED_OUT.search(line.own))
    if not (handed or cues.HANDED_OUT.search(line.clause)) or _is_ruled_out(line, outweighed=handed):
        return None
    return _administered(line, _doses(line), said=True)


def _service(line: _Line) -> Administered | None:
    done = bool(cues.DONE.search(line.clause)) or line.mention.section is SectionKind.PROCEDURES
    if not done or _is_ruled_out(line, outweighed=bool(cues.MOVED.search(line.mention.text))):
        return None
    return _administered(line, _doses(line), said=True)


_READERS: Final = {
    MentionKind.DRUG: _drug,
    MentionKind.SUPPLY: _supply,
    MentionKind.PROCEDURE: _service,
    MentionKind.PROBLEM: _service,
}


def _administered(line: _Line, doses: tuple[Amount, ...], *, said: bool) -> Administered:
    mention = line.mention
    further = cues.NAME_GOES_ON.match(line.after) if mention.kind is MentionKind.DRUG else None
    asked = mention.model_copy(update={"query": f"{mention.query}{further[1]}"}) if further else mention
    pieces, in_pairs = cues.pieces(line.before, line.after)
    return Administered(mention, asked, doses, pieces, in_pairs, said, line.own, line.record)


def _is_listed(line: _Line) -> bool:
    """The whole record is one of administration, or the sentence opens with `Given:`."""
    return bool(cues.ADMINISTRATION.search(line.document_type) or cues.LEAD.match(line.sentence))


def _is_said(line: _Line, given: bool, now: bool) -> bool:
    """Given, or of today; in an emergency record a single dose by needle under `Meds:` is one of the visit too."""
    by_needle = line.in_emergency and line.mention.section is SectionKind.MEDICATIONS
    return given or now or (by_needle and bool(cues.BY_NEEDLE.search(line.own)))


def _is_ruled_out(line: _Line, *, outweighed: bool) -> bool:
    if cues.NOT_HERE.search(line.own) or cues.ELSEWHERE_LEAD.match(line.sentence):
        return True
    return bool(cues.NOT_YET.search(line.own)) and not outweighed


def _has_route(line: _Line) -> bool:
    """A route other than the mouth, with the drug itself or, where a list shares one, behind it in the clause."""
    if cues.ROUTE.search(line.own) or _is_listed(line) or cues.SUPPLIER.search(line.document_type):
        return not cues.BY_MOUTH.search(line.own) or bool(cues.ROUTE.search(line.own))
    return bool(cues.ROUTE.search(line.tail)) and not cues.BY_MOUTH.search(line.tail)


def _doses(line: _Line) -> tuple[Amount, ...]:
    """Amounts stated with a mention, the one that counts first: a total, a sum of steps, what was said to be given."""
    after = list(stated_doses(line.after))
    doses = [s.amount for s in sorted(after, key=lambda s: (_weight(line.after, s), s.start))]
    if not after:
        doses = [s.amount for s in stated_doses(line.before) if cues.OF.fullmatch(line.before, s.end)]
    elif _weight(line.after, after[0]) and (stepped := _in_steps(line.after, after)):
        doses.insert(0, stepped)
    elif cues.EACH.match(line.after, after[0].end) and cues.ON_BOTH_SIDES.search(line.clause):
        doses.insert(0, Amount(2 * after[0].amount.quantity, after[0].amount.measure))
    if strength := strength_per_ml(line.after):
        volumes = [d.quantity for d in doses if d.measure == "ml"]
        doses = [Amount(strength.quantity * volume, strength.measure) for volume in volumes[:1]] + doses
    return tuple(dict.fromkeys(doses))


def _in_steps(text: str, stated: Sequence[Stated]) -> Amount | None:
    """`6 mg IV, then 12 mg IV`: the first doses of one measure that follow each other, added up."""
    total = stated[0].amount
    for one, other in pairwise(stated):
        if other.amount.measure != total.measure or not cues.THEN.search(text, one.end, other.start):
            break
        total = Amount(total.quantity + other.amount.quantity, total.measure)
    return total if total != stated[0].amount else None


def _weight(text: str, stated: Stated) -> int:
    if cues.TOTAL.match(text, stated.end) or cues.TOTAL_BEFORE.search(text, 0, stated.start):
        return 0
    return 1 if cues.GIVEN_BEFORE.search(text, 0, stated.start) else 2
