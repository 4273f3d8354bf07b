"""Behaviour of the note budget: whole sections while they fit, mentions always, and a list of what is left out."""

from __future__ import annotations

from collections.abc import Sequence

from agent.note_budget import cut_findings, fit_note
from medcoding.chart import Chart, SectionKind
from medcoding.finding import Severity
from tests.charts import chart, mention

HPI, ASSESSMENT, SYSTEMS = (
    SectionKind.HISTORY_PRESENT_ILLNESS,
    SectionKind.ASSESSMENT_PLAN,
    SectionKind.REVIEW_OF_SYSTEMS,
)
ROOMY = 100_000


def long_chart(*sections: tuple[SectionKind, int]) -> Chart:
    """Sections of so many sentences of about forty tokens each."""
    kinds = [kind for kind, count in sections for _ in range(count)]
    plain = chart([f"Sentence {n} of the visit says what " + "many words " * 9 for n in range(len(kinds))])
    sentences = tuple(s.model_copy(update={"section": k}) for s, k in zip(plain.sentences, kinds, strict=True))
    return plain.model_copy(update={"sentences": sentences})


def shown(chart: Chart, sentences: Sequence[int], tokens: int) -> list[int]:
    """Numbers of what is shown with mentions in these sentences."""
    mentions = [mention(n, "pain", n) for n in sentences]
    return [sentence.number for sentence in fit_note(chart, mentions, tokens).shown]


def test_what_fits_is_shown_whole() -> None:
    """A record within the budget loses nothing and reports nothing."""
    fitted = fit_note(long_chart((HPI, 5), (ASSESSMENT, 3)), [], ROOMY)
    assert len(fitted.shown) == 8
    assert fitted.left_out == ()


def test_the_assessment_goes_before_the_review_of_systems() -> None:
    """Whole sections are left out, the least telling first, and the rest keeps the record's order and numbers."""
    record = long_chart((SYSTEMS, 5), (HPI, 3), (ASSESSMENT, 3))
    assert shown(record, [], 300) == [6, 7, 8, 9, 10, 11]


def test_a_section_with_a_mention_goes_before_one_without() -> None:
    """The sentence that names the problem matters more than the kind of section it stands in."""
    record = long_chart((SYSTEMS, 3), (ASSESSMENT, 3))
    assert shown(record, [2], 150) == [1, 2, 3]


def test_a_mention_is_never_judged_without_its_sentence() -> None:
    """Of a section that does not fit, the mention's sentence is shown with its neighbours."""
    record = long_chart((HPI, 40))
    assert shown(record, [20], 60) == [18, 19, 20, 21, 22]


def test_copied_text_goes_last() -> None:
    """Text brought forward from an earlier note gives way to what its author wrote that day."""
    record = long_chart((ASSESSMENT, 3), (HPI, 3))
    copied = tuple(s.model_copy(update={"copied_from": 4}) if s.section is ASSESSMENT else s for s in record.sentences)
    assert shown(record.model_copy(update={"sentences": copied}), [], 150) == [4, 5, 6]


def test_what_is_left_out_is_listed() -> None:
    """By document, section and sentences, and as an advice in the result, without a word of the note."""
    fitted = fit_note(long_chart((SYSTEMS, 5), (ASSESSMENT, 3)), [], 150)
    assert [str(part) for part in fitted.left_out] == ["document 1, review of systems, sentences 1 to 5"]
    (finding,) = cut_findings(fitted.left_out)
    assert (finding.severity, finding.rule) == (Severity.ADVISE, "reading.cut")
    assert "review of systems" in finding.message
    assert "many words" not in finding.message
