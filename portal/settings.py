"""The only reader of the environment: one frozen value, read once at the edge."""

import ipaddress
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

HIGHEST_PORT = 65_535
MOST_THREADS = 256
MOST_PUBLIC_LOOKS = 1000
MOST_LAPSE_MONTHS = 60
LONGEST_NUMBER = 9  # digits
LONGEST_PORT = 5  # digits
WORKER_KINDS = ("all", "scan", "rest")
DATASETS = "datasets"
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")


class BadSetting(Exception):
    """A setting is missing or contradicts another; the sentence names the variable."""


@dataclass(frozen=True, kw_only=True)
class MailSettings:
    """The relay that takes our mail; host "" means that mails wait readable in the operator's outbox page."""

    host: str = ""
    port: int = 587
    security: str = "starttls"  # "starttls", "tls" or "none"
    user: str = ""
    password: str = field(default="", repr=False)
    sender: str = "kettenblick@localhost"


@dataclass(frozen=True, kw_only=True)
class PostboxSettings:
    """The mailbox that our mails come back to, over TLS only; host "" means that nobody looks."""

    host: str = ""
    port: int = 993
    security: str = "tls"  # or "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    folder: str = "INBOX"
    trust_roots_pem: str = ""  # "" = the system's


@dataclass(frozen=True, kw_only=True)
class ScanSettings:
    """Where scans may go beside the public internet, and how they present themselves."""

    resolver: tuple[str, ...] = ()  # addresses; () = the system's resolvers
    resolver_port: int = 53
    port_map: Mapping[int, int] = field(default_factory=dict)
    allowed_networks: tuple[str, ...] = ()
    denied_networks: tuple[str, ...] = ()
    trust_roots_pem: str = ""
    permitted_suffixes: tuple[str, ...] = ()
    contact_url: str = ""
    source_addresses: tuple[str, ...] = ()  # where scans come from, as vendors are told; () = not known to us
    reference_tls_host: str = ""  # "" = whether TLS is opened on the way stays untested
    reference_smtp_host: str = ""  # "" = whether port 25 is closed to us stays untested
    origin_zone: str = ""  # "" = networks and countries of addresses are not asked for
    route_validator: str = ""  # "" = routes are not validated (RPKI)
    certificate_searches: tuple[str, ...] = ()  # () = certificate logs are not searched
    rdap_bootstrap: str = ""  # "" = registries are not asked
    revocation: bool = False
    look_alikes: bool = False
    reputation_zones: tuple[str, ...] = ()  # () = no list of abused domains is asked
    registries_dir: str = ""  # where their answers are kept; "" = for one scan only
    parallel: int = 4


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything the operator decides; paths are absolute."""

    data_dir: Path
    database_url: str
    queue_url: str
    secret_key: str = field(repr=False)
    instance_key: str = field(repr=False)  # wraps the data keys of companies and hospitals; base64, 32 bytes
    public_base_url: str
    bind_host: str
    bind_port: int
    threads: int
    mail: MailSettings
    scan: ScanSettings
    postbox: PostboxSettings = field(default_factory=PostboxSettings)
    worker_kinds: str = "all"  # what this machine's worker takes: "all", "scan" (alone in a DMZ), "rest" (all but that)
    demonstration: bool = False
    operator_contact: str = ""
    data_mirror: str = ""  # "" = data sets are fetched from their makers
    virus_scanner: str = ""  # unix:/path or host:port of a clamd; "" = uploads are not given to one
    public_looks_a_day: int = 0  # first looks for whoever asks; 0 = not offered
    tender_lapse_months: int = 18  # after its deadline a tender that nobody has ended ends by itself
    known_instances: Mapping[str, str] = field(default_factory=dict)  # whose signatures are known: key's SHA-256, name

    @property
    def trusted_host(self) -> str:
        """The one Host header we answer to."""
        return urlsplit(self.public_base_url).netloc

    @property
    def is_https(self) -> bool:
        """Whether readers reach us over https, so that cookies carry Secure and the __Host- prefix."""
        return self.public_base_url.startswith("https://")

    @property
    def files_dir(self) -> Path:
        """Where evidence blobs live."""
        return self.data_dir / "files"

    @property
    def keys_dir(self) -> Path:
        """Where the data keys of companies and hospitals lie, each wrapped by the instance key."""
        return self.data_dir / "keys"

    @property
    def datasets_dir(self) -> Path:
        """Where refreshed data lie that findings are judged by."""
        return self.data_dir / DATASETS


def read(environment: Mapping[str, str] | None = None) -> Settings:
    """Read every setting; secrets that nobody set are made once and kept in the data directory, mode 600.

    Raises BadSetting with a sentence that names the variable.
    """
    env = os.environ if environment is None else environment
    data_dir = _data_dir(env)
    data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    bind_host = env.get("BIND_HOST", "127.0.0.1")
    bind_port = _number(env, "BIND_PORT", 8080, least=0)
    public_base_url = env.get("PUBLIC_BASE_URL", f"http://127.0.0.1:{bind_port}").rstrip("/")
    _refuse_plain_http_elsewhere(public_base_url)
    if not public_base_url.startswith("https://") and not is_loopback(bind_host):
        raise BadSetting(f"BIND_HOST={bind_host} needs a PUBLIC_BASE_URL that starts with https://.")
    return Settings(
        data_dir=data_dir,
        database_url=env.get("DATABASE_URL", f"sqlite:///{data_dir / 'kettenblick.sqlite'}"),
        queue_url=env.get("QUEUE_URL", f"sqlite:///{data_dir / 'queue.sqlite'}"),
        secret_key=_secret(env, "SECRET_KEY", data_dir),
        instance_key=_secret(env, "INSTANCE_KEY", data_dir),
        public_base_url=public_base_url,
        bind_host=bind_host,
        bind_port=bind_port,
        threads=_number(env, "WEB_THREADS", 8, most=MOST_THREADS),
        mail=_mail(env),
        postbox=_postbox(env),
        scan=_scan(env),
        worker_kinds=_worker_kinds(env),
        demonstration=env.get("KETTENBLICK_DEMONSTRATION", "") == "1",
        operator_contact=env.get("OPERATOR_CONTACT", ""),
        data_mirror=_https("DATA_MIRROR", env.get("DATA_MIRROR", "")),
        virus_scanner=_virus_scanner(env.get("CLAMD", "").strip()),
        tender_lapse_months=_number(env, "TENDER_LAPSE_MONTHS", 18, least=6, most=MOST_LAPSE_MONTHS),
        public_looks_a_day=_number(env, "PUBLIC_LOOKS_A_DAY", 0, least=0, most=MOST_PUBLIC_LOOKS),
        known_instances=_instances(_list(env, "KNOWN_INSTANCES")),
    )


def environment(**overrides: str) -> Mapping[str, str]:
    """What a program we start inherits: our own environment, with changes."""
    return {**os.environ, **overrides}


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine alone."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def read_scan(environment: Mapping[str, str] | None = None) -> ScanSettings:
    """Only where scans may go: for a scan from the terminal, which needs no data directory."""
    return _scan(os.environ if environment is None else environment)


def read_datasets_dir(environment: Mapping[str, str] | None = None) -> Path:
    """Where refreshed data lie, for a scan from the terminal; the folder may not exist."""
    return _data_dir(os.environ if environment is None else environment) / DATASETS


def _mail(env: Mapping[str, str]) -> MailSettings:
    security = env.get("SMTP_SECURITY", "starttls")
    if security not in {"starttls", "tls", "none"}:
        raise BadSetting("SMTP_SECURITY must be starttls, tls or none.")
    sender = env.get("MAIL_FROM", "kettenblick@localhost")
    if not _ADDRESS.fullmatch(sender):
        raise BadSetting("MAIL_FROM must be one mail address such as kettenblick@klinik.example.")
    return MailSettings(
        host=env.get("SMTP_HOST", ""),
        port=_number(env, "SMTP_PORT", 587),
        security=security,
        user=env.get("SMTP_USER", ""),
        password=env.get("SMTP_PASSWORD", ""),
        sender=sender,
    )


def _postbox(env: Mapping[str, str]) -> PostboxSettings:
    host, security = env.get("IMAP_HOST", "").strip(), env.get("IMAP_SECURITY", "tls")
    if security not in {"starttls", "tls"}:
        raise BadSetting("IMAP_SECURITY must be tls or starttls.")
    if host and not (env.get("IMAP_USER") and env.get("IMAP_PASSWORD")):
        raise BadSetting("IMAP_HOST needs IMAP_USER and IMAP_PASSWORD.")
    if not all(env.get(name, "").isascii() for name in ("IMAP_USER", "IMAP_PASSWORD", "IMAP_FOLDER")):
        raise BadSetting("IMAP_USER, IMAP_PASSWORD and IMAP_FOLDER must be plain ASCII.")
    roots = env.get("IMAP_TRUST_ROOTS", "")
    return PostboxSettings(
        host=host,
        port=_number(env, "IMAP_PORT", 993 if security == "tls" else 143),
        security=security,
        user=env.get("IMAP_USER", ""),
        password=env.get("IMAP_PASSWORD", ""),
        folder=env.get("IMAP_FOLDER", "INBOX"),
        trust_roots_pem=_text(roots, "IMAP_TRUST_ROOTS") if roots else "",
    )


def _scan(env: Mapping[str, str]) -> ScanSettings:
    roots = env.get("SCAN_TRUST_ROOTS", "")
    return ScanSettings(
        resolver=_list(env, "SCAN_RESOLVER"),
        resolver_port=_number(env, "SCAN_RESOLVER_PORT", 53),
        port_map=_port_map(env.get("SCAN_PORT_MAP", "")),
        allowed_networks=_networks("SCAN_ALLOWED_NETWORKS", _list(env, "SCAN_ALLOWED_NETWORKS")),
        denied_networks=_networks("SCAN_DENIED_NETWORKS", _list(env, "SCAN_DENIED_NETWORKS")),
        trust_roots_pem=_text(roots, "SCAN_TRUST_ROOTS") if roots else "",
        permitted_suffixes=_list(env, "SCAN_PERMITTED_SUFFIXES"),
        contact_url=env.get("SCAN_CONTACT_URL", ""),
        source_addresses=_networks("SCAN_SOURCE_ADDRESSES", _list(env, "SCAN_SOURCE_ADDRESSES")),
        reference_tls_host=env.get("SCAN_REFERENCE_TLS_HOST", "").strip(),
        reference_smtp_host=env.get("SCAN_REFERENCE_SMTP_HOST", "").strip(),
        origin_zone=env.get("SCAN_ORIGIN_ZONE", "").strip(". ").lower(),
        route_validator=env.get("SCAN_ROUTE_VALIDATOR", "").strip(". ").lower(),
        certificate_searches=_searches(_list(env, "SCAN_CERTIFICATE_SEARCH")),
        rdap_bootstrap=_https("SCAN_RDAP_BOOTSTRAP", env.get("SCAN_RDAP_BOOTSTRAP", "")),
        revocation=_switch("SCAN_REVOCATION", env.get("SCAN_REVOCATION", "")),
        look_alikes=_switch("SCAN_LOOK_ALIKES", env.get("SCAN_LOOK_ALIKES", "")),
        reputation_zones=tuple(zone.strip(".").lower() for zone in _list(env, "SCAN_REPUTATION_ZONES")),
        registries_dir=_registries(env),
        parallel=_number(env, "SCAN_PARALLEL", 4, most=MOST_THREADS),
    )


def _searches(templates: tuple[str, ...]) -> tuple[str, ...]:
    for template in templates:
        if "{domain}" not in template:
            raise BadSetting("SCAN_CERTIFICATE_SEARCH must hold {domain} where the name of the domain belongs.")
        _https("SCAN_CERTIFICATE_SEARCH", template)
    return templates


def _https(name: str, url: str) -> str:
    url = url.strip()
    try:
        parts = urlsplit(url)
        is_address = parts.scheme == "https" and bool(parts.hostname) and parts.port in {None, 443}
    except ValueError:
        is_address = False
    if url and (not is_address or "@" in parts.netloc):
        raise BadSetting(f"{name} must be an address that starts with https://, without a port.")
    return url


def _instances(entries: tuple[str, ...]) -> Mapping[str, str]:
    found = {}
    for entry in entries:
        name, _, fingerprint = entry.partition("=")
        if not name or not re.fullmatch("[0-9a-f]{64}", fingerprint.lower()):
            raise BadSetting("KNOWN_INSTANCES must read like name=fingerprint, with the 64 digits of its signing key.")
        found[fingerprint.lower()] = name
    return found


def _virus_scanner(address: str) -> str:
    if address.startswith("unix:/"):
        return address
    host, _, port = address.rpartition(":")
    if address and not (host and port.isascii() and port.isdecimal() and len(port) <= LONGEST_PORT):
        raise BadSetting("CLAMD must read like unix:/run/clamav/clamd.ctl or 127.0.0.1:3310.")
    try:
        is_public = bool(host) and ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        is_public = False  # a name; what it stands for is looked at before each connection
    if is_public:
        raise BadSetting("CLAMD must lie in your own network: documents go there unencrypted.")
    return address


def _switch(name: str, text: str) -> bool:
    if text not in {"", "0", "1"}:
        raise BadSetting(f"{name} must be 1 or 0.")
    return text == "1"


def _registries(env: Mapping[str, str]) -> str:
    folder = _data_dir(env)
    return str(folder / "registries") if folder.is_dir() else ""


def _data_dir(env: Mapping[str, str]) -> Path:
    return Path(env.get("KETTENBLICK_DATA", "instance")).resolve()


def _worker_kinds(env: Mapping[str, str]) -> str:
    kinds = env.get("WORKER_KINDS", "all")
    if kinds not in WORKER_KINDS:
        raise BadSetting("WORKER_KINDS must be all, scan or rest.")
    return kinds


def _networks(name: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    for text in texts:
        try:
            ipaddress.ip_network(text)
        except ValueError:
            raise BadSetting(f"{name}: {text} is not a network such as 192.0.2.0/24.") from None
    return texts


def _text(path: str, name: str) -> str:
    try:
        return Path(path).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise BadSetting(f"{name}: {path} cannot be read as certificates ({type(error).__name__}).") from error


def _port_map(text: str) -> Mapping[int, int]:
    found: dict[int, int] = {}
    for pair in text.replace(" ", "").split(","):
        public, _, ours = pair.partition(":")
        if pair and not (_is_port(public) and _is_port(ours)):
            raise BadSetting("SCAN_PORT_MAP must read like 443:8443,80:8080.")
        if pair:
            found[int(public)] = int(ours)
    return found


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 0 < int(text) <= HIGHEST_PORT


def _list(env: Mapping[str, str], name: str) -> tuple[str, ...]:
    return tuple(part for part in env.get(name, "").replace(",", " ").split() if part)


def _number(env: Mapping[str, str], name: str, default: int, *, least: int = 1, most: int = HIGHEST_PORT) -> int:
    text = env.get(name, str(default))
    if not (text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER):
        raise BadSetting(f"{name} must be a whole number, not {text[:40]!r}.")
    if not least <= int(text) <= most:
        raise BadSetting(f"{name} must be a number from {least} to {most}, not {text}.")
    return int(text)


def _secret(env: Mapping[str, str], name: str, data_dir: Path) -> str:
    if name in env:
        if len(env[name]) < 32:  # noqa: PLR2004 - bytes of a key
            raise BadSetting(f"{name} must have at least 32 characters.")
        return env[name]
    path = data_dir / f"{name.lower()}.secret"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        value = secrets.token_urlsafe(32)
        file.write(value)
        file.flush()
        os.fsync(file.fileno())
    return value


def _refuse_plain_http_elsewhere(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 0) <= HIGHEST_PORT
    except ValueError:
        is_address = False
    if not is_address or "@" in parts.netloc or parts.path or parts.query or parts.fragment:
        raise BadSetting("PUBLIC_BASE_URL must be an address such as https://kettenblick.example, without a path.")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise BadSetting("PUBLIC_BASE_URL must start with https:// unless it is this machine (127.0.0.1).")
