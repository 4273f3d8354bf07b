"""Open a case's text: the encounter and the result. Who looks is noted (`agent.store.views`) before it is shown."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import select

from agent.store.errors import ErasedError, NoSuchCaseError
from agent.store.ledger import Reading
from agent.store.listing import summary_of
from agent.store.records import CaseState, CaseSummary, CaseVersion, Chart
from agent.store.tables import AnswerRow, VersionRow
from medcoding.encounter import Encounter
from medcoding.result import CodingResult


class ResultText(NamedTuple):
    """A result as JSON, and of which version."""

    case: CaseVersion
    json: bytes


def chart_of(reading: Reading, case: str, version: int | None = None) -> Chart:
    """A case with its text. Raises `NoSuchCaseError` or `ErasedError`."""
    summary = _present(reading, case, version)
    statement = select(VersionRow.encounter).where(VersionRow.case_uid == case, VersionRow.number == summary.version)
    sealed = reading.connection.scalar(statement)
    encounter = Encounter.model_validate_json(reading.open(case, f"encounter.{summary.version}", sealed))
    done = summary.state is CaseState.DONE
    result = CodingResult.model_validate_json(_result(reading, case, summary.version)) if done else None
    return Chart(summary=summary, encounter=encounter, result=result)


def result_of(reading: Reading, case: str, version: int | None = None) -> ResultText:
    """The JSON of a version's result. Raises `NoSuchCaseError` while there is none, or `ErasedError`."""
    summary = _present(reading, case, version)
    if summary.state is CaseState.FAILED:
        raise NoSuchCaseError("The case could not be coded and has no result; see its status, then submit it again.")
    if summary.state is not CaseState.DONE:
        raise NoSuchCaseError("The case has no result yet; ask for its status until it is done.")
    return ResultText(CaseVersion(case, summary.version), _result(reading, case, summary.version))


def _present(reading: Reading, case: str, version: int | None) -> CaseSummary:
    summary = summary_of(reading, case, version)
    if summary.erased:
        raise ErasedError("The text of this case was erased; only its trail can still be read.")
    return summary


def _result(reading: Reading, case: str, number: int) -> bytes:
    statement = select(AnswerRow.result).where(AnswerRow.case_uid == case, AnswerRow.number == number)
    return reading.open(case, f"result.{number}", reading.connection.scalar(statement))
