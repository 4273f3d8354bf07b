"""The report on the small model counts as a reader would by hand."""

from __future__ import annotations

from evals.mini import Judged, part_score, score
from tests.training.mini.small_model import answered, small_lesson

HYPERTENSION = answered("Mention: hypertension", ("Essential hypertension", "Gout"), "1", 1)
DENIED = answered("Mention: gout", ("Gout", "Essential tremor"), "none", 2)


def test_none_has_a_precision_and_a_recall() -> None:
    """Of two answers `none` one is right; of two questions that deserve it one was answered so."""
    judged = (
        Judged(HYPERTENSION, "none", ()),
        Judged(DENIED, "none", ()),
        Judged(DENIED, "1", ()),
        Judged(HYPERTENSION, "1", ()),
    )
    figures = score(judged)
    assert (figures.none_precision, figures.none_recall) == (0.5, 0.5)
    assert (figures.choice_accuracy, figures.accuracy_where_offered) == (0.5, 0.5)


def test_evidence_is_counted_over_all_sentences() -> None:
    """Two of three named are due, two of two due are named: F1 4/5."""
    judged = (Judged(HYPERTENSION, "1", (1, 3)), Judged(DENIED, "none", (2,)))
    assert score(judged, names_evidence=True).evidence_f1 == 0.8


def test_an_unusable_answer_is_wrong_and_counted() -> None:
    """An answer without a form is neither a candidate nor none."""
    figures = score((Judged(DENIED, "", ()), Judged(DENIED, "none", (2,))), names_evidence=True)
    assert (figures.unusable, figures.choice_accuracy, figures.none_recall) == (0.5, 0.5, 0.5)


def test_baselines_answer_every_question() -> None:
    """The first candidate is right once in the small lesson, and never says none."""
    lesson = small_lesson()
    judged = [Judged(question, question.choice, question.evidence) for question in lesson.questions]
    part = part_score([lesson], judged)
    assert (part.questions, part.without_right_candidate) == (2, 1)
    assert part.model.choice_accuracy == 1.0
    assert part.first_candidate.choice_accuracy == 0.5
    assert part.first_candidate.none_precision is None
