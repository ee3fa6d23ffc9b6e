"""Small lists in the form of their makers."""

import json
from datetime import UTC, datetime

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)


def kev(count: int, *, first: int = 1) -> bytes:
    """CISA's list."""
    entries = [{"cveID": f"CVE-2020-{number:05}", "dateAdded": "2022-01-10"} for number in range(first, first + count)]
    return json.dumps({"catalogVersion": "1", "count": count, "vulnerabilities": entries}).encode()


def retire(count: int = 120) -> bytes:
    """RetireJS, version 5 of its form."""
    library = {
        "licenses": ["MIT >=0"],
        "extractors": {
            "func": ["jQuery.fn.jquery"],
            "filename": ["jquery-(§§version§§)(\\.min)?\\.js"],
            "filecontent": ["/\\*! jQuery v(§§version§§)"],
            "filecontentreplace": ['/(.)="(§§version§§)".*\\1/$2/'],
            "hashes": {"0" * 40: "1.2.3"},
        },
        "vulnerabilities": [
            {
                "below": f"3.{number}.0",
                "severity": "high",
                "excludes": ["1.12.4-aem"],
                "identifiers": {"summary": "x", "CVE": ["CVE-2020-11023"]},
                "info": ["https://example.org/"],
            }
            for number in range(count)
        ],
    }
    return json.dumps({"retire-example": {"extractors": {}}, "jquery": library}).encode()


def hsts(count: int = 10_001) -> bytes:
    """Chromium's list, with its comments."""
    entries = ",\n".join(
        f'    {{ "name": "host{number}.example", "policy": "bulk", "mode": "force-https",'
        f' "include_subdomains": {"true" if number % 2 else "false"} }}'
        for number in range(count)
    )
    pinned = '{ "name": "pinned.example", "policy": "custom", "pins": "x" }'
    head = '// Copyright\n{\n  // a comment: "not data"\n  "pinsets": [],\n  "entries": [\n'
    return f"{head}{entries},\n    {pinned}\n  ]\n}}\n".encode()


def eol(count: int = 120) -> bytes:
    """The whole of endoflife.date."""
    nginx = {
        "name": "nginx",
        "aliases": ["nginx-oss"],
        "releases": [
            {"name": "1.29", "isEol": False, "eolFrom": None},
            {"name": "1.28", "isEol": True, "eolFrom": "2026-04-23"},
        ],
    }
    others = [{"name": f"product{number}", "aliases": [], "releases": []} for number in range(count - 1)]
    return json.dumps({"schema_version": "1.2.0", "total": count, "result": [nginx, *others]}).encode()


ALL = {"retire": retire(), "hsts": hsts(), "eol": eol(), "kev": kev(600)}
