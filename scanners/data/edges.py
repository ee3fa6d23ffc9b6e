"""Content networks and firewalls by the headers and alias names they leave (own table, as of 2026-11-21)."""

from collections.abc import Iterable

DATA_DATE = "2026-11-21"

# (name, header names, beginnings of the Server header, ends of CNAME targets)
EDGES: tuple[tuple[str, tuple[str, ...], tuple[str, ...], tuple[str, ...]], ...] = (
    ("Cloudflare", ("cf-ray",), ("cloudflare",), ("cdn.cloudflare.net",)),
    (
        "Akamai",
        ("x-akamai-request-id",),
        ("akamaighost", "akamainetstorage"),
        ("edgekey.net", "edgesuite.net", "akamaiedge.net"),
    ),
    ("Amazon CloudFront", ("x-amz-cf-id",), ("cloudfront",), ("cloudfront.net",)),
    ("Fastly", ("x-fastly-request-id",), (), ("fastly.net", "fastlylb.net")),
    ("Azure Front Door", ("x-azure-ref",), (), ("azurefd.net", "azureedge.net")),
    ("Imperva", ("x-iinfo",), ("imperva", "incapsula"), ("impervadns.net", "incapdns.net")),
    ("Sucuri", ("x-sucuri-id",), ("sucuri",), ("sucuri.net",)),
    ("Myra", (), ("myracloud",), ("myracloud.com", "ax4z.com")),
    ("Link11", (), ("link11", "rhino-core-shield"), ("link11.de",)),
    ("Google Cloud", (), ("gws", "google frontend"), ("googlehosted.com",)),
    ("Vercel", ("x-vercel-id",), ("vercel",), ("vercel-dns.com",)),
    ("Netlify", ("x-nf-request-id",), ("netlify",), ("netlify.app",)),
    ("Bunny", ("cdn-requestid",), ("bunnycdn",), ("b-cdn.net",)),
    ("DataDome", ("x-datadome",), (), ()),
    ("F5 BIG-IP", (), ("big-ip", "bigip"), ()),
    ("FortiWeb", (), ("fortiweb",), ()),
)


def edges_of(headers: Iterable[tuple[str, str]], aliases: Iterable[str]) -> tuple[str, ...]:
    """The networks in front of a host."""
    pairs = tuple(headers)
    names = {name for name, _value in pairs}
    server = next((value.lower() for name, value in pairs if name == "server"), "")
    targets = tuple(aliases)
    return tuple(
        edge
        for edge, marks, servers, suffixes in EDGES
        if names & set(marks)
        or any(server.startswith(text) for text in servers)
        or any(target.endswith(f".{suffix}") for target in targets for suffix in suffixes)
    )
