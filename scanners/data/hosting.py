"""Services that run something under a customer's name, by the end of the name an alias leads to (own table)."""

from scanners.data import edges, takeovers

DATA_DATE = "2026-11-22"

# What many customers share: a name below these belongs to whoever rents it, and to the service.
SHARED: tuple[tuple[str, str], ...] = (
    ("zendesk.com", "Zendesk"),
    ("freshdesk.com", "Freshdesk"),
    ("freshservice.com", "Freshservice"),
    ("statuspage.io", "Statuspage"),
    ("stspg-customer.com", "Statuspage"),
    ("statuspal.eu", "Statuspal"),
    ("atlassian.net", "Atlassian"),
    ("sharepoint.com", "Microsoft 365"),
    ("outlook.com", "Microsoft 365"),
    ("onmicrosoft.com", "Microsoft 365"),
    ("lync.com", "Microsoft 365"),
    ("manage.microsoft.com", "Microsoft 365"),
    ("azurewebsites.net", "Microsoft Azure"),
    ("cloudapp.azure.com", "Microsoft Azure"),
    ("cloudapp.net", "Microsoft Azure"),
    ("trafficmanager.net", "Microsoft Azure"),
    ("windows.net", "Microsoft Azure"),
    ("amazonaws.com", "Amazon Web Services"),
    ("awsapps.com", "Amazon Web Services"),
    ("elasticbeanstalk.com", "Amazon Web Services"),
    ("googlehosted.com", "Google"),
    ("google.com", "Google"),
    ("run.app", "Google Cloud"),
    ("firebaseapp.com", "Firebase"),
    ("web.app", "Firebase"),
    ("salesforce.com", "Salesforce"),
    ("force.com", "Salesforce"),
    ("my.site.com", "Salesforce"),
    ("service-now.com", "ServiceNow"),
    ("hubspot.net", "HubSpot"),
    ("hubspot.com", "HubSpot"),
    ("mktoweb.com", "Marketo"),
    ("myshopify.com", "Shopify"),
    ("shopify.com", "Shopify"),
    ("shopware.store", "Shopware"),
    ("wixdns.net", "Wix"),
    ("squarespace.com", "Squarespace"),
    ("webflow.io", "Webflow"),
    ("webflow.com", "Webflow"),
    ("jimdo.com", "Jimdo"),
    ("wpengine.com", "WP Engine"),
    ("kinsta.cloud", "Kinsta"),
    ("netlify.app", "Netlify"),
    ("pages.dev", "Cloudflare"),
    ("workers.dev", "Cloudflare"),
    ("gitlab.io", "GitLab"),
    ("sendgrid.net", "SendGrid"),
    ("mailgun.org", "Mailgun"),
    ("mcsv.net", "Mailchimp"),
    ("mailchimp.com", "Mailchimp"),
    ("personio.de", "Personio"),
    ("softgarden.io", "softgarden"),
    ("recruitee.com", "Recruitee"),
    ("greenhouse.io", "Greenhouse"),
    ("intercom.help", "Intercom"),
    ("teamviewer.com", "TeamViewer"),
    ("zoom.us", "Zoom"),
    ("webex.com", "Webex"),
    ("moodlecloud.com", "MoodleCloud"),
    ("auth0.com", "Auth0"),
    ("okta.com", "Okta"),
    ("b2clogin.com", "Microsoft Entra"),
    ("microsoftonline.com", "Microsoft Entra"),
)


def service_of(name: str) -> str:
    """The service whose shared names this one is among; "" for none that we know."""
    named = next((service for suffix, service in SHARED if _is_below(name, suffix)), "")
    if named:
        return named
    if service := takeovers.claimable(name):
        return service.name
    networks = edges.edges_of((), (name,))
    return networks[0] if networks else ""


def _is_below(name: str, suffix: str) -> bool:
    return name.endswith(f".{suffix}")
