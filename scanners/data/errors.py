"""By what an error message meant for developers is known, and the debug pages that frameworks show (own tables)."""

DATA_DATE = "2026-11-22"

# A trace or a query that a page shows, by language or database.
TRACES: tuple[tuple[str, str], ...] = (
    ("Python", r"Traceback \(most recent call last\)"),
    ("Java", r"\bat [\w$.]+\([\w$]+\.java:\d+\)"),
    (".NET", r"\bat [\w.`<>]+\([^)]{0,200}\) in [A-Za-z]:\\|\[(?:\w+\.)*\w+Exception(?: \(0x[0-9a-f]+\))?: "),
    (
        "PHP",
        r"(?:Fatal error|Parse error|Warning)(?:</b>)?: [^\n]{1,300} in (?:<b>)?(?:/|[A-Z]:\\)[^\n]{1,200} on line",
    ),
    ("Node.js", r"\bat [\w.<>\[\] ]{1,80} \((?:/|file://|[A-Z]:\\)[^)\s]{1,200}:\d+:\d+\)"),
    ("Ruby", r"\w+\.rb:\d+:in [`'][\w ]+'"),
    ("Go", r"goroutine \d+ \[running\]:"),
    ("Oracle", r"\bORA-\d{5}: "),
    (
        "SQL",
        r"You have an error in your SQL syntax|SQLSTATE\[\w{5}\]|Unclosed quotation mark after the character string",
    ),
    ("PostgreSQL", r"PG::\w+Error|pg_(?:query|exec)\(\)|org\.postgresql\.util\.PSQLException"),
)

# Pages that a framework shows only while it runs in debug mode.
DEBUG_PAGES: tuple[tuple[str, str], ...] = (
    ("Werkzeug", r"Werkzeug Debugger</title>|__debugger__=yes|EVALEX_TRUSTED"),
    ("Django", r"(?:seeing this error because you have|you have) <code>DEBUG = True</code>"),
    ("Symfony", r"<title>[^<]{0,300}\bSymfony Exception|id=\"sfwdt|Sfjs\.load\("),
    ("Laravel", r"window\.ignite\(|<title>[^<]{0,300}laravel ignition|_ignition/(?:health-check|execute-solution)"),
    ("Whoops", r"class=\"Whoops container\"|<div class=\"exc-title"),
    (
        "ASP.NET",
        r"(?s)Server Error in '[^']{0,200}' Application.*<b> ?(?:Stack Trace|Source Error): ?</b>",
    ),
    ("Rails", r"<h1>Routing Error</h1>(?s:.*)Rails\.root:|Action Controller: Exception caught"),
    (
        "Phoenix",
        r"<title>[^<]{0,300}\bat (?:GET|POST) /[^<]{0,300}</title>(?s:.*)phx-|Phoenix\.Router\.NoRouteError",
    ),
)
# Headers that name the profiler's page.
DEBUG_HEADERS: tuple[tuple[str, str], ...] = (("Symfony", "x-debug-token-link"),)
