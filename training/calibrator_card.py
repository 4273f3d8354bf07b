"""The card of a calibrator for people: what it was made from, what it weighs, how well it holds."""

from __future__ import annotations

from agent.calibrator import Calibrator

_HEAD = """# The calibrator that ships

Made on {made_on} with {release} from {encounters} coded encounters: {gold}.
The scale is that of {first}; the others only add to the weights.
Digest {digest}, editions {editions}, index {index}.

It is refused, and every answer then says so, where the edition, the model, its prompt or the encoder is another one.
`chartwright train calibrator` makes it again.

| over the answers of {first} | before | after, cross-fitted by encounter |
|---|---|---|
| expected calibration error | {ece_before:.3f} | {ece:.3f} |
| Brier score | {brier_before:.3f} | {brier:.3f} |

Precision of the surest answers, cross-fitted: {precision}.

The caution is what the number of encounters leaves open (one-sided 90 %); it is taken off on the logit scale, so on the
gold it was fitted on every confidence lies a little low.
"""
_SCALES = """
| answers by | encounters | answers | right | slope | intercept | caution |
|---|---|---|---|---|---|---|
"""
_STRATA = """
Strata move the scale by what their number of answers bears out.

| answers by | stratum | answers | right | shift |
|---|---|---|---|---|
"""
_WEIGHTS = """
| input | weight |
|---|---|
"""


def as_readme(calibrator: Calibrator) -> str:
    """The whole card in Markdown."""
    scales = [
        f"| {one.source.value} ({one.made_by}) | {one.encounters} | {one.answers} | {one.right / one.answers:.3f} | "
        f"{one.slope:.2f} | {one.intercept:+.2f} | {one.caution:.2f} |"
        for one in calibrator.scales
    ]
    strata = [
        f"| {scale.source.value} | {name} | {one.answers} | {one.right} | {one.shift:+.2f} |"
        for scale in calibrator.scales
        for name, one in (*scale.bands.items(), *scale.specialties.items())
    ]
    weights = [f"| {name} | {weight:.2f} |" for name, weight in calibrator.weights.items() if weight]
    tables = ((_SCALES, scales), (_STRATA, strata), (_WEIGHTS, weights))
    return _head(calibrator) + "".join(head + "\n".join(rows) + "\n" for head, rows in tables)


def _head(calibrator: Calibrator) -> str:
    card = calibrator.card
    return _HEAD.format(
        **card.model_dump(exclude={"gold", "precision_at", "gold_digest"}),
        gold=", ".join(card.gold),
        first=card.gold[0],
        digest=calibrator.digest,
        editions=" and ".join(calibrator.editions),
        precision=", ".join(f"{float(share):.0%} {value:.3f}" for share, value in card.precision_at.items()),
    )
