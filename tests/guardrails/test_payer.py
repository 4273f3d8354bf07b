from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guardrails.case import Case
from guardrails.payer import payer_requirements
from guardrails.payer_file import read_payer_rules
from medcoding.codebook import Codebook
from medcoding.codes import CodeSystem
from medcoding.errors import ConfigError
from medcoding.finding import Severity
from medcoding.payer_rule import PayerRule, covers
from tests.guardrails.cases import Written, case

HEAD = """\
payer: Lantern Health
source: Lantern policy 12, 2026, page 3
effective_from: 2026-01-01
rules:
"""
RULE = """\
  - id: knee
    codes: [M17]
    severity: advise
    requirement: {{{requirement}}}
    says: Lantern wants more about the knee.
"""
NOTE = "Knee osteoarthritis, physical therapy for six weeks failed."


def _rules(requirement: str, more: str = "") -> tuple[PayerRule, ...]:
    text = HEAD + RULE.format(requirement=requirement) + more
    return read_payer_rules(text.encode(), "lantern.yaml")


def _with(rules: tuple[PayerRule, ...], codebook: Codebook, *codes: str | Written, **encounter: object) -> Case:
    made = case(codebook, NOTE, *codes, **{"payer": "LANTERN health", **encounter})  # type: ignore[arg-type]
    return Case(made.chart, made.proposal, made.codebook, made.edition_in_force, payer_rules=rules)


@pytest.mark.parametrize(
    ("requirement", "codes", "encounter", "found"),
    [
        ("needs_one_of: [Z96.65]", ["M17.11", "Z96.651"], {}, 0),
        ("needs_one_of: [Z96.65]", ["M17.11", "I10"], {}, 1),
        ("not_with: [M25.56]", ["M17.11", "M25.561"], {}, 1),
        ("not_with: [M25.56]", ["M17.11", "M25.551"], {}, 0),
        ("documentation: [Physical Therapy]", ["M17.11"], {}, 0),
        ("documentation: [weight bearing radiograph]", ["M17.11"], {}, 1),
        ("ages: {youngest: 40}", ["M17.11"], {"age": 39}, 1),
        ("ages: {youngest: 40}", ["M17.11"], {"age": 40}, 0),
        ("ages: {youngest: 40}", ["M17.11"], {}, 0),
        ("settings: [inpatient]", ["M17.11"], {}, 1),
        ("settings: [outpatient, ed]", ["M17.11"], {}, 0),
        ("not_first: true", ["M17.11", "I10"], {}, 1),
        ("not_first: true", ["I10", "M17.11"], {}, 0),
        ("not_covered: true", ["M17.11", "M17.12"], {}, 2),
        ("prior_authorization: true", ["M16.11"], {}, 0),
        ("not_covered: true", ["M17.11"], {"payer": "Other Plan"}, 0),
        ("not_covered: true", ["M17.11"], {"payer": None}, 0),
        ("not_covered: true", ["M17.11"], {"date_of_service": dt.date(2025, 12, 31)}, 0),
    ],
)
def test_a_requirement_speaks_up_where_it_is_not_met(
    fy2026: Codebook, requirement: str, codes: list[str], encounter: dict[str, object], found: int
) -> None:
    """Only for this payer, in force, and about the codes of the rule; what the encounter does not say is no fault."""
    assert len(payer_requirements(_with(_rules(requirement), fy2026, *codes, **encounter))) == found


@pytest.mark.parametrize(
    ("note", "stated"),
    [
        ("Six weeks of physical therapy failed.", True),
        ("No relief with physical therapy.", True),
        ("Has not responded to physical therapy.", True),
        ("No fracture, physical therapy continued.", True),
        ("No physical therapy so far. Physical therapy since May.", True),
        ("No physical therapy.", False),
        ("Patient has never tried physical therapy.", False),
        ("No injections, bracing or physical therapy yet.", False),
        ("Physical therapy was declined.", False),
        ("Physical therapy not tried.", False),
        ("Without physical therapy.", False),
    ],
)
def test_what_is_denied_is_not_documented(fy2026: Codebook, note: str, *, stated: bool) -> None:
    """A payer that asks for conservative care is not answered by the words that there was none."""
    rules = _rules("documentation: [physical therapy]")
    made = case(fy2026, f"Knee osteoarthritis. {note}", "M17.11", payer="Lantern Health")
    asked = Case(made.chart, made.proposal, made.codebook, made.edition_in_force, payer_rules=rules)
    assert (payer_requirements(asked) == ()) is stated


def test_a_finding_names_payer_rule_and_policy(fy2026: Codebook) -> None:
    """It advises, cites the policy and never speaks of the note."""
    (finding,) = payer_requirements(_with(_rules("not_covered: true"), fy2026, "M17.11"))
    assert (finding.rule, finding.severity) == ("payer.Lantern Health.knee", Severity.ADVISE)
    assert finding.source == "Lantern policy 12, 2026, page 3"
    assert finding.codes == ("M17.11",)


def test_medical_necessity_of_a_supply(fy2026: Codebook) -> None:
    """A HCPCS line needs a diagnosis; modifiers and units are the line's own."""
    text = HEAD + "".join(
        f"  - id: r{n}\n    system: hcpcs\n    codes: [E0601]\n    severity: must_resolve\n"
        f"    requirement: {{{requirement}}}\n    says: Lantern asks for it.\n"
        for n, requirement in enumerate(("needs_one_of: [G47.33]", "modifiers: [KX]", "most_units: 1"))
    )
    rules = read_payer_rules(text.encode(), "lantern.yaml")
    supply = Written("E0601", system=CodeSystem.HCPCS, modifiers=("RR",), units=2)
    found = payer_requirements(_with(rules, fy2026, "G47.31", supply))
    assert [f.rule[-2:] for f in found] == ["r0", "r1", "r2"]
    supply = Written("E0601", system=CodeSystem.HCPCS, modifiers=("RR", "KX"), units=1)
    assert payer_requirements(_with(rules, fy2026, "G47.33", supply)) == ()


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("", 0, "is empty"),
        ("rules: [", 1, "not YAML"),
        ("- a", 1, "begins with 'payer:'"),
        (HEAD, 4, "rules"),
        (HEAD.replace("payer:", "payor:"), 1, "'payor' is not known here"),
        (HEAD + "  - just words\n", 5, "rule 1"),
        (HEAD + RULE.format(requirement="not_covered: true").replace("advise", "reject"), 7, "rule 1, severity"),
        (
            HEAD + RULE.format(requirement="not_covered: true").replace("advise", "urgent"),
            7,
            "rule 1, severity: input should be 'must_resolve' or 'advise'",
        ),
        (HEAD + RULE.format(requirement="ages: {youngest: 70, oldest: 10}"), 8, "youngest lies above oldest"),
        (HEAD + RULE.format(requirement="not_covered: true").replace("M17", "knee pain"), 6, "rule 1, codes"),
        (HEAD + RULE.format(requirement="not_covered: true").replace("M17", "M17-M16"), 6, "before its first"),
        (HEAD + RULE.format(requirement="not_covered: true, not_first: true"), 8, "exactly one requirement"),
        (HEAD + RULE.format(requirement="not_first: false"), 8, "exactly one requirement"),
        (HEAD + RULE.format(requirement="cheap: true"), 8, "rule 1, requirement"),
        (HEAD + RULE.format(requirement="not_covered: true") * 2, 10, "the id 'knee' stands twice"),
        (HEAD + RULE.format(requirement="not_covered: true") + "    id: again\n", 5, "'id' stands twice"),
        (HEAD + RULE.format(requirement="not_covered: true") + "    effective_to: 2025-01-01\n", 5, "before"),
        (HEAD + RULE.format(requirement="not_covered: true") + "    effective_to: soon\n", 10, "effective_to"),
        (HEAD + RULE.format(requirement="not_covered: !!python/name:os.system x"), 8, "tag"),
        ("a: &x 1\nb: *x\n", 0, "aliases are not taken"),
    ],
)
def test_a_mistake_is_named_with_its_line(text: str, line: int, reason: str) -> None:
    """The whole file is refused; the sentence names the file, the line and what is wrong."""
    with pytest.raises(ConfigError) as refusal:
        read_payer_rules(text.encode(), "lantern.yaml")
    said = str(refusal.value)
    assert said.startswith(f"lantern.yaml, line {line}: " if line else "lantern.yaml")
    assert reason in said
    assert "\n" not in said


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_no_file_brings_a_traceback(content: bytes) -> None:
    """Whatever stands in it."""
    try:
        read_payer_rules(content, "x.yaml")
    except ConfigError as refusal:
        assert str(refusal).startswith("x.yaml")  # noqa: PT017 - most inputs are refused, a few may be rules


def test_values_mean_what_is_written() -> None:
    """A number, `no` and `on` stay the words they are; what the head says holds for every rule that says nothing."""
    text = HEAD + RULE.format(requirement="documentation: [no, 2026-01-01, 123]").replace("no,", "not on,")
    (rule,) = read_payer_rules(text.encode(), "x.yaml")
    assert rule.requirement.documentation == ("not on", "2026-01-01", "123")
    assert (rule.payer, rule.effective_from) == ("Lantern Health", dt.date(2026, 1, 1))


@pytest.mark.parametrize(
    ("ranges", "code", "inside"),
    [
        (("M17",), "M17.11", True),
        (("M17",), "M18.0", False),
        (("M17.0-M17.9",), "M17.9", True),
        (("E08-E13",), "E13.9", True),
        (("E08-E13",), "E14", False),
        (("A00-B99", "I10"), "I10", True),
        (("J1885",), "J1885", True),
    ],
)
def test_ranges_hold_both_ends_and_all_below(ranges: tuple[str, ...], code: str, *, inside: bool) -> None:
    """As a coder reads them."""
    assert covers(ranges, code) is inside
