"""Which answers a person checks although nobody would have to."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st

from agent.audit_sample import AuditSettings, drawn_code, new_codes
from medcoding.codebook import Codebook, Codebooks

AUDIT = AuditSettings()
CODES = st.lists(st.sampled_from(["I10", "E11.9", "N18.32", "J44.9"]), unique=True, max_size=4)


def drawn_share(eligible: list[str], new: frozenset[str] = frozenset(), *, all_: bool = False) -> float:
    """Share of two thousand encounters of which a code is drawn."""
    found = [drawn_code(f"v{n}", eligible, new, AUDIT, all_=all_) for n in range(2_000)]
    return sum(code is not None for code in found) / len(found)


def test_a_tenth_of_the_encounters_is_drawn() -> None:
    """Within what chance allows, and always the same ones for a seed."""
    assert 0.08 < drawn_share(["I10", "E11.9"]) < 0.12
    again = [drawn_code(f"v{n}", ["I10"], frozenset(), AUDIT, all_=False) for n in range(50)]
    assert again == [drawn_code(f"v{n}", ["I10"], frozenset(), AUDIT, all_=False) for n in range(50)]


def test_another_seed_draws_others() -> None:
    """So that nobody learns which encounters are looked at."""
    other = AUDIT.model_copy(update={"seed": 7})
    one, two = (
        [n for n in range(500) if drawn_code(f"v{n}", ["I10"], frozenset(), a, all_=False)] for a in (AUDIT, other)
    )
    assert one != two


def test_a_lane_that_is_still_to_show_its_precision_is_audited_whole() -> None:
    """One code of every encounter that has one for the lane."""
    assert drawn_share(["I10"], all_=True) == 1.0
    assert drawn_share([], all_=True) == 0.0


def test_new_codes_are_drawn_more_often_and_first() -> None:
    """Half of the encounters with one, and the new code is the one that is looked at."""
    assert 0.45 < drawn_share(["I10", "E11.9"], frozenset({"E11.9"})) < 0.55
    found = {drawn_code(f"v{n}", ["I10", "E11.9"], frozenset({"E11.9"}), AUDIT, all_=False) for n in range(200)}
    assert found == {None, "E11.9"}


@given(CODES, st.text(min_size=1, max_size=10), st.booleans())
def test_what_is_drawn_is_eligible_whatever_its_order(eligible: list[str], case: str, all_: bool) -> None:
    """Law: the order of the answer decides nothing."""
    code = drawn_code(case, eligible, frozenset(), AUDIT, all_=all_)
    assert code is None or code in eligible
    assert code == drawn_code(case, eligible[::-1], frozenset(), AUDIT, all_=all_)


def test_a_code_is_new_for_ninety_days_of_its_first_edition(
    codebooks: Codebooks, fy2026: Codebook, fy2027: Codebook
) -> None:
    """Of the codes that FY2027 began with only; afterwards, and in the edition before, none is."""
    begun, codes = "I42.01", ["I42.01", "I10"]
    assert fy2027.is_billable(begun)
    assert not fy2026.is_billable(begun)
    first = fy2027.edition.effective_from
    assert new_codes(codes, fy2027, codebooks, first, 90) == {begun}
    assert new_codes(codes, fy2027, codebooks, first + dt.timedelta(days=89), 90) == {begun}
    assert not new_codes(codes, fy2027, codebooks, first + dt.timedelta(days=90), 90)
    assert not new_codes(codes, fy2026, codebooks, fy2026.edition.effective_from, 90)
