"""What the sheet of § 38 BSIG tells, counted from a frozen register; nothing is worked out anew."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from assessments import days
from assessments.model import MEASURE_PARTS, Basis, Grade, RiskLevel, Treatment
from portal.services.registers.snapshots import Opened
from reports.approval import LOWEST_IN_PLACE, Approval, MeasureLine

GRAVE = frozenset({RiskLevel.HIGH.value, RiskLevel.CRITICAL.value})


def of_snapshot(opened: Opened) -> Approval:
    """The sheet of one snapshot."""
    document = opened.document
    vendors, risks = document["vendors"], [one for one in document["risks"] if one["level"] in GRAVE]
    day = days.of(datetime.fromisoformat(document["at"])).isoformat()
    return Approval(
        hospital=document["hospital"],
        name=document["name"],
        at=datetime.fromisoformat(document["at"]),
        sha256=opened.row.sha256,
        policy_version=document["policy_version"],
        vendors=len(vendors),
        tiers=Counter(one["tier"] for one in vendors if one["tier"]),
        grades=Counter(Grade(one["grade"]) if one["grade"] else None for one in vendors),
        levels=Counter(RiskLevel(one["level"]) for one in vendors if one["level"]),
        risks=len(risks),
        untreated=sum(one["treatment"] == Treatment.OPEN.value for one in risks),
        accepted=sum(
            one["treatment"] == Treatment.ACCEPT.value and (one["accepted_until"] or "") >= day for one in risks
        ),
        measures=tuple(_measure(part, vendors) for part in MEASURE_PARTS),
    )


def _measure(part: str, vendors: list[Mapping[str, Any]]) -> MeasureLine:
    seen = [one["parts"][part] for one in vendors if one["parts"][part]["basis"] != Basis.UNSEEN.value]
    return MeasureLine(part=part, seen=len(seen), in_place=sum((one["level"] or 0) >= LOWEST_IN_PLACE for one in seen))
