"""The closed list of paths that the active class may ask for, by purpose, and by what an answer is recognised.

A sign is something that a page cannot say by repeating the address it was asked for. The tables are our own; which
paths are worth asking for follows the tests of snallygaster.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from enum import StrEnum

from scanners.records import record

DATA_DATE = "2026-11-22"

KILOBYTE = 1024
PAGE_BYTES = 64 * KILOBYTE
DESCRIPTION_BYTES = 1_000_000
MAP_BYTES = 1_000_000
GRAPHQL_QUESTION = b'{"query":"{__schema{queryType{name}}}"}'
MOST_REQUESTS = 80  # to one host, over the whole class


class Purpose(StrEnum):
    """Why a path is asked for; each check reads the answers of its own."""

    FRONT = "front"  # the start page, with the origin of a foreign page
    GIT = "git"
    REPOSITORY = "repository"
    ENVIRONMENT = "environment"
    PRIVATE_KEY = "private-key"
    BACKUP = "backup"
    LEFTOVER = "leftover"
    CONFIGURATION = "configuration"
    DIRECTORY = "directory"
    ASSETS = "assets"  # a folder of files that the page itself loads
    STATUS = "status"
    LOG = "log"
    PANEL = "panel"
    CMS = "cms"
    DESCRIPTION = "description"
    ACTUATOR = "actuator"
    ERROR = "error"
    METHODS = "methods"
    GRAPHQL = "graphql"
    GRAPHQL_IDE = "graphql-ide"
    POLICY = "policy"
    FHIR = "fhir"
    DICOMWEB = "dicomweb"
    ORTHANC = "orthanc"
    ENGINE = "engine"
    SOURCE_MAP = "source-map"


class Form(StrEnum):
    """What kind of answer is asked for; HTML in place of a file is no find."""

    PAGE = "page"
    FILE = "file"


@record
class Sign:
    """By what an answer is recognised: every pattern must be found in it. A group is kept behind the name."""

    name: str
    body: tuple[str, ...] = ()
    header: str = ""  # in "name: value" of a header line
    status: int = 200


@record
class Path:
    """One request of the list; {host}, {word} and {number} are filled in for the host that is asked."""

    path: str
    purpose: Purpose
    signs: tuple[Sign, ...] = ()
    form: Form = Form.FILE
    at_most: int = 16 * KILOBYTE
    first_bytes: int = 0  # ask for the beginning alone
    method: str = "GET"
    accept: str = ""
    content: bytes = b""


def paths(*templates: str, purpose: Purpose, signs: tuple[Sign, ...], **more: object) -> tuple[Path, ...]:
    """Several paths that are recognised by the same signs."""
    return tuple(replace(Path(path=one, purpose=purpose, signs=signs), **more) for one in templates)  # type: ignore[arg-type]


def _title(words: str) -> str:
    return rf"(?i)<title>[^<]{{0,200}}(?:{words})"


KEY = (Sign(name="private-key", body=(r"-----BEGIN (?:[A-Z0-9]{2,10} ){0,2}PRIVATE KEY(?: BLOCK)?-----",)),)
ZIP = (Sign(name="zip", body=(r"^PK\x03\x04",)),)
# 0x8b as it reads in UTF-8, Latin-1 and Windows-1252.
GZIP = (Sign(name="gzip", body=(r"^\x1f[\x{8b}\x{fffd}\x{2039}]\x08",)),)
DUMP = (
    Sign(
        name="sql",
        body=(r"(?i)^\s*(?:--|/\*|SET |CREATE |DROP |INSERT ).{0,80}", r"(?i)\bdump\b|create table|insert into|mysql"),
    ),
)
PHP = (Sign(name="source", body=(r"^\s*<\?php\b",)),)
LISTING = (
    Sign(
        name="listing",
        body=(
            _title("index of|directory listing for") + r"|<title>[^<]{0,200} - /",
            r"(?i)parent directory|href=\"\.\./\"|\?C=[NMSD];O=[AD]",
        ),
    ),
    Sign(name="listing", body=(r"(?i)<h1>\s*directory listing for [^<]{0,200}</h1>", r"(?i)<li><a href=")),
)
OPENAPI = (
    Sign(name="description", body=(r"^\s*\{", r"\"(?:openapi|swagger)\"\s*:\s*\"[23]\.", r"\"paths\"\s*:\s*\{")),
    Sign(name="description", body=(r"(?m)^(?:openapi|swagger):\s*[\"']?[23]\.", r"(?m)^paths:\s*$")),
    Sign(name="description", body=(r"(?i)id=[\"']swagger-ui[\"']|swaggeruibundle|<redoc\b",)),
)


def description(path: str) -> Path:
    """Where an interface may describe itself: at a usual place, or where the page links to."""
    return Path(
        path=path,
        purpose=Purpose.DESCRIPTION,
        signs=OPENAPI,
        form=Form.PAGE,
        at_most=DESCRIPTION_BYTES,
        accept="application/json, text/html;q=0.8",
    )


BUNDLE = r"\"resourceType\"\s*:\s*\"Bundle\""
COUNTED = (
    Sign(name="fhir-open", body=(BUNDLE, r"\"total\"\s*:\s*[1-9]")),
    Sign(name="fhir-open", body=(r"<Bundle\b[^>]*fhir", r"<total\s+value=\"[1-9]")),
    Sign(name="fhir-empty", body=(BUNDLE, r"\"total\"\s*:\s*0\b")),
    Sign(name="fhir-empty", body=(r"<Bundle\b[^>]*fhir", r"<total\s+value=\"0\"")),
)
STUDIES = (
    Sign(name="dicomweb-open", header=r"^content-type: application/(?:dicom\+)?json", body=(r"^\s*\[",)),
    Sign(name="dicomweb-open", status=204),  # PS3.18: nothing matches
)
WORDPRESS = Sign(name="cms:WordPress", body=(r"(?:id|name)=[\"']wp-submit[\"']",))
TYPO3 = Sign(name="cms:TYPO3", body=(r"typo3-login|" + _title("typo3 cms login|typo3 login"),))
DRUPAL = Sign(name="cms:Drupal", body=(r"value=[\"']user_login_form[\"']",))

# On every page that is asked for, the start page included: a product nobody has set up yet.
WIZARDS = (
    Sign(name="wizard:WordPress", body=(_title(r"wordpress\s*(?:›|&rsaquo;|&#8250;)\s*(?:installation|setup)"),)),
    Sign(name="wizard:Joomla", body=(_title(r"joomla!?[^<]{0,40}installer"),)),
    Sign(name="wizard:TYPO3", body=(_title("installing typo3"),)),
    Sign(
        name="wizard:Nextcloud",
        body=(r"id=[\"']adminlogin[\"']", r"(?i)create an (?:<strong>)?admin account|name=[\"']install[\"']"),
    ),
    Sign(name="wizard:Drupal", body=(_title(r"choose language \| drupal"),)),
    Sign(name="wizard:Jenkins", body=(r"(?i)unlock jenkins", r"initialAdminPassword")),
    Sign(name="wizard:Gitea", body=(_title(r"(?:initial configuration|installation) - gitea"),)),
    Sign(name="wizard:OpenEMR", body=(_title("openemr setup"),)),
)
# Only where administrators log in: elsewhere a page may speak of first passwords in general.
FIRST_PASSWORD = Sign(
    name="default-password",
    body=(r"(?i)change (?:the|your) default (?:admin )?password|default (?:login|password)s?(?: is| are|:)",),
)

PATHS: tuple[Path, ...] = (
    # What harms most comes first: it is asked and settled even where the budget ends early.
    Path(
        path="/.git/config",
        purpose=Purpose.GIT,
        signs=(
            Sign(
                name="git",
                body=(r"(?m)^\[core\]\s*$", r"(?m)^\s*(?:repositoryformatversion|bare)\s*="),
            ),
        ),
    ),
    Path(
        path="/.env",
        purpose=Purpose.ENVIRONMENT,
        signs=(
            Sign(
                name="environment",
                body=(
                    (
                        r"(?m)^(?:export )?(?:APP_(?:ENV|KEY|SECRET|DEBUG)|DB_(?:PASSWORD|USERNAME|HOST|DATABASE)"
                        r"|DATABASE_(?:URL|PASSWORD)|SECRET_KEY(?:_BASE)?|MAIL_PASSWORD|AWS_SECRET_ACCESS_KEY"
                        r"|REDIS_PASSWORD|JWT_SECRET|POSTGRES_PASSWORD|MYSQL_(?:ROOT_)?PASSWORD)\s*="
                    ),
                ),
            ),
        ),
    ),
    *paths(
        "/server.key", "/privatekey.key", "/{host}.key", "/key.pem", "/id_rsa", purpose=Purpose.PRIVATE_KEY, signs=KEY
    ),
    *paths(
        "/fhir/Patient?_summary=count",
        "/fhir/R4/Patient?_summary=count",
        purpose=Purpose.FHIR,
        signs=COUNTED,
        at_most=2 * KILOBYTE,
        accept="application/fhir+json",
    ),
    # A study that cannot exist: an open archive answers with an empty list, and nothing of a patient is ever sent.
    *paths(
        "/dicom-web/studies?StudyInstanceUID=2.25.{number}&limit=1",
        "/dcm4chee-arc/aets/DCM4CHEE/rs/studies?StudyInstanceUID=2.25.{number}&limit=1",
        purpose=Purpose.DICOMWEB,
        signs=STUDIES,
        at_most=2,
        accept="application/dicom+json",
    ),
    Path(
        path="/system",
        purpose=Purpose.ORTHANC,
        signs=(
            Sign(name="orthanc-open", body=(r"\"DicomAet\"\s*:", r"\"Version\"\s*:")),
            Sign(name="orthanc-login", status=401, header=r"(?i)^www-authenticate: basic realm=\"orthanc"),
        ),
        accept="application/json",
        at_most=4 * KILOBYTE,
    ),
    Path(
        path="/webadmin/Index.action",
        purpose=Purpose.ENGINE,
        form=Form.PAGE,
        signs=(Sign(name="engine:Mirth Connect", body=(_title("(?:mirth|nextgen) connect"),)),),
    ),
    *paths("/backup.zip", "/{host}.zip", purpose=Purpose.BACKUP, signs=ZIP, at_most=6, first_bytes=6),
    *paths("/backup.tar.gz", purpose=Purpose.BACKUP, signs=GZIP, at_most=6, first_bytes=6),
    *paths("/backup.sql", "/{host}.sql", purpose=Purpose.BACKUP, signs=DUMP, at_most=200, first_bytes=200),
    Path(
        path="/.svn/wc.db",
        purpose=Purpose.REPOSITORY,
        signs=(Sign(name="subversion", body=(r"^SQLite format 3\x00",)),),
        at_most=16,
        first_bytes=16,
    ),
    Path(
        path="/.hg/requires",
        purpose=Purpose.REPOSITORY,
        signs=(
            Sign(
                name="mercurial",
                body=(r"(?m)^(?:revlogv\d|dotencode|fncache|sparserevlog|generaldelta|share-safe)\s*$",),
            ),
        ),
    ),
    Path(
        path="/config/database.yml",
        purpose=Purpose.CONFIGURATION,
        signs=(Sign(name="settings", body=(r"(?m)^\s+adapter:\s*\S", r"(?m)^\s+database:\s*\S")),),
    ),
    Path(
        path="/sftp-config.json",
        purpose=Purpose.CONFIGURATION,
        signs=(Sign(name="settings", body=(r"\"type\"\s*:\s*\"s?ftp\"", r"\"host\"\s*:")),),
    ),
    Path(
        path="/web.config",
        purpose=Purpose.CONFIGURATION,
        signs=(
            Sign(
                name="settings",
                body=(r"<configuration[\s>]", r"<(?:system\.web(?:Server)?|connectionStrings|appSettings)[\s>]"),
            ),
        ),
    ),
    Path(
        path="/.htpasswd",
        purpose=Purpose.CONFIGURATION,
        signs=(Sign(name="settings", body=(r"(?m)^[^:\s<>]{1,64}:(?:\$apr1\$|\$2[aby]\$|\$[56]\$|\{SHA\})",)),),
    ),
    Path(
        path="/docker-compose.yml",
        purpose=Purpose.CONFIGURATION,
        signs=(Sign(name="settings", body=(r"(?m)^services:\s*$", r"(?m)^\s+(?:image|build):")),),
    ),
    Path(
        path="/.idea/workspace.xml",
        purpose=Purpose.CONFIGURATION,
        signs=(Sign(name="settings", body=(r"<project\s+version=\"\d", r"<component\s+name=")),),
    ),
    Path(
        path="/wp-content/debug.log",
        purpose=Purpose.LOG,
        signs=(Sign(name="log", body=(r"(?m)^\[\d{2}-\w{3}-\d{4} [\d:]+ \w+\] PHP \w+",)),),
        at_most=4 * KILOBYTE,
        first_bytes=4 * KILOBYTE,
    ),
    Path(
        path="/storage/logs/laravel.log",
        purpose=Purpose.LOG,
        signs=(
            Sign(
                name="log",
                body=(
                    r"(?m)^\[\d{4}-\d\d-\d\d[ T][\d:.+]+\] \w+\.(?:DEBUG|INFO|NOTICE|WARNING|ERROR|CRITICAL|ALERT)\b",
                ),
            ),
        ),
        at_most=4 * KILOBYTE,
        first_bytes=4 * KILOBYTE,
    ),
    Path(
        path="/elmah.axd",
        purpose=Purpose.LOG,
        form=Form.PAGE,
        signs=(Sign(name="log", body=(_title("error log for"), r"(?i)>elmah</a>|powered by elmah|elmah, version")),),
    ),
    Path(
        path="/telescope",
        purpose=Purpose.LOG,
        form=Form.PAGE,
        signs=(Sign(name="log", body=(r"window\.Telescope\s*=", r"id=\"telescope\"")),),
    ),
    Path(
        path="/actuator",
        purpose=Purpose.ACTUATOR,
        signs=(
            Sign(name="actuator", body=(r"\"_links\"\s*:\s*\{", r"\"self\"\s*:\s*\{")),
            Sign(
                name="actuator-inner",
                body=(r"\"_links\"\s*:\s*\{", r"\"(env|configprops|beans|mappings|threaddump)\"\s*:\s*\{\s*\"href\""),
            ),
        ),
        accept="application/json",
    ),
    Path(
        path="/actuator/health",
        purpose=Purpose.ACTUATOR,
        signs=(
            Sign(name="health", body=(r"^\s*\{", r"\"status\"\s*:\s*\"(?:UP|DOWN|OUT_OF_SERVICE|UNKNOWN)\"")),
            Sign(
                name="health-detail", body=(r"\"status\"\s*:\s*\"(?:UP|DOWN)\"", r"\"(?:components|details)\"\s*:\s*\{")
            ),
        ),
        accept="application/json",
    ),
    Path(
        path="/metrics",
        purpose=Purpose.ACTUATOR,
        signs=(
            Sign(
                name="metrics",
                body=(r"(?m)^# (?:HELP|TYPE) [a-zA-Z_:]", r"(?m)^[a-zA-Z_:][\w:]*(?:\{[^}\n]*\})? [\d.eE+\-]+"),
            ),
        ),
    ),
    Path(
        path="/debug/vars",
        purpose=Purpose.ACTUATOR,
        signs=(Sign(name="variables", body=(r"\"memstats\"\s*:\s*\{", r"\"cmdline\"\s*:\s*\[")),),
    ),
    *(
        description(path)
        for path in ("/openapi.json", "/v3/api-docs", "/swagger.json", "/swagger/v1/swagger.json", "/swagger-ui/")
    ),
    *paths(
        "/graphql",
        "/api/graphql",
        "/v1/graphql",
        purpose=Purpose.GRAPHQL,
        signs=(
            Sign(name="introspection", body=(r"\"data\"\s*:\s*\{\s*\"__schema\"\s*:\s*\{",)),
            Sign(
                name="graphql",
                status=0,
                body=(r"^\s*\{\s*\"errors\"\s*:\s*\[\s*\{", r"(?i)introspection|__schema|graphql"),
            ),
        ),
        method="POST",
        content=GRAPHQL_QUESTION,
        accept="application/json",
        at_most=4 * KILOBYTE,
    ),
    # Panels: signs of products only, for any page can repeat the word "admin".
    Path(
        path="/phpmyadmin/",
        purpose=Purpose.PANEL,
        form=Form.PAGE,
        at_most=PAGE_BYTES,
        signs=(
            Sign(name="open:phpMyAdmin", body=(r"id=[\"']pma_navigation[\"']",)),
            Sign(
                name="panel:phpMyAdmin",
                body=(r"(?i)<title>[^<]{0,200}phpMyAdmin[^<]{0,200}</title>", r"pma_|name=[\"']pma_username"),
            ),
        ),
    ),
    Path(
        path="/manager/html",
        purpose=Purpose.PANEL,
        form=Form.PAGE,
        signs=(
            Sign(name="open:Tomcat Manager", body=(r"Tomcat Web Application Manager",)),
            Sign(name="panel:Tomcat Manager", status=401, header=r"(?i)^www-authenticate: basic realm=\"tomcat"),
        ),
    ),
    Path(
        path="/adminer.php",
        purpose=Purpose.PANEL,
        form=Form.PAGE,
        signs=(
            Sign(name="panel:Adminer", body=(r"(?i)<title>[^<]{0,200}adminer[^<]{0,200}</title>", r"name=[\"']auth\[")),
        ),
    ),
    Path(
        path="/solr/admin/cores?indexInfo=false&wt=json",
        purpose=Purpose.PANEL,
        signs=(Sign(name="open:Apache Solr", body=(r"\"responseHeader\"\s*:\s*\{", r"\"initFailures\"\s*:")),),
        accept="application/json",
    ),
    Path(
        path="/console/",
        purpose=Purpose.PANEL,
        form=Form.PAGE,
        signs=(
            Sign(
                name="open:Werkzeug console",
                body=(r"(?i)<title>[^<]{0,80}interactive console", r"Werkzeug|__debugger__"),
            ),
            Sign(name="panel:H2 console", body=(_title("h2 console"),)),
            Sign(name="panel:WebLogic console", body=(_title("(?:oracle )?weblogic server administration console"),)),
        ),
    ),
    Path(
        path="/admin/",
        purpose=Purpose.PANEL,
        form=Form.PAGE,
        at_most=PAGE_BYTES,
        signs=(
            Sign(
                name="panel:Django",
                body=(
                    r"(?i)<title>[^<]{0,200}\|\s*(?:django[^<]{0,40}|[^<]{0,40}verwaltung)</title>",
                    r"csrfmiddlewaretoken",
                ),
            ),
        ),
    ),
    Path(
        path="/administrator/",
        purpose=Purpose.PANEL,
        form=Form.PAGE,
        at_most=PAGE_BYTES,
        signs=(Sign(name="panel:Joomla", body=(r"(?i)mod-login|com_login", r"(?i)joomla")),),
    ),
    Path(path="/wp-login.php", purpose=Purpose.CMS, form=Form.PAGE, at_most=PAGE_BYTES, signs=(WORDPRESS,)),
    Path(path="/typo3/", purpose=Purpose.CMS, form=Form.PAGE, at_most=PAGE_BYTES, signs=(TYPO3,)),
    Path(path="/user/login", purpose=Purpose.CMS, form=Form.PAGE, at_most=PAGE_BYTES, signs=(DRUPAL,)),
    *paths("/uploads/", "/files/", "/backup/", purpose=Purpose.DIRECTORY, signs=LISTING, form=Form.PAGE),
    Path(
        path="/server-status",
        purpose=Purpose.STATUS,
        form=Form.PAGE,
        signs=(Sign(name="status", body=(_title("apache status"), r"Server (?:Version|Built|uptime)")),),
    ),
    *paths("/index.php~", "/index.php.bak", purpose=Purpose.LEFTOVER, signs=PHP, at_most=200, first_bytes=200),
    Path(
        path="/.index.php.swp",
        purpose=Purpose.LEFTOVER,
        signs=(Sign(name="source", body=(r"^b0VIM ",)),),
        at_most=16,
        first_bytes=16,
    ),
    Path(
        path="/.DS_Store",
        purpose=Purpose.LEFTOVER,
        signs=(Sign(name="folder", body=(r"^\x00\x00\x00\x01Bud1",)),),
        at_most=16,
        first_bytes=16,
    ),
    Path(
        path="/crossdomain.xml",
        purpose=Purpose.POLICY,
        signs=(
            Sign(
                name="everybody",
                body=(r"<cross-domain-policy", r"<allow-access-from\b[^>]*\bdomain\s*=\s*[\"']\*[\"']"),
            ),
        ),
    ),
    Path(
        path="/clientaccesspolicy.xml",
        purpose=Purpose.POLICY,
        signs=(Sign(name="everybody", body=(r"<access-policy", r"<domain\s+uri\s*=\s*[\"'](?:https?://)?\*[\"']")),),
    ),
    Path(path="/?", purpose=Purpose.METHODS, method="OPTIONS", at_most=KILOBYTE),
    Path(path="/api/{word}", purpose=Purpose.ERROR, form=Form.PAGE, at_most=PAGE_BYTES, accept="application/json"),
)

# Asked only where the path before the colon answers otherwise than a path that does not exist.
NEIGHBOURS: Mapping[str, Path] = {
    "/system": Path(
        path="/app/explorer.html",
        purpose=Purpose.ORTHANC,
        form=Form.PAGE,
        signs=(Sign(name="orthanc-page", body=(_title("orthanc explorer"),)),),
    ),
    "/server-status": Path(
        path="/server-info",
        purpose=Purpose.STATUS,
        form=Form.PAGE,
        signs=(Sign(name="status", body=(_title("server information"), r"(?i)server settings|module name:")),),
    ),
}
FRONT = Path(path="/", purpose=Purpose.FRONT, form=Form.PAGE, at_most=512 * KILOBYTE, signs=LISTING)
ENGINE_VERSION = Path(
    path="/api/openapi.json",
    purpose=Purpose.ENGINE,
    signs=(
        Sign(
            name="engine-version",
            body=(r"(?i)mirth|nextgen", r"\"info\"\s*:\s*\{[^{}]{0,1000}\"version\"\s*:\s*\"(\d+(?:\.\d+)+)\""),
        ),
    ),
    at_most=64 * KILOBYTE,
    accept="application/json",
)


def filled_in(*, host: str, word: str, number: str) -> Iterator[Path]:
    """The list as it is asked of one host."""
    gaps: Mapping[str, str] = {"{host}": host, "{word}": word, "{number}": number}
    for one in PATHS:
        path = one.path
        for gap, value in gaps.items():
            path = path.replace(gap, value)
        yield replace(one, path=path)


def in_folder(path: str) -> Path:
    """A folder that the page loads files from."""
    return Path(path=path, purpose=Purpose.ASSETS, signs=LISTING, form=Form.PAGE)


def source_map(path: str) -> Path:
    """The map that build tools lay beside a script."""
    signs = (
        Sign(name="map", body=(r"\"version\"\s*:\s*3\b", r"\"sources\"\s*:\s*\[")),
        Sign(name="map-with-source", body=(r"\"version\"\s*:\s*3\b", r"\"sourcesContent\"\s*:\s*\[\s*\"")),
    )
    return Path(path=path, purpose=Purpose.SOURCE_MAP, signs=signs, at_most=MAP_BYTES)


def counting(base: str) -> Path:
    """How many patients a FHIR server counts for everybody; a number, never a record."""
    return Path(
        path=f"{base.rstrip('/')}/Patient?_summary=count",
        purpose=Purpose.FHIR,
        signs=COUNTED,
        at_most=2 * KILOBYTE,
        accept="application/fhir+json",
    )


def graphql_page(path: str) -> Path:
    """The page that a GraphQL server may show to people."""
    signs = (
        Sign(
            name="graphql-ide",
            body=(r"(?i)graphiql|graphql[- ]playground|embeddable-sandbox|<title>[^<]{0,80}(?:apollo|altair|voyager)",),
        ),
    )
    return Path(
        path=path, purpose=Purpose.GRAPHQL_IDE, signs=signs, form=Form.PAGE, accept="text/html", at_most=PAGE_BYTES
    )


def inner_actuator(name: str) -> Path:
    """Whether an inner endpoint answers: its head alone, for its body holds secrets."""
    return Path(path=f"/actuator/{name}", purpose=Purpose.ACTUATOR, method="HEAD", at_most=1, signs=INNER)


INNER = (Sign(name="actuator-open", header=r"^content-type: application/(?:vnd\.spring-boot\.actuator[\w.+]*|json)"),)
