"""Whether a company is itself regulated: the classes of § 28 BSIG from entity types and size."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class EntityClass(StrEnum):
    """What § 28 BSIG makes of a company."""

    ESSENTIAL = "essential"  # besonders wichtige Einrichtung
    IMPORTANT = "important"  # wichtige Einrichtung
    NONE = "none"  # reached by contract only


ANNEX_1 = frozenset(
    {
        "health_provider",
        "eu_ref_lab",
        "pharma_rnd",
        "pharma_manufacturing",
        "md_phe_critical_list",
        "cloud",
        "data_centre",
        "cdn",
        "msp",
        "mssp",
        "dns",
        "tld",
        "trust_qualified",
        "trust_other",
        "telecom",
    }
)
ANNEX_2 = frozenset(
    {
        "md_manufacturing",
        "ivd_manufacturing",
        "nace_26",
        "nace_27",
        "nace_28",
        "online_marketplace",
        "online_search",
        "social_network",
        "research",
    }
)
ANY_SIZE = frozenset({"dns", "tld", "trust_qualified"})  # § 28 Abs. 1 Nr. 2
LOWER_THRESHOLD = frozenset({"trust_other", "telecom"})  # § 28 Abs. 2 Nr. 1, 2


@dataclass(frozen=True, kw_only=True)
class Size:
    """Annual work units and euros, linked enterprises counted in; None: not stated."""

    headcount: float | None = None
    turnover: float | None = None
    balance: float | None = None

    @property
    def medium_or_larger(self) -> bool:
        """§ 28 Abs. 2 Nr. 3: staff, or both financial figures."""
        return self._beyond(headcount=50, turnover=10e6, balance=10e6)

    @property
    def large(self) -> bool:
        """§ 28 Abs. 1 Nr. 4."""
        return self._beyond(headcount=250, turnover=50e6, balance=43e6)

    def _beyond(self, *, headcount: float, turnover: float, balance: float) -> bool:
        staff = self.headcount is not None and self.headcount >= headcount
        money = (self.turnover or 0) > turnover and (self.balance or 0) > balance
        return staff or money


def classify(
    entity_types: Iterable[str], size: Size, *, critical_facility: bool = False, negligible: bool = False
) -> EntityClass:
    """The class of a company; the first rule that fits decides. The risk class of a device plays no part.

    `negligible`: the covered activity may be left out against the whole business (§ 28 Abs. 3), where size decides.
    """
    types = frozenset(entity_types)
    if critical_facility or types & ANY_SIZE:
        return EntityClass.ESSENTIAL
    if "telecom" in types and size.medium_or_larger:
        return EntityClass.ESSENTIAL
    if types & ANNEX_1 and size.large and not negligible:
        return EntityClass.ESSENTIAL
    if types & LOWER_THRESHOLD:
        return EntityClass.IMPORTANT
    if types & (ANNEX_1 | ANNEX_2) and size.medium_or_larger and not negligible:
        return EntityClass.IMPORTANT
    return EntityClass.NONE
