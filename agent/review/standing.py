"""The set as it stands: the suggestions of one case version, and everything a person did to them so far."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from medcoding.codes import CodeRole, CodeSystem, parse_code
from medcoding.encounter import Setting
from medcoding.errors import InputError, UnknownCodeError
from medcoding.finding import GivenOverride, Override
from medcoding.record import Record
from medcoding.result import CodeLine
from medcoding.review import (
    Accept,
    Add,
    AnswerFinding,
    Disposition,
    Modify,
    Move,
    OpenEvidence,
    Reject,
    RejectReason,
    ReviewAction,
    ReviewedLine,
    Step,
    Undo,
)

TitleOf = Callable[[CodeSystem, str], str]
"""The title of a code in the edition of the case; empty for a code that it does not hold."""

_LEADING: Final = frozenset({CodeRole.PRINCIPAL, CodeRole.FIRST_LISTED})

Lines = tuple[ReviewedLine, ...]


class Standing(Record):
    """What a review has made of the suggestions."""

    lines: Lines
    """In order; rejected ones keep their place among the others."""
    overrides: tuple[GivenOverride, ...] = ()
    done: tuple[ReviewAction, ...] = ()
    """What counts: looks at evidence and undone steps are left out."""

    @property
    def kept(self) -> Lines:
        """The lines that are not rejected, in order."""
        return tuple(line for line in self.lines if line.disposition is not Disposition.REJECTED)

    @property
    def undisposed(self) -> Lines:
        """Suggestions that nobody has decided on."""
        return tuple(line for line in self.lines if line.disposition is None)

    def line(self, line_id: str) -> ReviewedLine:
        """The line of that id. Raises `InputError` when there is none."""
        for line in self.lines:
            if line.id == line_id:
                return line
        raise InputError("There is no such line in this case; reload it.")


@dataclass(frozen=True, slots=True)
class Reviewing:
    """What a review starts from."""

    suggested: tuple[CodeLine, ...]
    """In the order in which they are shown."""
    setting: Setting
    title_of: TitleOf

    @property
    def leading(self) -> CodeRole:
        """What the first diagnosis is called in this setting."""
        return CodeRole.PRINCIPAL if self.setting is Setting.INPATIENT else CodeRole.FIRST_LISTED


def standing(reviewing: Reviewing, actions: Sequence[ReviewAction]) -> Standing:
    """The set after these actions, in the order in which they were done."""
    opened = frozenset(a.step.line for a in actions if isinstance(a.step, OpenEvidence))
    done = _counting(actions)
    lines = tuple(_suggested(number, line) for number, line in enumerate(reviewing.suggested, start=1))
    for action in done:
        lines = _applied(reviewing, lines, action.step)
    if any(not isinstance(a.step, (Accept, AnswerFinding)) for a in done):
        lines = with_leading_role(lines, reviewing.leading)
    lines = tuple(line.model_copy(update={"evidence_opened": line.id in opened}) for line in lines)
    return Standing(lines=lines, overrides=_overrides(done), done=done)


def admitted(reviewing: Reviewing, now: Standing, step: Step) -> Step:
    """The step in its printed form, when it can be taken. Raises `InputError` naming the mend."""
    if isinstance(step, Undo):
        if not now.done:
            raise InputError("There is nothing to undo.")
        return step
    if isinstance(step, AnswerFinding):
        return step
    if isinstance(step, Add):
        return _admitted_code(reviewing, now, step, None)
    line = now.line(step.line)
    if isinstance(step, Modify) and step.code is not None:
        return _admitted_code(reviewing, now, step, line)
    if isinstance(step, Reject) and step.reason is RejectReason.OTHER and not step.note.strip():
        raise InputError("The reason 'other' says nothing by itself; add a few words.")
    if isinstance(step, Move) and step.place > len(now.kept):
        raise InputError(f"There are {len(now.kept)} places in this set; choose one of them.")
    return step


def with_leading_role(lines: Lines, leading: CodeRole) -> Lines:
    """The first kept diagnosis leads, and nothing else does (II, IV.G)."""
    first = next((x for x in lines if _may_lead(x)), None)
    return tuple(
        line.model_copy(update={"role": leading})
        if first and line.id == first.id
        else line.model_copy(update={"role": CodeRole.SECONDARY})
        if line.role in _LEADING
        else line
        for line in lines
    )


def _may_lead(line: ReviewedLine) -> bool:
    kept = line.disposition is not Disposition.REJECTED
    return kept and line.system is CodeSystem.ICD10CM and line.role is not CodeRole.EXTERNAL_CAUSE


def _counting(actions: Iterable[ReviewAction]) -> tuple[ReviewAction, ...]:
    """Each undo takes the last step that still counts; looking at evidence is no step."""
    counting: list[ReviewAction] = []
    for action in actions:
        if isinstance(action.step, Undo):
            counting = counting[:-1]
        elif not isinstance(action.step, OpenEvidence):
            counting.append(action)
    return tuple(counting)


def _suggested(number: int, line: CodeLine) -> ReviewedLine:
    return ReviewedLine(
        id=f"s{number}",
        system=line.system,
        code=line.code,
        title=line.title,
        role=line.role,
        poa=line.poa,
        modifiers=line.modifiers,
        units=line.units,
        evidence=line.evidence,
        suggested=line.code,
    )


def _applied(reviewing: Reviewing, lines: Lines, step: Step) -> Lines:
    match step:
        case Accept():
            return _changed(lines, step.line, _accepted)
        case Reject():
            gone = {"disposition": Disposition.REJECTED, "reject_reason": step.reason}
            return _changed(lines, step.line, lambda line: line.model_copy(update=gone))
        case Modify():
            modified = _changed(lines, step.line, lambda line: _modified(reviewing, line, step))
            return _moved(modified, step.line, 1) if step.role in _LEADING else modified
        case Move():
            return _moved(lines, step.line, step.place)
        case Add():
            return (*lines, _added(reviewing, lines, step))
        case _:
            return lines


def _changed(lines: Lines, line_id: str, change: Callable[[ReviewedLine], ReviewedLine]) -> Lines:
    return tuple(change(line) if line.id == line_id else line for line in lines)


def _accepted(line: ReviewedLine) -> ReviewedLine:
    """As it was suggested, or with what was modified before."""
    modified = line.disposition is Disposition.MODIFIED
    kept = Disposition.MODIFIED if modified else Disposition.ACCEPTED
    return line.model_copy(update={"disposition": kept, "reject_reason": None})


def _modified(reviewing: Reviewing, line: ReviewedLine, step: Modify) -> ReviewedLine:
    changes: dict[str, object] = {"disposition": Disposition.MODIFIED, "reject_reason": None}
    if step.code is not None:
        changes |= {"code": step.code, "title": reviewing.title_of(line.system, step.code)}
    if step.role is not None:
        changes["role"] = step.role
    if step.poa is not None:
        changes["poa"] = step.poa or None
    return line.model_copy(update=changes)


def _moved(lines: Lines, line_id: str, place: int) -> Lines:
    """Places count kept lines from 1."""
    moving = next(line for line in lines if line.id == line_id)
    rest = [line for line in lines if line.id != line_id]
    kept = [line for line in rest if line.disposition is not Disposition.REJECTED]
    at = rest.index(kept[place - 1]) if place <= len(kept) else len(rest)
    return (*rest[:at], moving, *rest[at:])


def _added(reviewing: Reviewing, lines: Lines, step: Add) -> ReviewedLine:
    number = sum(line.suggested is None for line in lines) + 1
    return ReviewedLine(
        id=f"a{number}",
        system=step.system,
        code=step.code,
        title=reviewing.title_of(step.system, step.code),
        role=step.role,
        poa=step.poa,
        evidence=step.evidence,
        disposition=Disposition.ACCEPTED,
        evidence_opened=bool(step.evidence),
    )


def _admitted_code(reviewing: Reviewing, now: Standing, step: Add | Modify, line: ReviewedLine | None) -> Step:
    """The code exists in its book, and is not on the set yet."""
    system = step.system if isinstance(step, Add) else line.system if line else CodeSystem.ICD10CM
    code = parse_code(step.code or "", system)
    if not reviewing.title_of(system, code):
        raise UnknownCodeError(f"{code} does not exist in the edition of this case; look it up in the book.")
    if any(other.code == code and other.system is system for other in now.kept if other is not line):
        raise InputError(f"{code} is on the set already; change the line that has it.")
    return step.model_copy(update={"code": code})


def _overrides(done: Sequence[ReviewAction]) -> tuple[GivenOverride, ...]:
    """The last answer to a finding stands."""
    answers = {
        (action.step.rule, frozenset(action.step.codes)): GivenOverride(
            rule=action.step.rule,
            codes=action.step.codes,
            override=Override(by=action.by, reason=action.step.reason, at=action.at),
        )
        for action in done
        if isinstance(action.step, AnswerFinding)
    }
    return tuple(answers.values())
