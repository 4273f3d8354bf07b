"""What decides who sees a code: the bars, the calibrator, the lanes and the audit sample, together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from agent.audit_sample import AuditSettings, drawn_code, new_codes
from agent.calibrator import Answering, Calibrator
from agent.lanes import Lanes, lane_name
from agent.route import RoutingSettings
from medcoding.codebook import Codebook, Codebooks
from medcoding.encounter import Encounter
from medcoding.lane import LaneKey, LanePhase, LaneState
from medcoding.result import Stamp


@dataclass(frozen=True, slots=True)
class Routing:
    """Made in `agent.bootstrap`; safe to share."""

    settings: RoutingSettings
    audit: AuditSettings
    calibrator: Calibrator | None
    lanes: Lanes
    codebooks: Codebooks

    def answering(self, encounter: Encounter, codebook: Codebook, stamp: Stamp) -> Answering:
        """The circumstances of an encounter's answer."""
        return Answering(stamp, codebook.edition.name, lane_name(encounter.specialty))

    def lane(self, answering: Answering) -> LaneState | None:
        """The auto lane of the encounter's specialty; None where nothing may be assigned automatically at all."""
        if not self.settings.auto_assign or self.calibrator is None:
            return None
        key = LaneKey(specialty=answering.specialty, edition=answering.edition, calibrator=self.calibrator.digest)
        return self.lanes.state(key)

    def drawn(self, encounter: Encounter, eligible: Sequence[str], codebook: Codebook, lane: LaneState) -> str | None:
        """The code that is audited, of those that go to the lane or would; None where none is."""
        if lane.phase not in {LanePhase.COLLECTING, LanePhase.OPEN}:
            return None
        day: date = encounter.coding_date
        new = new_codes(eligible, codebook, self.codebooks, day, self.audit.new_code_days)
        return drawn_code(encounter.case_id, eligible, new, self.audit, all_=not lane.is_open)
