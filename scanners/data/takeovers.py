"""Services whose abandoned names can, or cannot, be registered by a stranger (as of 2026-11-21).

The facts were chosen from can-i-take-over-xyz (EdOverflow and contributors, CC BY 4.0).
"""

from scanners.records import record

DATA_DATE = "2026-11-21"


@record
class Service:
    """A hosting service: how the page of an unclaimed name reads; "" where the name just does not exist."""

    name: str
    suffixes: tuple[str, ...]
    unclaimed: str = ""


CLAIMABLE: tuple[Service, ...] = (
    Service(name="AWS Elastic Beanstalk", suffixes=("elasticbeanstalk.com",)),
    Service(
        name="Microsoft Azure",
        suffixes=(
            "azure-api.net",
            "azurecontainer.io",
            "azurecr.io",
            "azuredatalakestore.net",
            "azureedge.net",
            "azurehdinsight.net",
            "azurewebsites.net",
            "blob.core.windows.net",
            "cloudapp.azure.com",
            "cloudapp.net",
            "database.windows.net",
            "redis.cache.windows.net",
            "search.windows.net",
            "servicebus.windows.net",
            "trafficmanager.net",
            "visualstudio.com",
        ),
    ),
    Service(name="Discourse", suffixes=("trydiscourse.com",)),
    Service(name="AWS S3", suffixes=("amazonaws.com",), unclaimed="The specified bucket does not exist"),
    Service(name="Agile CRM", suffixes=("agilecrm.com",), unclaimed="Sorry, this page is no longer available."),
    Service(name="Bitbucket", suffixes=("bitbucket.io",), unclaimed="Repository not found"),
    Service(name="Ghost", suffixes=("ghost.io",), unclaimed="Failed to resolve DNS path for this host"),
    Service(name="GitHub Pages", suffixes=("github.io",), unclaimed="There isn't a GitHub Pages site here."),
    Service(name="Hatena Blog", suffixes=("hatenablog.com",), unclaimed="404 Blog is not found"),
    Service(name="Help Juice", suffixes=("helpjuice.com",), unclaimed="We could not find what you're looking for."),
    Service(name="Help Scout", suffixes=("helpscoutdocs.com",), unclaimed="No settings were found for this company:"),
    Service(name="Heroku", suffixes=("herokuapp.com", "herokudns.com"), unclaimed="No such app"),
    Service(
        name="JetBrains YouTrack",
        suffixes=("youtrack.cloud", "myjetbrains.com"),
        unclaimed="is not a registered InCloud YouTrack",
    ),
    Service(name="ngrok", suffixes=("ngrok.io",), unclaimed=".ngrok.io not found"),
    Service(name="Pantheon", suffixes=("pantheonsite.io",), unclaimed="404 error unknown site!"),
    Service(name="Pingdom", suffixes=("stats.pingdom.com",), unclaimed="Sorry, couldn't find the status page"),
    Service(
        name="Read the Docs",
        suffixes=("readthedocs.io",),
        unclaimed="The link you have followed or the URL that you entered does not exist.",
    ),
    Service(name="Surge", suffixes=("surge.sh",), unclaimed="project not found"),
    Service(name="SurveySparrow", suffixes=("surveysparrow.com",), unclaimed="Account not found."),
    Service(
        name="Uberflip",
        suffixes=("read.uberflip.com",),
        unclaimed="The URL you've accessed does not provide a hub.",
    ),
    Service(name="Airee", suffixes=("airee.ru",), unclaimed="Сервис Айри.рф не оплачен"),
    Service(
        name="ReadMe",
        suffixes=("readme.io",),
        unclaimed="The creators of this project are still working on making everything perfect!",
    ),
    Service(
        name="Worksites",
        suffixes=("worksites.net",),
        unclaimed="Hello! Sorry, but the website you&rsquo;re looking for doesn&rsquo;t exist.",
    ),
    Service(name="WordPress.com", suffixes=("wordpress.com",), unclaimed="Do you want to register"),
)

# Names here do vanish, but the service gives them to nobody else, or only after proof of ownership.
SAFE_SUFFIXES: tuple[str, ...] = (
    "akamai.net",
    "akamaiedge.net",
    "cdn.cloudflare.net",
    "cloudfront.net",
    "edgekey.net",
    "edgesuite.net",
    "elb.amazonaws.com",
    "fastly.net",
    "firebaseapp.com",
    "freshdesk.com",
    "gitlab.io",
    "googlehosted.com",
    "hubspot.net",
    "mktoweb.com",
    "sendgrid.net",
    "statuspage.io",
    "web.app",
    "wpengine.com",
    "zendesk.com",
)


# DNS hosts where anyone may set up a zone of any name, so that a delegation to them that they do not serve can be
# taken; and those that hand a zone only to whoever proves that the domain is theirs. Facts from can-i-take-over-dns.
CLAIMABLE_NAME_SERVERS: tuple[str, ...] = (
    "azure-dns.com",
    "azure-dns.info",
    "azure-dns.net",
    "azure-dns.org",
    "digitalocean.com",
    "dnsimple.com",
    "dnsmadeeasy.com",
    "easydns.com",
    "googledomains.com",
    "linode.com",
    "nsone.net",
)
SAFE_NAME_SERVERS: tuple[str, ...] = (
    "akam.net",
    "akamaistream.net",
    "cloudflare.com",
    "domaincontrol.com",
    "gandi.net",
    "ultradns.biz",
    "ultradns.com",
    "ultradns.net",
    "ultradns.org",
)

# Reverse names of machines whose address is the next customer's tomorrow.
CLOUD_POINTERS: tuple[str, ...] = (
    "bc.googleusercontent.com",
    "cloudapp.azure.com",
    "cloudapp.net",
    "compute-1.amazonaws.com",
    "compute.amazonaws.com",
    "linodeusercontent.com",
    "vultrusercontent.com",
)

# Proofs of ownership and services whose operator has ended them: (beginning of the TXT record, name).
ENDED_PROOFS: tuple[tuple[str, str], ...] = (
    ("blitz=", "Blitz.io (2018)"),
    ("workplace-domain-verification=", "Workplace from Meta (2026)"),
)
ENDED_SERVICES: tuple[tuple[str, str], ...] = (("sipdir.online.lync.com", "Skype for Business Online (2021)"),)


def name_server_claimable(server: str) -> bool:
    """Whether anyone can set up a zone at this DNS host."""
    return _below(server, CLAIMABLE_NAME_SERVERS)


def name_server_safe(server: str) -> bool:
    """Whether this DNS host gives zones to nobody but the owner of the domain."""
    return _below(server, SAFE_NAME_SERVERS)


def rented(pointer: str) -> bool:
    """Whether a reverse name belongs to a machine that is rented by the hour."""
    return _below(pointer, CLOUD_POINTERS)


def ended_proof(text: str) -> str:
    """The ended service a TXT record once proved a domain to; "" for others."""
    return next((name for beginning, name in ENDED_PROOFS if text.lower().startswith(beginning)), "")


def ended_service(target: str) -> str:
    """The ended service an SRV record still leads to; "" for others."""
    return next((name for host, name in ENDED_SERVICES if target == host), "")


def within(service: Service, name: str) -> bool:
    """Whether a name is the service's own, and so no customer's."""
    return any(name == suffix for suffix in service.suffixes) or _below(name, service.suffixes)


def claimable(target: str) -> Service | None:
    """The service an abandoned CNAME target belongs to, if a stranger can register names there."""
    return next((service for service in CLAIMABLE if _below(target, service.suffixes)), None)


def safe(target: str) -> bool:
    """Whether the target lies at a service that gives names to nobody else."""
    return _below(target, SAFE_SUFFIXES)


def _below(target: str, suffixes: tuple[str, ...]) -> bool:
    return any(target.endswith(f".{suffix}") for suffix in suffixes)
