"""Behaviour of what supervisors read: shares, outliers, and nothing said about few cases."""

from __future__ import annotations

from agent.review.figures import DecidedLine, ReviewedCase, supervision
from medcoding.review import Disposition, RejectReason


def case(by: str, accepted: int, rejected: int = 0, **changes: object) -> ReviewedCase:
    """A case with so many accepted and rejected suggestions."""
    kept = DecidedLine(suggested="I10", final="I10", disposition=Disposition.ACCEPTED, opened=True)
    gone = DecidedLine(
        suggested="M17.11", final="M17.11", disposition=Disposition.REJECTED, reason=RejectReason.RULED_OUT, opened=True
    )
    lines = (*(kept for _ in range(accepted)), *(gone for _ in range(rejected)))
    made = ReviewedCase(
        by=by, lines=lines, added=0, seconds=60.0 * len(lines), overridden=(), seeds_shown=0, seeds_caught=0
    )
    return made.model_copy(update=changes)


def test_shares_and_categories() -> None:
    """Agreement over all, and by category the one that stood least often first."""
    figures = supervision([case("anna", 3, 1), case("bert", 4)])
    assert figures.agreement == 7 / 8
    assert [(one.category, one.agreement) for one in figures.categories] == [("M17", 0.0), ("I10", 1.0)]
    assert figures.reject_reasons == {"ruled_out": 1}
    assert [(one.by, one.accepted) for one in figures.coders] == [("anna", 0.75), ("bert", 1.0)]


def test_who_stands_apart_is_named_from_five_cases_on() -> None:
    """Somebody who accepts everything in no time and misses controls is told apart; of four cases nothing is said."""
    careful = [case("anna", 2, 2) for _ in range(20)]
    hasty = [case("zoe", 4, seconds=4.0, seeds_shown=1, seeds_caught=0) for _ in range(5)]
    zoe = next(one for one in supervision([*careful, *hasty]).coders if one.by == "zoe")
    assert zoe.apart == (
        "Accepts far more than the others.",
        "Decides far quicker than the others.",
        "Accepted suggestions that were known wrong.",
    )
    few = next(one for one in supervision([*careful, *hasty[:4]]).coders if one.by == "zoe")
    assert few.apart == ()


def test_who_never_looks_is_named() -> None:
    """Deciding without opening the evidence shows."""
    blind = case("zoe", 4)
    blind = blind.model_copy(update={"lines": tuple(x.model_copy(update={"opened": False}) for x in blind.lines)})
    figures = supervision([case("anna", 4) for _ in range(20)] + [blind] * 5)
    assert "Looks at the evidence far less often than the others." in figures.coders[-1].apart


def test_no_case_is_no_figure() -> None:
    """Without a case there is no agreement, not one of zero."""
    assert supervision([]).agreement is None
