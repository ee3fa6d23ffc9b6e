"""Tenders (Vergaben): drafted and frozen, bidders apart from vendors, opened, compared, awarded, logged."""
