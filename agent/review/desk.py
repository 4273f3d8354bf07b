"""A coder's desk: one case version with everything that was done on it, and what can be done next.

open / peek   who looks is in the trail, who works holds the lock
act           one step, checked by the same rules as the product's own proposal
attest        somebody's word for the exact set
"""

from __future__ import annotations

import hmac
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Final

from agent.access.permissions import may, permit
from agent.parts import Parts
from agent.review import attest as attesting
from agent.review import glass, history
from agent.review.attest import Numbered, Signing, final_set
from agent.review.checked import edition_of, findings_on, read_chart
from agent.review.figures import ReviewedCase, Supervision, reviewed_case, supervision
from agent.review.gate import obstacles
from agent.review.history import Signed, chart_text
from agent.review.on_desk import ChartText, OnDesk, Seat
from agent.review.provider_queries import queries_of
from agent.review.seeds import Seed, dressed, seed_for, seeded_ids, unlisted, with_seed
from agent.review.settings import ReviewSettings
from agent.review.standing import Reviewing, Standing, admitted, standing
from agent.review.supervised import override_reasons, reviewed_cases
from agent.store.case_store import CaseStore
from agent.store.errors import ConflictError, NoSuchCaseError
from agent.store.ledger import Change, Reading
from agent.store.listing import summary_of
from agent.store.records import CaseState, CaseSummary, CaseVersion
from medcoding.access import Action, Actor
from medcoding.codes import CodeSystem
from medcoding.encounter import Encounter
from medcoding.errors import InputError
from medcoding.finding import Finding, Severity, overridden
from medcoding.result import CodingResult
from medcoding.review import Accept, AnswerFinding, OpenEvidence, Step

_MOST_KEPT: Final = 64
"""Charts in memory, so that a step does not read the record again."""
_NOT_YOURS: Final = "You do not hold this case; take it before you change it."


class Desk:
    """Opens cases and takes steps on them. Synchronous; safe to call from several threads."""

    def __init__(self, parts: Parts, store: CaseStore, settings: ReviewSettings, secret: bytes, glass_s: float) -> None:
        self.parts = parts
        self.store = store
        self.settings = settings
        self._secret = secret
        self._glass_s = glass_s
        self._texts: OrderedDict[CaseVersion, ChartText] = OrderedDict()
        self._lock = Lock()
        self._ahead = ThreadPoolExecutor(1, "desk")

    def open(self, actor: Actor, case: str) -> OnDesk:
        """A case with its text, taken by who opens it. Raises `GlassError` when it is not theirs to open."""
        summary = self._openable(actor, case)
        if may(actor, Action.LOCK) and summary.locked_by is None:
            self.store.lock(actor, case)
        version = self._note_view(actor, case)
        with self.store.reading(actor) as reading:
            return self._on_desk(reading, version)

    def again(self, actor: Actor, case: str) -> OnDesk:
        """A case that was opened before, as it stands now."""
        self._openable(actor, case)
        with self.store.reading(actor) as reading:
            summary = summary_of(reading, case)
            return self._on_desk(reading, CaseVersion(case, summary.version))

    def break_glass(self, actor: Actor, case: str, reason: str) -> None:
        """Open a case that is not the actor's. Raises `ForbiddenError` or `InputError`."""
        permit(actor, Action.BREAK_GLASS)
        with self.store.change(actor, "glass") as change:
            summary = summary_of(change, case)
            glass.break_glass(change, CaseVersion(case, summary.version), reason, self._glass_s)

    def act(self, seat: Seat, step: Step) -> OnDesk:
        """Take one step. Raises `InputError` when it cannot be taken, `ConflictError` when the case is another now."""
        permit(seat.actor, Action.REVIEW)
        with self.store.change(seat.actor, "review") as change:
            before = self.held(change, seat)
            step = admitted(before.reviewing, before.now, step)
            _refuse_unasked(before, step)
            line = next((x for x in before.now.lines if x.id == getattr(step, "line", None)), None)
            detail = {"suggested": line.suggested, "stood": line.code} if line else {}
            history.append(change, before.version, step, {k: v for k, v in detail.items() if v})
            after = self._on_desk(change, before.version)
            kept = before.attestation
            if kept and not attesting.stands(kept.signed.attestation, after.final, after.now):
                history.void(change, before.version, kept)
                return self._on_desk(change, before.version)
            return after

    def look(self, actor: Actor, case: str, line_id: str) -> OnDesk:
        """Note that a line's quotes were looked at, once, and whoever holds the case; the case as it stands."""
        found = self.again(actor, case)
        line = found.now.line(line_id)
        if line.evidence_opened or not found.mine:
            return found
        with self.store.change(actor, "review") as change:
            history.hold(change, found.version)
            history.append(change, found.version, OpenEvidence(line=line_id), {"stood": line.code})
            looked = self._on_desk(change, found.version)
            text = self._text(change, found.version)
        self._ahead.submit(text.read)  # while the coder reads; the first change then waits for nothing
        return looked

    def attest(self, seat: Seat, digest: str) -> OnDesk:
        """Stand behind the set of that digest. Raises `InputError` when it is not ready or was not the one seen."""
        permit(seat.actor, Action.ATTEST)
        with self.store.change(seat.actor, "attest") as change:
            before = self.held(change, seat)
            if before.attestation:
                raise InputError("The set is attested already; change it first, or leave it.")
            signing = Signing(before.final, before.now, before.findings, before.past.actions, before.past.opening.at)
            attestation = attesting.attested(signing, seat.actor, digest, change.now)
            figures = reviewed_case(before.now, attestation, seeded_ids(before.past.opening.seed))
            number = len(before.past.attestations) + 1
            history.attest(change, before.version, Signed(attestation=attestation, final=before.final), figures, number)
            return self._on_desk(change, before.version)

    def held(self, change: Change, seat: Seat) -> OnDesk:
        """The case inside a change of somebody who holds it. Raises `ConflictError` when it is another now."""
        history.hold(change, CaseVersion(seat.case, seat.version))
        summary = summary_of(change, seat.case)
        if summary.version != seat.version:
            raise ConflictError("The encounter was sent again meanwhile; open the case anew.")
        if summary.locked_by != seat.actor.id:
            raise ConflictError(_NOT_YOURS)
        history.hold_on(change, seat.case, self.store.settings.lock_s)
        found = self._on_desk(change, CaseVersion(seat.case, seat.version))
        if found.past.seen != seat.seen:
            raise ConflictError("The case was changed meanwhile; look at it again.")
        return found

    def signed(self, actor: Actor, case: str) -> Signed:
        """The set that somebody stands behind. Raises `NoSuchCaseError` while nobody does."""
        with self.store.reading(actor) as reading:
            summary = summary_of(reading, case)
            version = CaseVersion(case, summary.version)
            opening = history.opening_of(reading, version)
            kept = history.past_of(reading, version, opening).standing if opening else None
        if kept is None:
            raise NoSuchCaseError("Nobody stands behind the case's set yet; ask again when it is attested.")
        return kept.signed

    def supervision(self, actor: Actor) -> tuple[Supervision, Mapping[str, tuple[str, ...]]]:
        """The figures of the tenant's attested cases, and the reasons given against each rule."""
        permit(actor, Action.SUPERVISE)
        with self.store.reading(actor) as reading:
            cases: tuple[ReviewedCase, ...] = reviewed_cases(reading)
            return supervision(cases), override_reasons(reading)

    def _openable(self, actor: Actor, case: str) -> CaseSummary:
        """The case's summary for who may see its text. Raises `GlassError` for those who must say why."""
        with self.store.reading(actor) as reading:
            summary = summary_of(reading, case)
            others = summary.locked_by not in {None, actor.id}
            if may(actor, Action.OPEN_CHART) and not others:
                return summary
            permit(actor, Action.BREAK_GLASS)
            if glass.is_open(reading, case):
                return summary
        whose = "Another person works on this case" if others else "Your roles open no charts"
        raise glass.GlassError(f"{whose}; say why it must be opened all the same.")

    def _note_view(self, actor: Actor, case: str) -> CaseVersion:
        """Have the view in the trail, the text in memory, and the review begun."""
        chart = self.store.chart(actor, case)
        version = CaseVersion(case, chart.summary.version)
        if chart.result is None:
            raise NoSuchCaseError("The case has no result yet; open it when it is done.")
        self._keep(version, ChartText(self.parts, chart.encounter, chart.result))
        with self.store.reading(actor) as reading:
            begun = history.opening_of(reading, version)
        if begun is None:
            self._begin(actor, version, chart.encounter, chart.result)
        return version

    def _begin(self, actor: Actor, version: CaseVersion, encounter: Encounter, result: CodingResult) -> None:
        codebook = edition_of(self.parts, result, encounter).codebook
        key = hmac.digest(self._secret, f"seeds {actor.tenant} {version.case}".encode(), "sha256")
        seed = seed_for(result, codebook, key, self.settings.seed_share)
        if seed is not None:
            seed = dressed(seed, result, read_chart(self.parts, encounter), self.parts.explainer, codebook)
        with self.store.change(actor, "begin") as change:
            history.hold(change, version)
            if history.opening_of(change, version) is None:
                history.begin(change, version, seed)
            else:
                change.record("review.begun_before", version)

    def _on_desk(self, reading: Reading, version: CaseVersion) -> OnDesk:
        summary = summary_of(reading, version.case, version.version)
        opening = history.opening_of(reading, version)
        if opening is None or summary.state is not CaseState.DONE:
            raise ConflictError("The case was not opened yet; open it first.")
        text = self._text(reading, version)
        past = history.past_of(reading, version, opening)
        reviewing = self._reviewing(text.result, text.encounter, opening.seed)
        now, seeded = standing(reviewing, past.actions), seeded_ids(opening.seed)
        findings = self._findings(text, now, seeded)
        held = summary.locked_by == reading.actor.id
        return OnDesk(
            summary=summary,
            encounter=text.encounter,
            result=text.result.model_copy(update={"not_coded": unlisted(text.result.not_coded, opening.seed)}),
            suggested=reviewing.suggested,
            reviewing=reviewing,
            past=past,
            now=now,
            findings=findings,
            obstacles=obstacles(now, findings),
            final=final_set(reviewing, now, Numbered(version.case, version.version, text.result.edition), seeded),
            queries=queries_of(reading, version),
            mine=held and may(reading.actor, Action.REVIEW),
            may_query=held and may(reading.actor, Action.QUERY),
        )

    def _findings(self, text: ChartText, now: Standing, seeded: frozenset[str]) -> tuple[Finding, ...]:
        """Of a set that nobody changed the findings are those of the result."""
        changed = any(not isinstance(action.step, Accept | AnswerFinding) for action in now.done)
        if not changed:
            return overridden(text.result.findings, now.overrides)
        return findings_on(self.parts, text.read(), text.result, now, seeded)

    def _reviewing(self, result: CodingResult, encounter: Encounter, seed: Seed | None) -> Reviewing:
        codebook, books = edition_of(self.parts, result, encounter).codebook, self.parts.books

        def title_of(system: CodeSystem, code: str) -> str:
            if system is CodeSystem.ICD10CM:
                return codebook.title(code) if codebook.is_billable(code) else ""
            entry = books.procedures[system].entry(code) if system in books.procedures else None
            return entry.title if entry else ""

        return Reviewing(with_seed(result.codes, seed), encounter.setting, title_of)

    def _text(self, reading: Reading, version: CaseVersion) -> ChartText:
        """The chart from memory, or from the store: that it was opened is in the trail already."""
        with self._lock:
            if version in self._texts:
                self._texts.move_to_end(version)
                return self._texts[version]
        encounter, result = chart_text(reading, version)
        text = ChartText(self.parts, encounter, result)
        self._keep(version, text)
        return text

    def _keep(self, version: CaseVersion, text: ChartText) -> None:
        """A version never changes, so what was read of it stays."""
        with self._lock:
            text = self._texts.get(version, text)
            self._texts[version] = text
            self._texts.move_to_end(version)
            while len(self._texts) > _MOST_KEPT:
                self._texts.popitem(last=False)


def _refuse_unasked(before: OnDesk, step: Step) -> None:
    """An override answers a finding that is open, and never a plain fact."""
    if not isinstance(step, AnswerFinding):
        return
    asked = [f for f in before.findings if f.rule == step.rule and set(f.codes) == set(step.codes)]
    if not any(f.severity is not Severity.ADVISE for f in asked):
        raise InputError("No open finding of that rule speaks of these codes; look at the findings again.")
    if step.rule.startswith(("existence.", "evidence.verbatim")):
        raise InputError("A plain fact cannot be overridden; change the code, or quote the provider's words.")
