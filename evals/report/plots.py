"""The plots of a report: where codes are lost, whether confidences hold, what caution would cost, and for whom."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from markupsafe import Markup

from evals.calibration import Calibration
from evals.metrics_report import GroupScores
from evals.report.drawing import Box, Drawing, Point
from evals.stage_totals import STAGE_WORDS, StageTotals

_SIDE: Final = 320.0
_MARGIN: Final = 44.0
_TICKS: Final = (0.0, 0.25, 0.5, 0.75, 1.0)
_ROW: Final = 28.0
_LABELS: Final = 190.0
_BARS: Final = 420.0
_NUMBERS: Final = 130.0
_SPECIALTIES: Final = 18


def waterfall(totals: StageTotals) -> Markup:
    """Gold codes still there at each stage; what the stage lost is drawn behind what is left."""
    drawing = Drawing(_LABELS + _BARS + _NUMBERS, _ROW * len(totals.stages) + 8, "Gold codes left at each stage")
    whole = totals.gold or 1
    for row, stage in enumerate(totals.stages):
        top = 4 + row * _ROW
        left, lost = stage.reached / whole * _BARS, stage.lost / whole * _BARS
        words = STAGE_WORDS[stage.stage]
        drawing.words(Point(_LABELS - 10, top + 17), words, anchor="end")
        drawing.box(Box(_LABELS, top + 3, _BARS, _ROW - 8), "ground")
        drawing.box(Box(_LABELS, top + 3, left, _ROW - 8), "kept", f"{stage.reached} of {totals.gold} {words}")
        drawing.box(Box(_LABELS + left, top + 3, lost, _ROW - 8), "lost", f"{stage.lost} lost here")
        share = f"{stage.reached / whole:.1%}" + (f"  −{stage.lost}" if stage.lost else "")
        drawing.words(Point(_LABELS + _BARS + 10, top + 17), share, "number")
    return drawing.svg()


def reliability(calibration: Calibration) -> Markup:
    """Share right against confidence, one dot a bin, larger for more codes; on the diagonal confidences hold."""
    drawing = _square("Confidence and share right", "confidence", "share right")
    drawing.line(_at(0, 0), _at(1, 1), "diagonal")
    most = max((one.codes for one in calibration.reliability), default=1)
    drawing.path((_at(one.mean_confidence, one.right) for one in calibration.reliability), "curve thin")
    for one in calibration.reliability:
        title = f"{one.codes} codes of {one.lowest:.2f} to {one.highest:.2f}: {one.right:.0%} right"
        drawing.dot(_at(one.mean_confidence, one.right), 3 + 6 * (one.codes / most) ** 0.5, "dot", title)
    return drawing.svg()


def coverage_risk(calibration: Calibration) -> Markup:
    """Share of wrong codes when only the surest part of the answered codes is kept."""
    drawing = _square("Share wrong among the surest codes", "share of answered codes kept", "share wrong")
    drawing.path((_at(one.coverage, 1 - one.precision) for one in calibration.curve), "curve")
    for one in calibration.curve:
        title = f"confidence {one.confidence:.2f} and above: {one.coverage:.0%} kept, {1 - one.precision:.1%} wrong"
        drawing.dot(_at(one.coverage, 1 - one.precision), 2.5, "dot", title)
    return drawing.svg()


def bars(groups: Iterable[tuple[str, GroupScores]], target: float | None) -> Markup:
    """F1 of the groups with most encounters, with intervals; a line at the target."""
    shown = sorted(groups, key=lambda item: (-item[1].encounters, item[0]))[:_SPECIALTIES]
    height = _ROW * len(shown) + 8
    drawing = Drawing(_LABELS + _BARS + _NUMBERS, height, "F1 by specialty")
    for row, (name, group) in enumerate(shown):
        _bar(drawing, 4 + row * _ROW, name, group)
    if target is not None:
        x = _LABELS + target * _BARS
        drawing.line(Point(x, 2), Point(x, height - 2), "target")
    return drawing.svg()


def _bar(drawing: Drawing, top: float, name: str, group: GroupScores) -> None:
    f1, middle = group.micro.f1, top + _ROW / 2 - 1
    drawing.words(Point(_LABELS - 10, top + 17), f"{name} ({group.encounters})", anchor="end")
    drawing.box(Box(_LABELS, top + 3, _BARS, _ROW - 8), "ground")
    if f1.value is None:
        drawing.words(Point(_LABELS + _BARS + 10, top + 17), "unscored", "number")
        return
    drawing.box(Box(_LABELS, top + 3, f1.value * _BARS, _ROW - 8), "kept")
    drawing.words(Point(_LABELS + _BARS + 10, top + 17), f"{f1.value:.1%}", "number")
    if f1.low is not None and f1.high is not None:
        low, high = _LABELS + f1.low * _BARS, _LABELS + f1.high * _BARS
        drawing.line(Point(low, middle), Point(high, middle), "whisker")
        for x in (low, high):
            drawing.line(Point(x, middle - 4), Point(x, middle + 4), "whisker")


def _square(label: str, across: str, up: str) -> Drawing:
    """A drawing with two axes from 0 to 1."""
    drawing = Drawing(_SIDE + 2 * _MARGIN, _SIDE + 2 * _MARGIN, label)
    for tick in _TICKS:
        drawing.line(_at(tick, 0), _at(tick, 1), "grid")
        drawing.line(_at(0, tick), _at(1, tick), "grid")
        drawing.words(Point(_at(tick, 0).x, _at(0, 0).y + 16), f"{tick:g}", "tick", "middle")
        drawing.words(Point(_at(0, 0).x - 6, _at(0, tick).y + 4), f"{tick:g}", "tick", "end")
    drawing.words(Point(_at(0.5, 0).x, _at(0, 0).y + 36), across, "axis", "middle")
    drawing.words(Point(_at(0, 0).x, _at(0, 1).y - 12), up, "axis")
    return drawing


def _at(x: float, y: float) -> Point:
    """From shares to the drawing, whose y grows downwards."""
    return Point(_MARGIN + x * _SIDE, _MARGIN + (1 - y) * _SIDE)
