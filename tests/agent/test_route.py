"""Who sees a code next."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from agent.confidence import Scores
from agent.route import RoutingSettings, route_of, strictest
from medcoding.finding import Finding, Override, Severity
from medcoding.proposal import Source
from medcoding.result import Route

ON = RoutingSettings(auto_assign=True)
OFF = RoutingSettings()
STRICTNESS = {Route.AUTO: 0, Route.CODER: 1, Route.DOCUMENTATION: 2}

SHARES = st.floats(0, 1)
SOURCES = st.sampled_from(Source)
FINDINGS = st.lists(
    st.builds(
        Finding,
        rule=st.just("r"),
        severity=st.sampled_from(Severity),
        codes=st.sampled_from([(), ("I10",), ("E11.9",)]),
        message=st.just("m"),
        source=st.just("s"),
        mend=st.just("m"),
    ),
    max_size=3,
).map(tuple)
POLICIES = st.builds(RoutingSettings, auto_assign=st.booleans(), auto_bar=SHARES, documentation_bar=SHARES)


def scores(confidence: float, documentation: float = 1.0) -> Scores:
    """Both scores."""
    return Scores(confidence, (), documentation, (), calibrated=True)


def route(
    confidence: float, documentation: float = 1.0, *, source: Source = Source.LLM, policy: RoutingSettings = ON
) -> Route:
    """Lane of `I10` without findings, its specialty's auto lane open."""
    return route_of("I10", source, scores(confidence, documentation), (), policy, lane_open=True)


@given(
    bounds=st.tuples(SHARES, SHARES),
    documentation=SHARES,
    source=SOURCES,
    findings=FINDINGS,
    policy=POLICIES,
    lane_open=st.booleans(),
)
def test_higher_confidence_never_goes_to_a_stricter_lane(
    bounds: tuple[float, float],
    documentation: float,
    source: Source,
    findings: tuple[Finding, ...],
    policy: RoutingSettings,
    lane_open: bool,
) -> None:
    """Law: all else equal, a surer code is seen by the same people or fewer."""
    low, high = sorted(bounds)
    less, more = (
        route_of("I10", source, scores(c, documentation), findings, policy, lane_open=lane_open) for c in (low, high)
    )
    assert STRICTNESS[more] <= STRICTNESS[less]


@given(SHARES, SHARES, SHARES, SOURCES, FINDINGS, POLICIES)
def test_better_documentation_never_goes_to_a_stricter_lane(
    one: float, other: float, confidence: float, source: Source, findings: tuple[Finding, ...], policy: RoutingSettings
) -> None:
    """Law: the same for the second score."""
    low, high = sorted((one, other))
    less, more = (route_of("I10", source, scores(confidence, d), findings, policy, lane_open=True) for d in (low, high))
    assert STRICTNESS[more] <= STRICTNESS[less]


@given(SHARES, SHARES, SOURCES, FINDINGS)
def test_nothing_is_auto_assigned_by_default(
    confidence: float, documentation: float, source: Source, findings: tuple[Finding, ...]
) -> None:
    """Law: as shipped, a person sees every code."""
    assert route_of("I10", source, scores(confidence, documentation), findings, OFF, lane_open=True) is not Route.AUTO


@given(SHARES, SHARES, SOURCES, FINDINGS, POLICIES)
def test_nothing_is_auto_assigned_through_a_lane_that_is_not_open(
    confidence: float, documentation: float, source: Source, findings: tuple[Finding, ...], policy: RoutingSettings
) -> None:
    """Law: the operator's word alone opens no lane."""
    assert route_of("I10", source, scores(confidence, documentation), findings, policy) is not Route.AUTO


@given(SHARES, SHARES, SOURCES, POLICIES)
def test_nothing_uncalibrated_is_auto_assigned(
    confidence: float, documentation: float, source: Source, policy: RoutingSettings
) -> None:
    """Law: without a calibrator behind it a confidence decides nothing by itself."""
    guessed = scores(confidence, documentation)._replace(calibrated=False)
    assert route_of("I10", source, guessed, (), policy, lane_open=True) is not Route.AUTO


@given(SHARES, SHARES, SOURCES, FINDINGS, POLICIES)
def test_what_stands_in_is_never_auto_assigned(
    confidence: float, documentation: float, source: Source, findings: tuple[Finding, ...], policy: RoutingSettings
) -> None:
    """Law: where whoever was asked failed, a person looks at what was answered in its place."""
    instead = scores(confidence, documentation)._replace(stands_in=True)
    assert route_of("I10", source, instead, findings, policy, lane_open=True) is not Route.AUTO


@given(SHARES, SHARES, FINDINGS, POLICIES)
def test_rules_are_never_auto_assigned(
    confidence: float, documentation: float, findings: tuple[Finding, ...], policy: RoutingSettings
) -> None:
    """Law: whatever the operator allows, the fallback's codes go to a coder."""
    chosen = scores(confidence, documentation)
    assert route_of("I10", Source.RULES, chosen, findings, policy, lane_open=True) is not Route.AUTO


@given(SHARES, SOURCES, POLICIES)
def test_an_unresolved_finding_is_never_auto_assigned(
    confidence: float, source: Source, policy: RoutingSettings
) -> None:
    """Law: somebody must resolve it."""
    finding = Finding(rule="r", severity=Severity.MUST_RESOLVE, codes=("I10",), message="m", source="s", mend="m")
    assert route_of("I10", source, scores(confidence), (finding,), policy, lane_open=True) is not Route.AUTO


@pytest.mark.parametrize(
    ("confidence", "documentation", "lane"),
    [
        (0.90, 1.0, Route.AUTO),
        (0.899, 1.0, Route.CODER),
        (1.0, 0.70, Route.AUTO),
        (1.0, 0.69, Route.DOCUMENTATION),
        (0.1, 0.69, Route.DOCUMENTATION),
        (0.1, 1.0, Route.CODER),
    ],
)
def test_an_unsure_system_and_an_insufficient_chart_lead_to_different_people(
    confidence: float, documentation: float, lane: Route
) -> None:
    """Coders see doubts, documentation queries see gaps; both bars count as reached."""
    assert route(confidence, documentation) is lane


@pytest.mark.parametrize(
    ("routes", "whole"),
    [
        ((), Route.CODER),
        ((Route.AUTO,), Route.AUTO),
        ((Route.AUTO, Route.CODER), Route.CODER),
        ((Route.DOCUMENTATION, Route.AUTO, Route.CODER), Route.DOCUMENTATION),
    ],
)
def test_an_encounter_goes_where_its_strictest_code_goes(routes: tuple[Route, ...], whole: Route) -> None:
    """And an empty answer goes to a coder."""
    assert strictest(routes) is whole


@pytest.mark.parametrize("name", ["auto_bar", "documentation_bar"])
@pytest.mark.parametrize("value", [-0.1, 1.1])
def test_a_bar_is_a_share(name: str, value: float) -> None:
    """Anything outside 0 to 1 is refused."""
    with pytest.raises(ValidationError):
        RoutingSettings.model_validate({name: value})


def test_a_finding_that_a_person_answered_no_longer_blocks() -> None:
    """With the coder's reason beside it, what had to be resolved is resolved."""
    pair = Finding(
        rule="notes.excludes1", severity=Severity.MUST_RESOLVE, codes=("I10",), message="m", source="s", mend="m"
    )
    answer = Override(by="coder-7", reason="unrelated", at=dt.datetime(2026, 11, 3, tzinfo=dt.UTC))
    answered = pair.model_copy(update={"override": answer})
    assert route_of("I10", Source.LLM, scores(1.0), (pair,), ON, lane_open=True) is Route.CODER
    assert route_of("I10", Source.LLM, scores(1.0), (answered,), ON, lane_open=True) is Route.AUTO
