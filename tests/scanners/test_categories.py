"""Every category and every look has a name."""

from scanners import categories
from scanners.catalogue import CHECKS
from scanners.scan import PROBES


def test_every_category_has_a_title():
    assert {check.category for check in CHECKS.values()} <= set(categories.CATEGORIES)


def test_looks_are_counted_by_group_in_the_order_of_the_groups():
    counts = {"TlsHandshakes": (1, 2), "HostDns": (2, 2), "ZoneDns": (0, 1), "Strange": (0, 3)}

    assert list(categories.grouped(counts).items()) == [("DNS", (2, 3)), ("TLS", (1, 2)), ("Other looks", (0, 3))]


def test_every_look_belongs_to_a_group():
    others = [kind.__name__ for kind in PROBES if categories.group(kind.__name__) == "Other looks"]

    assert others == []
