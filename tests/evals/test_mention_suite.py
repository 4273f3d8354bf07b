"""Scores over annotated sentences."""

from __future__ import annotations

import pytest

from agent.pipeline import Pipeline
from evals.annotated_sentences import AnnotatedSentence, load_sentences
from evals.mention_page import as_text
from evals.mention_scores import MentionReport, report_on
from evals.mention_suite import list_missed, missed_lines, product_reader, read_sentences
from evals.negation_peer import compare_negation
from medcoding.chart import SectionKind
from medcoding.errors import InputError
from medcoding.mention import Assertion, MentionKind
from tests.evals.annotated import FixedFinder, marked, sentence

LINES = (
    sentence("Gout, no fever", marked("Gout"), marked("fever", Assertion.NEGATED)),
    sentence("Pneumonia of the left lung", marked("Pneumonia", laterality="left"), id="s2"),
    sentence("Father had a stroke", marked("stroke", Assertion.FAMILY, experiencer="family"), id="s3"),
    sentence("Knee brace given", marked("Knee brace", kind=MentionKind.SUPPLY), id="s4"),
)
FINDER = FixedFinder(["Gout", "fever", "Pneumonia", "stroke", "given"])


@pytest.fixture(scope="module")
def report() -> MentionReport:
    """Four lines, of five mentions four found, all said to be present; one thing found that is none."""
    return report_on("development", read_sentences(FINDER, LINES))


def test_recall_and_precision_by_hand(report: MentionReport) -> None:
    """Four of five found, four of five answers right; the supply was missed."""
    assert (report.sentences, report.mentions) == (4, 5)
    assert (report.found.recall.value, report.found.precision.value) == (0.8, 0.8)
    assert report.exact_span.value == 1.0
    assert report.by_kind[MentionKind.SUPPLY].recall.value == 0.0
    assert report.by_kind[MentionKind.DRUG].f1.value is None
    assert report.found.recall.low is not None


def test_assertion_by_hand(report: MentionReport) -> None:
    """Everything was read as present: half right, and of three classes one has an F1."""
    assert report.assertion.value == 0.5
    assert report.by_assertion[Assertion.PRESENT].precision.value == 0.5
    assert report.by_assertion[Assertion.NEGATED].recall.value == 0.0
    assert report.assertion_macro.value == pytest.approx((2 / 3 + 0 + 0) / 3)
    assert report.experiencer.recall.value == 0.0
    assert report.whole.f1.value == pytest.approx(2 * 2 / (5 + 5))


def test_attributes_by_hand(report: MentionReport) -> None:
    """The only side stands at a distance and was not linked."""
    assert report.by_attribute["laterality"].recall.value == 0.0
    assert (report.attributes.recall.value, report.at_distance.value) == (0.0, 0.0)
    assert report.by_attribute["stage"].f1.value is None


def test_the_wrong_section_shows() -> None:
    """A line of an assessment that is read as family history."""
    read = read_sentences(FixedFinder(["Gout"], SectionKind.FAMILY_HISTORY), LINES)
    assert report_on("development", read).section_right.value == 0.0


def test_figures_are_shown_with_intervals_and_groups(report: MentionReport) -> None:
    """Tables by kind, assertion, attribute and section."""
    text = as_text(report)
    assert "| mention recall | 0.800 |" in text
    for row in ("| supply |", "| negated |", "| laterality |", "| assessment |"):
        assert row in text
    assert "negspacy" not in text


def test_what_was_missed_is_listed_for_development() -> None:
    """One line for each fault, with the sentence."""
    lines = missed_lines(read_sentences(FINDER, LINES))
    assert "s4 missed supply “Knee brace” | Knee brace given" in lines
    assert "s4 wrong problem “given” | Knee brace given" in lines
    assert "s2 laterality “Pneumonia” left read as none | Pneumonia of the left lung" in lines
    assert any(line.startswith("s3 experiencer “stroke” family read as patient") for line in lines)


def test_nothing_of_the_held_out_part_is_listed() -> None:
    """It is refused before anything is read."""
    with pytest.raises(InputError, match="only ever scored"):
        list_missed("held_out")


def test_no_sentence_is_refused() -> None:
    """In one sentence."""
    with pytest.raises(InputError, match="no annotated sentence"):
        read_sentences(FINDER, [])


def test_a_peer_is_compared_on_the_mentions_that_were_found() -> None:
    """One that tells every second mention negated: one of the two negated ones is not among the found."""
    lines = (LINES[0], sentence("No cough", marked("cough", Assertion.NEGATED), id="s5"))

    def last_is_negated(one: AnnotatedSentence) -> list[bool]:
        return [m is one.mentions[-1] for m in one.mentions]

    found = compare_negation(read_sentences(FINDER, lines), last_is_negated)
    assert (found.mentions, found.negated) == (2, 1)
    assert (found.peer.f1.value, found.ours.f1.value) == (1.0, 0.0)
    assert found.f1_difference.difference == -1.0


def test_the_product_reads_common_sentences(pipeline: Pipeline) -> None:
    """On the development part more than half of the mentions are found and asserted rightly, most in their section."""
    report = report_on("development", read_sentences(product_reader(pipeline.parts), load_sentences("development")))
    assert (report.found.recall.value or 0) > 0.5
    assert (report.assertion.value or 0) > 0.7
    assert (report.section_right.value or 0) > 0.95
