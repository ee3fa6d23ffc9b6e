"""Files that nobody meant to publish: sources, settings, keys, copies, logs. What is in them is never kept."""

from dataclasses import replace

from scanners.checking import check, fail, info, not_applicable, warn
from scanners.checks import documents, unpublished
from scanners.data.unpublished import Purpose
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import UnpublishedPaths

FILES = Refs(
    measures=(5,),
    iso27001=("A.8.12",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2",),
    sources=("ASVS 5.0 V13.4.1", "snallygaster"),
)
OPEN = N_("Open to everyone: %(paths)s. What is in it was not kept.")


def _open(seen: Observations, *purposes: Purpose) -> Verdict:
    """Failed where any path of these purposes bears a sign."""
    if signs := unpublished.found(seen, *purposes):
        return fail(OPEN, paths=unpublished.shown(signs))
    return unpublished.nothing_found(seen, *purposes)


@check(
    "exposure.git",
    title=N_("The folder of the version control Git is not public"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, iso27001=("A.8.4", "A.8.12")),
    why=N_(
        "From this folder the whole source with its history can be put together, deleted passwords included."
        " Whoever reads it knows every weakness of a product before the hospital does."
    ),
    fix=N_("Deliver builds instead of working copies, and let the server refuse every path that begins with a dot."),
    example=(
        "location ~ /\\.(?!well-known) { return 404; }                        # nginx\n"
        'RedirectMatch 404 "/\\.(?!well-known)"                               # Apache\n'
        '<hiddenSegments><add segment=".git"/></hiddenSegments>              # IIS'
    ),
)
def git_is_not_public(seen: Observations) -> Verdict:
    return _open(seen, Purpose.GIT)


@check(
    "exposure.svn-hg",
    title=N_("No folder of another version control is public"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, iso27001=("A.8.4",)),
    why=N_(
        "Subversion and Mercurial leave folders from which the source can be fetched."
        " With it come names, paths and often passwords of the vendor's systems."
    ),
    fix=N_("Export the files before they are delivered, and refuse paths that begin with a dot."),
    example="location ~ /\\.(?!well-known) { return 404; }   # nginx",
)
def repositories_are_not_public(seen: Observations) -> Verdict:
    return _open(seen, Purpose.REPOSITORY)


@check(
    "exposure.env",
    title=N_("The file with the application's passwords is not public"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, sources=("snallygaster", "ASVS 5.0 V13.3.1")),
    why=N_(
        "The file .env holds passwords of databases, mail servers and clouds in clear text."
        " Attackers ask for it on every host of the internet, many times a day."
    ),
    fix=N_("Lay the file outside the folder that is served, and replace every secret that stood in it."),
    example="root /srv/app/public;   # nginx: the folder below the one with .env",
)
def environment_is_not_public(seen: Observations) -> Verdict:
    return _open(seen, Purpose.ENVIRONMENT)


@check(
    "exposure.private-key",
    title=N_("No private key is public"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(
        FILES,
        measures=(8, 5),
        iso27001=("A.8.24", "A.8.12"),
        gdpr=("Art. 32 (1) a",),
        mdr=("17.2", "17.4"),
        sources=("snallygaster", "ASVS 5.0 V13.3.1"),
    ),
    why=N_(
        "Whoever holds a server's private key can pose as this server, or log in where the key opens a door."
        " A certificate with that key must be revoked at once."
    ),
    fix=N_("Take the file off the server, revoke its certificate or the trust in the key, and make a new one."),
    example="chmod 600 /etc/ssl/private/server.key   # never below the web root",
)
def keys_are_not_public(seen: Observations) -> Verdict:
    return _open(seen, Purpose.PRIVATE_KEY)


@check(
    "exposure.backup-archive",
    title=N_("No copy of the application or its database can be downloaded"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, measures=(3, 5), iso27001=("A.8.13", "A.8.12"), sources=("snallygaster",)),
    why=N_(
        "A forgotten copy holds everything at once: sources, passwords, at times the data of patients."
        " One download is enough, and nobody notices it."
    ),
    fix=N_("Keep copies outside the folder that is served, encrypted, and remove what was laid there for a move."),
    example="location ~* \\.(?:zip|tar|gz|sql|bak)$ { return 404; }   # nginx",
)
def copies_are_not_public(seen: Observations) -> Verdict:
    return _open(seen, Purpose.BACKUP)


@check(
    "exposure.editor-leftovers",
    title=N_("No leftovers of editors and desktops are public"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, iso27001=("A.8.4",), sources=("snallygaster",)),
    why=N_(
        "A copy such as index.php~ is not run but shown, with the passwords that stand in it."
        " The lists that desktops leave name every file of a folder."
    ),
    fix=N_("Deliver from a build and never edit on the server; refuse such endings."),
    example="location ~* (?:~|\\.(?:bak|old|orig|swp)|/\\.DS_Store)$ { return 404; }   # nginx",
)
def leftovers_are_not_public(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.LEFTOVER)
    if sources := unpublished.bearing(signs, "source"):
        return fail(
            N_("Source code is shown: %(paths)s. What is in it was not kept."), paths=unpublished.shown(sources)
        )
    if signs:
        return warn(OPEN, paths=unpublished.shown(signs))
    return unpublished.nothing_found(seen, Purpose.LEFTOVER)


@check(
    "exposure.config-files",
    title=N_("No file with settings is public"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, iso27001=("A.8.9", "A.8.12"), sources=("snallygaster",)),
    why=N_(
        "Settings name databases, accounts and inner hosts, and often hold their passwords."
        " They turn a guess at how a system is built into knowledge."
    ),
    fix=N_("Lay settings outside the folder that is served, and replace the passwords that stood in them."),
    example='<FilesMatch "\\.(?:ya?ml|config|htpasswd)$"> Require all denied </FilesMatch>   # Apache',
)
def settings_are_not_public(seen: Observations) -> Verdict:
    return _open(seen, Purpose.CONFIGURATION)


@check(
    "exposure.directory-listing",
    title=N_("No folder shows its contents"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(
        FILES,
        measures=(5, 9),
        iso27001=("A.8.3",),
        owasp2021="A01",
        owasp2025="A01",
        sources=("ASVS 5.0 V13.4.3",),
    ),
    why=N_(
        "In a listed folder everyone finds files that were only meant for those who know their names."
        " Uploads of patients and findings have become public in just this way."
    ),
    fix=N_("Switch off the listing of folders, and hand out files only after a check of rights."),
    example="autoindex off;        # nginx\nOptions -Indexes      # Apache",
)
def folders_are_not_listed(seen: Observations) -> Verdict:
    listed = unpublished.bearing(unpublished.found(seen, Purpose.FRONT, Purpose.DIRECTORY), "listing")
    if listed:
        return fail(N_("These folders list their files: %(paths)s."), paths=unpublished.shown(listed))
    if assets := unpublished.found(seen, Purpose.ASSETS):
        return warn(N_("A folder of scripts or pictures lists its files: %(paths)s."), paths=unpublished.shown(assets))
    return unpublished.nothing_found(seen, Purpose.DIRECTORY, Purpose.ASSETS)


@check(
    "exposure.server-status",
    title=N_("The server's status page is not public"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, iso27001=("A.8.9",), sources=("snallygaster", "ASVS 5.0 V13.4.5")),
    why=N_(
        "The status page shows who is asking for what at this moment, with addresses and paths."
        " On a portal these are the visits of patients."
    ),
    fix=N_("Allow the status page for the own network only."),
    example="<Location /server-status> Require local </Location>   # Apache",
)
def status_is_not_public(seen: Observations) -> Verdict:
    return _open(seen, Purpose.STATUS)


@check(
    "exposure.debug-log",
    title=N_("No log of errors is public"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, iso27001=("A.8.15", "A.8.12"), sources=("snallygaster",)),
    why=N_(
        "Logs hold what went wrong with which input, so names, queries and tokens of users."
        " They also show an attacker which of the attempts had an effect."
    ),
    fix=N_("Write logs outside the folder that is served, and put consoles for them behind a log-in."),
    example="location ~* \\.log$ { return 404; }   # nginx",
)
def logs_are_not_public(seen: Observations) -> Verdict:
    return _open(seen, Purpose.LOG)


@check(
    "js.sourcemap-exposed",
    title=N_("Scripts come without their original source"),
    severity=Severity.LOW,
    check_class=CheckClass.ACTIVE,
    needs=(UnpublishedPaths,),
    refs=replace(FILES, iso27001=("A.8.4", "A.8.12"), gdpr=(), sources=("OWASP Secure Headers", "ASVS 5.0 V13.4.7")),
    why=N_(
        "A map beside a script gives back the source with its comments and the names of inner interfaces."
        " It saves an attacker the work of reading the compressed code."
    ),
    fix=N_("Leave the maps out of what is delivered, or serve them inside the own network only."),
    example="location ~* \\.map$ { return 404; }   # nginx",
)
def maps_are_not_public(seen: Observations) -> Verdict:
    signs = unpublished.found(seen, Purpose.SOURCE_MAP)
    if with_source := unpublished.bearing(signs, "map-with-source"):
        return warn(N_("These maps hold the source: %(paths)s."), paths=unpublished.shown(with_source))
    if signs:
        return info(N_("Maps without the source: %(paths)s."), paths=unpublished.shown(signs))
    paths = seen[UnpublishedPaths]
    start = paths.answers.get("/")
    if Purpose.SOURCE_MAP not in paths.purposes.values() and start and start.status in documents.ANSWERED:
        return not_applicable(N_("The start page loads no script of this host."))
    return unpublished.nothing_found(seen, Purpose.SOURCE_MAP)
