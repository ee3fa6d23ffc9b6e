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


# What stands before a host in the vendor's own house: its address is the vendor's, and no content network's.
OWN_APPLIANCES = frozenset({"F5 BIG-IP", "FortiWeb"})

# Addresses that the two largest networks publish as their own; an edge may answer with neither alias nor header.
EDGE_NETWORKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (
        "Cloudflare",
        (
            "103.21.244.0/22",
            "103.22.200.0/22",
            "103.31.4.0/22",
            "104.16.0.0/13",
            "104.24.0.0/14",
            "108.162.192.0/18",
            "131.0.72.0/22",
            "141.101.64.0/18",
            "162.158.0.0/15",
            "172.64.0.0/13",
            "173.245.48.0/20",
            "188.114.96.0/20",
            "190.93.240.0/20",
            "197.234.240.0/22",
            "198.41.128.0/17",
            "2400:cb00::/32",
            "2405:8100::/32",
            "2405:b500::/32",
            "2606:4700::/32",
            "2803:f800::/32",
            "2a06:98c0::/29",
            "2c0f:f248::/32",
        ),
    ),
    ("Fastly", ("151.101.0.0/16", "199.232.0.0/16", "146.75.0.0/17", "2a04:4e40::/32", "2a04:4e42::/32")),
)


def foreign(edges: Iterable[str]) -> tuple[str, ...]:
    """Those whose addresses belong to the network and are shared by its customers."""
    return tuple(edge for edge in edges if edge not in OWN_APPLIANCES)


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
