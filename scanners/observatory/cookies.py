"""The test cookies."""

from scanners.observatory import headers
from scanners.observatory.site import Site, Test, worse
from scanners.parsing import cookies
from scanners.parsing.cookies import Cookie

IGNORED = frozenset({"heroku-session-affinity"})
RULES = frozenset({"lax", "strict", "none"})
MOST = 200

ORDER = (
    "cookies-without-secure-flag-but-protected-by-hsts",
    "cookies-without-secure-flag",
    "cookies-session-without-secure-flag-but-protected-by-hsts",
    "cookies-samesite-flag-invalid",
    "cookies-anticsrf-without-samesite-flag",
    "cookies-session-without-httponly-flag",
    "cookies-session-without-secure-flag",
)
PASSING = frozenset(
    {
        "cookies-not-found",
        "cookies-secure-with-httponly-sessions",
        "cookies-secure-with-httponly-sessions-and-samesite",
    }
)


def judge(site: Site) -> Test:
    """The flags of every cookie that the document sets."""
    raw = site.document.values("set-cookie")[:MOST] if site.document else ()
    is_guarded = headers.transport_security(site).passed
    result = ORDER[3] if any(_breaks_same_site(text) for text in raw) else ""
    kept = [cookie for text in raw if (cookie := cookies.parse(text)) and cookie.name and cookie.name not in IGNORED]
    for cookie in kept:
        for fault in _faults(cookie, is_guarded=is_guarded):
            result = worse(fault, result, ORDER)
    ruled = all(cookie.same_site in RULES for cookie in kept)
    if not kept:
        result = "cookies-not-found"
    elif not result:
        result = "cookies-secure-with-httponly-sessions" + ("-and-samesite" if ruled else "")
    return Test(
        name="cookies",
        result=result,
        passed=result in PASSING,
        detail={"sameSite": result == "cookies-secure-with-httponly-sessions-and-samesite"},
    )


def _faults(cookie: Cookie, *, is_guarded: bool) -> list[str]:
    name = cookie.name.lower()
    is_session = "login" in name or "sess" in name
    is_against_forgery = "csrf" in name
    shield = "-but-protected-by-hsts" if is_guarded else ""
    faults = []
    if not cookie.secure and cookie.same_site == "none":
        faults.append("cookies-samesite-flag-invalid")
    if not cookie.secure:
        faults.append(f"cookies-without-secure-flag{shield}")
    if is_against_forgery and cookie.same_site not in RULES:
        faults.append("cookies-anticsrf-without-samesite-flag")
    if is_session and not cookie.secure:
        faults.append(f"cookies-session-without-secure-flag{shield}")
    if is_session and not cookie.http_only:
        faults.append("cookies-session-without-httponly-flag")
    return faults


def _breaks_same_site(text: str) -> bool:
    parts = (part.partition("=") for part in text[: cookies.LONGEST].split(";"))
    return any(
        name.strip().lower() == "samesite" and value.strip().lower() not in RULES for name, _mark, value in parts
    )
