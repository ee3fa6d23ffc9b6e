"""Services whose abandoned names can, or cannot, be registered by a stranger (as of 2026-11-21).

The facts were chosen from can-i-take-over-xyz (EdOverflow and contributors, CC BY 4.0).
"""

from dataclasses import dataclass

DATA_DATE = "2026-11-21"


@dataclass(frozen=True, kw_only=True)
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


def claimable(target: str) -> Service | None:
    """The service an abandoned CNAME target belongs to, if a stranger can register names there."""
    return next((service for service in CLAIMABLE if _below(target, service.suffixes)), None)


def safe(target: str) -> bool:
    """Whether the target lies at a service that gives names to nobody else."""
    return _below(target, SAFE_SUFFIXES)


def _below(target: str, suffixes: tuple[str, ...]) -> bool:
    return any(target.endswith(f".{suffix}") for suffix in suffixes)
