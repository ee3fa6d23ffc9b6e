"""What is signed when a company agrees to a scan, class by class; a version that was signed never changes."""

from collections.abc import Mapping
from dataclasses import dataclass

from questionnaires.model import Text
from scanners.model import CheckClass

CURRENT = "2026-1"


@dataclass(frozen=True, kw_only=True)
class ConsentText:
    """One class in one version."""

    title: Text
    text: Text


@dataclass(frozen=True, kw_only=True)
class ConsentTexts:
    """All that stands above a signature in one version."""

    classes: Mapping[CheckClass, ConsentText]
    common: tuple[Text, ...]  # one sentence or two each


VERSIONS: Mapping[str, ConsentTexts] = {
    "2026-1": ConsentTexts(
        classes={
            CheckClass.PASSIVE: ConsentText(
                title=Text(de="Passiv", en="Passive"),
                text=Text(
                    de=(
                        "Abgefragt werden die öffentlichen DNS-Einträge der genannten Namen. Öffentliche Seiten werden "
                        "so aufgerufen, wie jeder Browser es tut, mit dem dabei üblichen TLS-Handshake und den eigenen "
                        "Skripten der Seite."
                    ),
                    en=(
                        "The public DNS records of the named hosts are asked for. Public pages are loaded as any "
                        "browser loads them, with the TLS handshake that belongs to it and the page's own scripts."
                    ),
                ),
            ),
            CheckClass.STANDARD: ConsentText(
                title=Text(de="Standard", en="Standard"),
                text=Text(
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
                ),
            ),
        },
        common=(
            Text(
                de="Niemals: Anmeldedaten probieren, Eingaben senden, Schwachstellen ausnutzen, etwas verändern.",
                en="Never: trying credentials, sending input, exploiting weaknesses, changing anything.",
            ),
            Text(
                de=(
                    "Grenzen je Adresse: höchstens 16 Verbindungen zugleich und 320 insgesamt, höchstens 80 "
                    "HTTP-Anfragen, nur die Ports 53, 80, 443 und 25, Ende nach 120 Sekunden, höchstens vier Scans am "
                    "Tag, es sei denn, Sie verlangen mehr."
                ),
                en=(
                    "Limits per address: at most 16 connections at once and 320 in all, at most 80 HTTP requests, only "
                    "ports 53, 80, 443 and 25, end after 120 seconds, at most four scans a day unless you ask for more."
                ),
            ),
            Text(
                de=(
                    "Sie sehen das Ergebnis zuerst. Das Krankenhaus sieht es, wenn Sie es freigeben, spätestens zehn "
                    "Werktage, nachdem Sie es sehen konnten; was kritisch ist, sieht es sofort nach Ihnen."
                ),
                en=(
                    "You see the result first. The hospital sees it when you release it, at the latest ten working "
                    "days after you could see it; what is critical it sees at once after you."
                ),
            ),
            Text(
                de="Sie können jederzeit widerrufen; das wirkt sofort, auch in einem laufenden Scan.",
                en="You can withdraw at any time; that takes effect at once, also in a running scan.",
            ),
            Text(
                de="Mit Ihrer Unterschrift erklären Sie, dass Ihr Unternehmen über die genannten Hosts verfügen darf.",
                en="By signing you declare that your company may dispose of the named hosts.",
            ),
        ),
    ),
}


def current() -> ConsentTexts:
    """What is signed today."""
    return VERSIONS[CURRENT]
