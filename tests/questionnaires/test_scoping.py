"""Whether a company is regulated: § 28 BSIG over its kinds and its size."""

import pytest

from questionnaires import scoping
from questionnaires.scoping import EntityClass, Size


@pytest.mark.parametrize(
    ("types", "size", "expected"),
    [
        (["md_manufacturing"], (120, 25e6, 20e6), EntityClass.IMPORTANT),
        (["md_manufacturing"], (900, 300e6, 250e6), EntityClass.IMPORTANT),  # a device maker is Annex II at any size
        (["md_manufacturing", "software_only"], (18, 2e6, 1e6), EntityClass.NONE),
        (["cloud"], (300, 40e6, 30e6), EntityClass.ESSENTIAL),
        (["msp", "software_only"], (80, 12e6, 6e6), EntityClass.IMPORTANT),
        (["msp"], (35, 14e6, 6e6), EntityClass.NONE),  # turnover alone never suffices
        (["msp"], (35, 14e6, 12e6), EntityClass.IMPORTANT),
        (["cloud"], (120, 60e6, 50e6), EntityClass.ESSENTIAL),
        (["cloud"], (120, 60e6, 30e6), EntityClass.IMPORTANT),
        (["dns"], (3, 0.4e6, 0.2e6), EntityClass.ESSENTIAL),
        (["health_provider"], (600, 55e6, 60e6), EntityClass.ESSENTIAL),
        (["health_provider"], (60, 7e6, 5e6), EntityClass.IMPORTANT),
        (["pharma_manufacturing"], (260, 45e6, 40e6), EntityClass.ESSENTIAL),
        (["trade_only"], (400, 90e6, 60e6), EntityClass.NONE),
        (["software_only"], (120, 20e6, 15e6), EntityClass.NONE),
        (["telecom"], (10, 1e6, 1e6), EntityClass.IMPORTANT),
        (["telecom"], (60, 1e6, 1e6), EntityClass.ESSENTIAL),
        (["cloud"], (None, None, None), EntityClass.NONE),
    ],
)
def test_a_company_s_class_follows_from_kind_and_size(types, size, expected):
    headcount, turnover, balance = size

    assert scoping.classify(types, Size(headcount=headcount, turnover=turnover, balance=balance)) is expected


def test_an_operator_of_a_critical_facility_is_essential_at_any_size():
    assert scoping.classify([], Size(headcount=1), critical_facility=True) is EntityClass.ESSENTIAL
