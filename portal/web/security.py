"""What every answer carries: a content policy without inline code, no caching, tokens against foreign forms."""

import base64
import hashlib
import hmac
import secrets
from urllib.parse import urlsplit

from flask import Response, g, request

from portal.settings import Settings

PAD = 16
YEAR = 31_536_000

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def nonce() -> str:
    """This request's nonce, made when it is first asked for; an error page may be the first to ask."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def content_policy() -> str:
    """Nothing from elsewhere, nothing inline; htmx's strings of markup pass through one named policy."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'self' 'nonce-{nonce()}'",
            "style-src 'self'",
            "img-src 'self' data:",
            "font-src 'self'",
            "connect-src 'self'",
            "form-action 'self'",
            "frame-ancestors 'none'",
            "base-uri 'none'",
            "require-trusted-types-for 'script'",
            "trusted-types htmx",
        )
    )


def finish(response: Response, settings: Settings) -> Response:
    """Set the headers of every answer; a download has set its own, stricter policy before."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Content-Security-Policy", content_policy())
    if settings.is_https:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR}; includeSubDomains")
    if request.endpoint == "static" and response.status_code < 400 and request.args.get("v"):  # noqa: PLR2004 - errors
        response.headers["Cache-Control"] = f"public, max-age={YEAR}, immutable"
    elif request.endpoint != "static":
        response.headers["Cache-Control"] = "no-store"
        response.headers.add("Vary", "Cookie")
    return response


def token(settings: Settings, secret: str) -> str:
    """A form's token, different on every page, so that compression tells nothing of it."""
    pad = secrets.token_bytes(PAD)
    digest = _digest(settings, secret)
    masked = bytes(a ^ b for a, b in zip(digest, pad * (len(digest) // PAD), strict=True))
    return base64.urlsafe_b64encode(pad + masked).decode("ascii")


def is_ours(settings: Settings, secret: str, sent: str) -> bool:
    """Whether a token was made for this visitor."""
    try:
        raw = base64.urlsafe_b64decode(sent.encode("ascii"))
    except ValueError:
        return False
    pad, masked = raw[:PAD], raw[PAD:]
    digest = _digest(settings, secret)
    if len(masked) != len(digest):
        return False
    plain = bytes(a ^ b for a, b in zip(masked, pad * (len(digest) // PAD), strict=True))
    return hmac.compare_digest(plain, digest)


def comes_from_us(settings: Settings) -> bool:
    """What the browser says of the page that sent the form; one that says nothing is judged by the token."""
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    if site not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("Origin")
    # With Referrer-Policy: no-referrer some browsers send the word null with forms of our own.
    if origin is None or origin == "null":
        return True
    ours, theirs = urlsplit(settings.public_base_url), urlsplit(origin)
    return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc)


def _digest(settings: Settings, secret: str) -> bytes:
    return hmac.new(settings.secret_key.encode(), b"form:" + secret.encode(), hashlib.sha256).digest()
