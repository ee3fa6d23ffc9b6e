"""What is signed when a company agrees to a scan, class by class; a version that was signed never changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from questionnaires.model import Text
from scanners.model import CheckClass

CURRENT = "2026-2"


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """One class in one version."""

    title: Text
    text: Text
    points: tuple[Text, ...] = ()  # what holds for this class alone


@dataclass(frozen=True, kw_only=True)
class ConsentTexts:
    """All that stands above a signature in one version."""

    classes: Mapping[CheckClass, ConsentText]
    common: tuple[Text, ...]  # one sentence or two each


# Sentences that more than one version says; what was signed never changes, so neither do they.
PASSIVE_TITLE = Text(de="Passiv", en="Passive")
PASSIVE_TEXT = Text(
    de=(
        "Abgefragt werden die öffentlichen DNS-Einträge der genannten Namen. Öffentliche Seiten werden "
        "so aufgerufen, wie jeder Browser es tut, mit dem dabei üblichen TLS-Handshake und den eigenen "
        "Skripten der Seite."
    ),
    en=(
        "The public DNS records of the named hosts are asked for. Public pages are loaded as any "
        "browser loads them, with the TLS handshake that belongs to it and the page's own scripts."
    ),
)
STANDARD_TITLE = Text(de="Standard", en="Standard")
STANDARD_TEXT = Text(
    de=(
        "Dazu kommen Verbindungsaufnahmen, wie sie Browser und Mailserver verschiedenen Alters machen "
        "(TLS in mehreren Versionen, SMTP mit STARTTLS bis zum Ende der Aushandlung), und das Lesen "
        "von Dokumenten, die für alle veröffentlicht sind (well-known-Adressen, FHIR /metadata)."
    ),
    en=(
        "In addition, connections are opened as browsers and mail servers of different ages open them "
        "(TLS in several versions, SMTP with STARTTLS to the end of the negotiation), and documents "
        "are read that are published for everyone (well-known addresses, FHIR /metadata)."
    ),
)
ORDINARY_LIMITS = Text(
    de=(
        "Grenzen je Adresse: höchstens 16 Verbindungen zugleich und 320 insgesamt, höchstens 80 "
        "HTTP-Anfragen, nur die Ports 53, 80, 443 und 25, Ende nach 120 Sekunden, höchstens vier Scans am "
        "Tag, es sei denn, Sie verlangen mehr."
    ),
    en=(
        "Limits per address: at most 16 connections at once and 320 in all, at most 80 HTTP requests, only "
        "ports 53, 80, 443 and 25, end after 120 seconds, at most four scans a day unless you ask for more."
    ),
)
FIRST_SIGHT = Text(
    de=(
        "Sie sehen das Ergebnis zuerst. Das Krankenhaus sieht es, wenn Sie es freigeben, spätestens zehn "
        "Werktage, nachdem Sie es sehen konnten; was kritisch ist, sieht es sofort nach Ihnen."
    ),
    en=(
        "You see the result first. The hospital sees it when you release it, at the latest ten working "
        "days after you could see it; what is critical it sees at once after you."
    ),
)
WITHDRAWAL = Text(
    de="Sie können jederzeit widerrufen; das wirkt sofort, auch in einem laufenden Scan.",
    en="You can withdraw at any time; that takes effect at once, also in a running scan.",
)
ENTITLED = Text(
    de="Mit Ihrer Unterschrift erklären Sie, dass Ihr Unternehmen über die genannten Hosts verfügen darf.",
    en="By signing you declare that your company may dispose of the named hosts.",
)
ORDINARY_POINTS = (ORDINARY_LIMITS,)

VERSIONS: Mapping[str, ConsentTexts] = {
    "2026-1": ConsentTexts(
        classes={
            CheckClass.PASSIVE: ConsentText(
                title=PASSIVE_TITLE,
                text=PASSIVE_TEXT,
            ),
            CheckClass.STANDARD: ConsentText(
                title=STANDARD_TITLE,
                text=STANDARD_TEXT,
            ),
        },
        common=(
            Text(
                de="Niemals: Anmeldedaten probieren, Eingaben senden, Schwachstellen ausnutzen, etwas verändern.",
                en="Never: trying credentials, sending input, exploiting weaknesses, changing anything.",
            ),
            ORDINARY_LIMITS,
            FIRST_SIGHT,
            WITHDRAWAL,
            ENTITLED,
        ),
    ),
    "2026-2": ConsentTexts(
        classes={
            CheckClass.PASSIVE: ConsentText(title=PASSIVE_TITLE, text=PASSIVE_TEXT, points=ORDINARY_POINTS),
            CheckClass.STANDARD: ConsentText(title=STANDARD_TITLE, text=STANDARD_TEXT, points=ORDINARY_POINTS),
            CheckClass.ACTIVE: ConsentText(
                title=Text(de="Aktiv, schonend", en="Active, light"),
                text=Text(
                    de=(
                        "Zusätzlich wird auf den angekreuzten Hosts nachgesehen, was nirgends verlinkt ist und doch "
                        "offen sein könnte: eine feste Liste von Pfaden (Verwaltungsseiten, Sicherungskopien, "
                        "Konfigurationsdateien, Schnittstellenbeschreibungen), höchstens 20 Ports (Fernwartung, "
                        "Datenbanken, Dateidienste, Mail, DICOM und HL7), die Namensserver der Domain (Zonentransfer, "
                        "offene Rekursion) und bekannte Fehler von TLS-Bibliotheken."
                    ),
                    en=(
                        "In addition the ticked hosts are looked at for what is linked nowhere and might be open all "
                        "the same: a closed list of paths (administration pages, backups, configuration files, "
                        "descriptions of interfaces), at most 20 ports (remote administration, databases, file "
                        "services, mail, DICOM and HL7), the domain's name servers (zone transfer, open recursion) "
                        "and known faults of TLS libraries."
                    ),
                ),
                points=(
                    Text(
                        de=(
                            "Höchstens 2 Verbindungen zugleich und 120 insgesamt, höchstens 80 HTTP-Anfragen, vier in "
                            "der Sekunde, höchstens 40 DNS-Anfragen, Ende nach 300 Sekunden, einmal am Tag."
                        ),
                        en=(
                            "At most 2 connections at once and 120 in all, at most 80 HTTP requests, four a second, at "
                            "most 40 DNS queries, end after 300 seconds, once a day."
                        ),
                    ),
                    Text(
                        de=(
                            "Von einer gefundenen Datei wird nur der Anfang gelesen, der zeigt, was sie ist. Aus einer "
                            "Patientenakte wird nichts gelesen, auch nicht zur Probe."
                        ),
                        en=(
                            "Of a file that is found only the beginning is read that shows what it is. Nothing is read "
                            "from a patient's record, not even to try."
                        ),
                    ),
                    Text(
                        de=(
                            "Nur auf Hosts, über die Ihr Unternehmen nachweislich verfügt, und nicht auf Adressen, die "
                            "ein anderer betreibt (Alias in eine fremde Domain, Ports eines Inhaltenetzes)."
                        ),
                        en=(
                            "Only on hosts that your company has shown to control, and not at addresses that somebody "
                            "else runs (an alias into another domain, ports of a content network)."
                        ),
                    ),
                    Text(
                        de=(
                            "Diese Zustimmung ist freiwillig. Ohne sie fehlen einige Prüfungen; schlechter bewertet "
                            "werden Sie deshalb nicht. Ein Widerruf beendet nur diese Klasse."
                        ),
                        en=(
                            "This consent is voluntary. Without it some checks are missing; you are not rated worse "
                            "for it. A withdrawal ends this class alone."
                        ),
                    ),
                ),
            ),
        },
        common=(
            Text(
                de=(
                    "Niemals: Anmeldedaten probieren, Formulare absenden, Schwachstellen ausnutzen, Last erzeugen, "
                    "etwas verändern."
                ),
                en=(
                    "Never: trying credentials, submitting forms, exploiting weaknesses, causing load, changing "
                    "anything."
                ),
            ),
            FIRST_SIGHT,
            WITHDRAWAL,
            ENTITLED,
        ),
    ),
}


def current() -> ConsentTexts:
    """What is signed today."""
    return VERSIONS[CURRENT]
