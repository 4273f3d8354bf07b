"""A drawing as inline SVG: shapes with classes, coloured by the page's own style sheet. Every word is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from markupsafe import Markup, escape


class Point(NamedTuple):
    """A place in the drawing, from its upper left corner, in its own units."""

    x: float
    y: float


class Box(NamedTuple):
    """A rectangle."""

    x: float
    y: float
    width: float
    height: float


class Drawing:
    """Collects shapes; `svg` is the whole."""

    def __init__(self, width: float, height: float, label: str) -> None:
        """`label` says what it shows to those who do not see it."""
        self._width, self._height, self._label = width, height, label
        self._shapes: list[Markup] = []

    def box(self, box: Box, style: str, title: str = "") -> None:
        """A filled rectangle; the title is shown under the pointer."""
        place = Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}" class="{}">{}</rect>')
        self._shapes.append(place.format(box.x, box.y, max(box.width, 0), box.height, style, _title(title)))

    def line(self, start: Point, end: Point, style: str) -> None:
        """A straight line."""
        place = Markup('<line x1="{:.1f}" y1="{:.1f}" x2="{:.1f}" y2="{:.1f}" class="{}"/>')
        self._shapes.append(place.format(*start, *end, style))

    def path(self, points: Iterable[Point], style: str) -> None:
        """A line through points."""
        through = " ".join(f"{p.x:.1f},{p.y:.1f}" for p in points)
        self._shapes.append(Markup('<polyline points="{}" class="{}"/>').format(through, style))

    def dot(self, centre: Point, radius: float, style: str, title: str = "") -> None:
        """A filled circle."""
        place = Markup('<circle cx="{:.1f}" cy="{:.1f}" r="{:.1f}" class="{}">{}</circle>')
        self._shapes.append(place.format(*centre, radius, style, _title(title)))

    def words(
        self, at: Point, words: str, style: str = "", anchor: Literal["start", "middle", "end"] = "start"
    ) -> None:
        """Text on a base line."""
        place = Markup('<text x="{:.1f}" y="{:.1f}" class="{}" text-anchor="{}">{}</text>')
        self._shapes.append(place.format(*at, style, anchor, escape(words)))

    def svg(self) -> Markup:
        """The drawing as it may stand in a page."""
        frame = Markup('<svg viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}">{}</svg>')
        return frame.format(self._width, self._height, self._label, Markup("").join(self._shapes))


def _title(words: str) -> Markup:
    return Markup("<title>{}</title>").format(words) if words else Markup("")
