"""Well-known third parties that pages load from: who runs them, from where, and what for (own table, 2026-11-21)."""

from enum import StrEnum

from scanners.records import record

DATA_DATE = "2026-11-21"


class Purpose(StrEnum):
    """What a third party does on a page."""

    ANALYTICS = "analytics"
    ADVERTISING = "advertising"
    REPLAY = "session replay"
    SOCIAL = "social network"
    TAGS = "tag manager"
    FONTS = "fonts"
    MAPS = "maps"
    VIDEO = "video"
    CAPTCHA = "captcha"
    DELIVERY = "content delivery"
    CONTACT = "contact widget"
    CONSENT = "consent"


TRACKING = frozenset({Purpose.ANALYTICS, Purpose.ADVERTISING, Purpose.REPLAY, Purpose.SOCIAL, Purpose.TAGS})
GRAVE = frozenset({Purpose.ADVERTISING, Purpose.REPLAY})


@record
class Party:
    """A third party by the end of its host names; country of the group's seat as an ISO code."""

    suffix: str
    name: str
    purpose: Purpose
    country: str


def _party(suffix: str, name: str, purpose: Purpose, country: str = "US") -> Party:
    return Party(suffix=suffix, name=name, purpose=purpose, country=country)


_EEA = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO SE SI SK"
EEA = frozenset(_EEA.split())

PARTIES: tuple[Party, ...] = (
    _party("google-analytics.com", "Google Analytics", Purpose.ANALYTICS),
    _party("analytics.google.com", "Google Analytics", Purpose.ANALYTICS),
    _party("googletagmanager.com", "Google Tag Manager", Purpose.TAGS),
    _party("matomo.cloud", "Matomo Cloud", Purpose.ANALYTICS, "NZ"),
    _party("plausible.io", "Plausible", Purpose.ANALYTICS, "EE"),
    _party("etracker.com", "etracker", Purpose.ANALYTICS, "DE"),
    _party("etracker.de", "etracker", Purpose.ANALYTICS, "DE"),
    _party("static.cloudflareinsights.com", "Cloudflare Web Analytics", Purpose.ANALYTICS),
    _party("segment.com", "Twilio Segment", Purpose.ANALYTICS),
    _party("mxpnl.com", "Mixpanel", Purpose.ANALYTICS),
    _party("mixpanel.com", "Mixpanel", Purpose.ANALYTICS),
    _party("amplitude.com", "Amplitude", Purpose.ANALYTICS),
    _party("posthog.com", "PostHog", Purpose.ANALYTICS),
    _party("hs-analytics.net", "HubSpot", Purpose.ANALYTICS),
    _party("hs-scripts.com", "HubSpot", Purpose.ANALYTICS),
    _party("nr-data.net", "New Relic", Purpose.ANALYTICS),
    _party("newrelic.com", "New Relic", Purpose.ANALYTICS),
    _party("omtrdc.net", "Adobe Analytics", Purpose.ANALYTICS),
    _party("adobedtm.com", "Adobe Launch", Purpose.TAGS),
    _party("tealiumiq.com", "Tealium", Purpose.TAGS),
    _party("mc.yandex.ru", "Yandex Metrica", Purpose.ANALYTICS, "RU"),
    _party("hm.baidu.com", "Baidu Tongji", Purpose.ANALYTICS, "CN"),
    _party("doubleclick.net", "Google Ads", Purpose.ADVERTISING),
    _party("googlesyndication.com", "Google Ads", Purpose.ADVERTISING),
    _party("googleadservices.com", "Google Ads", Purpose.ADVERTISING),
    _party("connect.facebook.net", "Meta Pixel", Purpose.ADVERTISING),
    _party("bat.bing.com", "Microsoft Advertising", Purpose.ADVERTISING),
    _party("criteo.com", "Criteo", Purpose.ADVERTISING, "FR"),
    _party("criteo.net", "Criteo", Purpose.ADVERTISING, "FR"),
    _party("adsrvr.org", "The Trade Desk", Purpose.ADVERTISING),
    _party("adnxs.com", "Xandr", Purpose.ADVERTISING),
    _party("taboola.com", "Taboola", Purpose.ADVERTISING),
    _party("outbrain.com", "Outbrain", Purpose.ADVERTISING),
    _party("snap.licdn.com", "LinkedIn Insight", Purpose.ADVERTISING),
    _party("analytics.tiktok.com", "TikTok Pixel", Purpose.ADVERTISING, "CN"),
    _party("static.ads-twitter.com", "X Ads", Purpose.ADVERTISING),
    _party("hotjar.com", "Hotjar", Purpose.REPLAY, "MT"),
    _party("hotjar.io", "Hotjar", Purpose.REPLAY, "MT"),
    _party("clarity.ms", "Microsoft Clarity", Purpose.REPLAY),
    _party("fullstory.com", "FullStory", Purpose.REPLAY),
    _party("mouseflow.com", "Mouseflow", Purpose.REPLAY, "DK"),
    _party("smartlook.com", "Smartlook", Purpose.REPLAY, "CZ"),
    _party("luckyorange.com", "Lucky Orange", Purpose.REPLAY),
    _party("logrocket.com", "LogRocket", Purpose.REPLAY),
    _party("platform.twitter.com", "X", Purpose.SOCIAL),
    _party("platform.linkedin.com", "LinkedIn", Purpose.SOCIAL),
    _party("facebook.com", "Facebook", Purpose.SOCIAL),
    _party("instagram.com", "Instagram", Purpose.SOCIAL),
    _party("fonts.googleapis.com", "Google Fonts", Purpose.FONTS),
    _party("fonts.gstatic.com", "Google Fonts", Purpose.FONTS),
    _party("use.typekit.net", "Adobe Fonts", Purpose.FONTS),
    _party("use.fontawesome.com", "Font Awesome", Purpose.FONTS),
    _party("kit.fontawesome.com", "Font Awesome", Purpose.FONTS),
    _party("fast.fonts.net", "Monotype", Purpose.FONTS),
    _party("maps.googleapis.com", "Google Maps", Purpose.MAPS),
    _party("maps.google.com", "Google Maps", Purpose.MAPS),
    _party("mapbox.com", "Mapbox", Purpose.MAPS),
    _party("youtube.com", "YouTube", Purpose.VIDEO),
    _party("youtube-nocookie.com", "YouTube", Purpose.VIDEO),
    _party("ytimg.com", "YouTube", Purpose.VIDEO),
    _party("vimeo.com", "Vimeo", Purpose.VIDEO),
    _party("vimeocdn.com", "Vimeo", Purpose.VIDEO),
    _party("hcaptcha.com", "hCaptcha", Purpose.CAPTCHA),
    _party("challenges.cloudflare.com", "Cloudflare Turnstile", Purpose.CAPTCHA),
    _party("recaptcha.net", "Google reCAPTCHA", Purpose.CAPTCHA),
    _party("friendlycaptcha.com", "Friendly Captcha", Purpose.CAPTCHA, "DE"),
    _party("gstatic.com", "Google", Purpose.DELIVERY),
    _party("ajax.googleapis.com", "Google Hosted Libraries", Purpose.DELIVERY),
    _party("google.com", "Google", Purpose.DELIVERY),
    _party("cdnjs.cloudflare.com", "cdnjs", Purpose.DELIVERY),
    _party("cdn.jsdelivr.net", "jsDelivr", Purpose.DELIVERY, "PL"),
    _party("unpkg.com", "unpkg", Purpose.DELIVERY),
    _party("code.jquery.com", "jQuery CDN", Purpose.DELIVERY),
    _party("bootstrapcdn.com", "BootstrapCDN", Purpose.DELIVERY),
    _party("cloudfront.net", "Amazon CloudFront", Purpose.DELIVERY),
    _party("amazonaws.com", "Amazon Web Services", Purpose.DELIVERY),
    _party("azureedge.net", "Microsoft Azure", Purpose.DELIVERY),
    _party("intercom.io", "Intercom", Purpose.CONTACT),
    _party("intercomcdn.com", "Intercom", Purpose.CONTACT),
    _party("zdassets.com", "Zendesk", Purpose.CONTACT),
    _party("tawk.to", "tawk.to", Purpose.CONTACT),
    _party("calendly.com", "Calendly", Purpose.CONTACT),
    _party("doctolib.de", "Doctolib", Purpose.CONTACT, "FR"),
    _party("cookiebot.com", "Cookiebot", Purpose.CONSENT, "DK"),
    _party("usercentrics.eu", "Usercentrics", Purpose.CONSENT, "DE"),
    _party("cookielaw.org", "OneTrust", Purpose.CONSENT),
    _party("onetrust.com", "OneTrust", Purpose.CONSENT),
)

# Cookies that betray a tracker even when its script is served by the host itself.
COOKIES: tuple[tuple[str, str, Purpose], ...] = (
    ("_ga", "Google Analytics", Purpose.ANALYTICS),
    ("_gid", "Google Analytics", Purpose.ANALYTICS),
    ("_gcl_", "Google Ads", Purpose.ADVERTISING),
    ("_fbp", "Meta Pixel", Purpose.ADVERTISING),
    ("_hj", "Hotjar", Purpose.REPLAY),
    ("_clck", "Microsoft Clarity", Purpose.REPLAY),
    ("_pk_id", "Matomo", Purpose.ANALYTICS),
    ("_uetsid", "Microsoft Advertising", Purpose.ADVERTISING),
    ("_tt_", "TikTok Pixel", Purpose.ADVERTISING),
)


def party_of(host: str) -> Party | None:
    """The party a host belongs to, by its longest suffix."""
    matching = [one for one in PARTIES if host == one.suffix or host.endswith(f".{one.suffix}")]
    return max(matching, key=lambda one: len(one.suffix), default=None)
