"""Services that answer on the internet beside the web: remote control, databases, devices, imaging, mail log-in."""

from collections.abc import Iterable

from scanners.checking import check, fail, info, not_applicable, ok, unknown, warn
from scanners.checks.wording import listing, shortened
from scanners.data import ports
from scanners.model import N_, CheckClass, Observations, Refs, Severity, Verdict
from scanners.observations import OpenPorts, PortAnswer
from scanners.parsing import greetings

REMOTE = Refs(
    measures=(9, 10),
    iso27001=("A.8.20", "A.8.22"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("BSI NET.1.1", "BSI OPS.1.2.5", "CIS Controls 4.4"),
)
DATA = Refs(
    measures=(9,),
    iso27001=("A.8.20", "A.8.22"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("BSI APP.4.3", "CIS Controls 4.4"),
)
DEVICES = Refs(
    measures=(9, 8),
    iso27001=("A.8.20",),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 32 (1) b",),
    mdr=("17.2", "17.4"),
    sources=("BSI IND.1", "MDCG 2019-16"),
)
TRANSFER = Refs(
    measures=(8,),
    iso27001=("A.5.14",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    mdr=("17.2", "17.4"),
    sources=("RFC 4217",),
)
CONSOLES = Refs(
    measures=(9,), iso27001=("A.8.9",), owasp2021="A05", owasp2025="A02", mdr=("17.2", "17.4"), sources=("own rule",)
)
IMAGING = Refs(
    measures=(8, 9),
    iso27001=("A.8.20", "A.8.24"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 9", "Art. 32 (1) a"),
    mdr=("17.2", "17.4"),
    sources=("DICOM PS3.15", "BSI CyberPraxMed", "Greenbone 2019"),
)
MESSAGING = Refs(
    measures=(8, 9),
    iso27001=("A.8.20", "A.8.22"),
    owasp2021="A05",
    owasp2025="A02",
    gdpr=("Art. 9", "Art. 32 (1) a"),
    mdr=("17.2", "17.4"),
    sources=("HL7 MLLP", "IANA Service Names"),
)
MAIL = Refs(
    measures=(8, 10),
    iso27001=("A.8.24",),
    owasp2021="A02",
    owasp2025="A04",
    gdpr=("Art. 32 (1) a",),
    sources=("RFC 8314",),
)

ON_EDGE = N_("The host's address belongs to %(edges)s; the servers behind it are a matter for the questionnaire.")
EVERYTHING_ANSWERS = N_(
    "Something before the host answers on ports where no service is, so that open ports tell nothing."
)
SILENT_EVERYWHERE = N_("No port answered, not even with a refusal: a firewall drops it, the vendor's or our own.")
FIREWALL = (
    "iptables -A INPUT -p tcp --dport 3389 -s 192.0.2.0/24 -j ACCEPT\niptables -A INPUT -p tcp --dport 3389 -j DROP"
)


def _withheld(seen: Observations) -> Verdict | None:
    """What keeps open ports from being judged: an edge that is not the vendor's, or a host where every port answers."""
    opened = seen[OpenPorts]
    if opened.edges:
        return not_applicable(ON_EDGE, edges=listing(opened.edges))
    connected = sum(one.connected for one in opened.answers)
    if any(one.connected for one in opened.controls) or connected > ports.MOST_OPEN:
        return unknown(EVERYTHING_ANSWERS)
    return None


def _of(seen: Observations, services: Iterable[str]) -> tuple[PortAnswer, ...]:
    """The answers of the ports where these services are asked for."""
    wanted = frozenset(services)
    numbers = {
        port for port, service in ports.asked_of(mail_server=seen[OpenPorts].mail_server).items() if service in wanted
    }
    return tuple(one for one in seen[OpenPorts].answers if one.port in numbers)


def _named(answers: Iterable[PortAnswer]) -> str:
    return listing(
        " ".join(part for part in (ports.NAMES.get(one.service, one.service), str(one.port), one.detail) if part)
        for one in answers
    )


def _of_others(seen: Observations, answers: tuple[PortAnswer, ...]) -> Verdict:
    """What to say when none of the services answered in its own protocol."""
    if unclear := [str(one.port) for one in answers if one.state == "unclear"]:
        return unknown(N_("These ports could not be looked at: %(ports)s."), ports=listing(unclear))
    if mute := [str(one.port) for one in answers if one.connected]:
        return unknown(
            N_("Something answers, but in no protocol that we expect there: port %(ports)s."), ports=listing(mute)
        )
    if all(one.state == "silent" for one in (*seen[OpenPorts].answers, *seen[OpenPorts].controls)):
        return ok(SILENT_EVERYWHERE)
    return ok(N_("Closed or filtered: port %(ports)s."), ports=listing(str(one.port) for one in answers))


@check(
    "ports.remote-admin",
    title=N_("Remote control of the server cannot be reached from the internet"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(OpenPorts,),
    refs=REMOTE,
    why=N_(
        "Open remote desktop is one of the most frequent ways in which extortion of hospitals begins."
        " One guessed or bought password is then enough."
    ),
    fix=N_("Close RDP, VNC, Telnet and SMB in the firewall, and reach them through a VPN with a second factor."),
    example=FIREWALL,
)
def remote_control_is_closed(seen: Observations) -> Verdict:
    if (withheld := _withheld(seen)) is not None:
        return withheld
    answers = _of(seen, (*ports.REMOTE_ADMIN, "ssh"))
    if found := [one for one in answers if one.service in ports.REMOTE_ADMIN]:
        return fail(N_("Answers from the internet: %(services)s."), services=_named(found))
    if shells := [one for one in answers if one.service == "ssh"]:
        return info(N_("Only SSH answers: %(services)s."), services=_named(shells))
    return _of_others(seen, answers)


@check(
    "ports.database",
    title=N_("No database can be reached from the internet"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(OpenPorts,),
    refs=DATA,
    why=N_(
        "A database belongs behind the application that checks who may read what."
        " Open ones are found within hours and copied or wiped, with the patients' data in them."
    ),
    fix=N_("Bind the database to the internal address and close its port in the firewall."),
    example="listen_addresses = 'localhost'   # postgresql.conf\nbind 127.0.0.1   # redis.conf",
)
def databases_are_closed(seen: Observations) -> Verdict:
    if (withheld := _withheld(seen)) is not None:
        return withheld
    answers = _of(seen, ports.DATABASES)
    if found := [one for one in answers if one.service in ports.DATABASES]:
        return fail(N_("Answers from the internet: %(services)s."), services=_named(found))
    return _of_others(seen, answers)


@check(
    "ports.iot-protocols",
    title=N_("Protocols of devices cannot be reached from the internet"),
    severity=Severity.HIGH,
    check_class=CheckClass.ACTIVE,
    needs=(OpenPorts,),
    refs=DEVICES,
    why=N_(
        "Over MQTT and Modbus devices send what they measure and take commands."
        " Both were made for closed networks; whoever reaches them can listen and often steer."
    ),
    fix=N_("Let devices connect through a VPN or MQTT over TLS with client certificates, and close the plain port."),
    example="listener 8883\ncafile /etc/mosquitto/ca.pem\nrequire_certificate true   # mosquitto.conf",
)
def device_protocols_are_closed(seen: Observations) -> Verdict:
    if (withheld := _withheld(seen)) is not None:
        return withheld
    answers = _of(seen, ports.DEVICE_PROTOCOLS)
    if found := [one for one in answers if one.service in ports.DEVICE_PROTOCOLS]:
        return warn(N_("Answers from the internet: %(services)s."), services=_named(found))
    return _of_others(seen, answers)


@check(
    "ports.legacy-ftp",
    title=N_("Files are not exchanged over unencrypted FTP"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.ACTIVE,
    needs=(OpenPorts,),
    refs=TRANSFER,
    why=N_(
        "FTP sends password and files in clear text, and findings and updates are exchanged over it to this day."
        " Anyone on the line can read them and put others in their place."
    ),
    fix=N_("Replace FTP by SFTP or HTTPS, or demand TLS for log-in and data."),
    example="ssl_enable=YES\nforce_local_logins_ssl=YES\nforce_local_data_ssl=YES   # vsftpd.conf",
)
def ftp_is_encrypted(seen: Observations) -> Verdict:
    if (withheld := _withheld(seen)) is not None:
        return withheld
    answers = _of(seen, ("ftp",))
    if found := [one for one in answers if one.service == "ftp"]:
        if found[0].detail == greetings.TLS_OFFERED:
            return ok(N_("FTP answers and offers TLS (AUTH TLS)."))
        if found[0].detail == greetings.NO_TLS:
            return fail(N_("FTP answers and offers no TLS."))
        return unknown(N_("FTP answers, but not the question for TLS."))
    return _of_others(seen, answers)


@check(
    "ports.alt-web",
    title=N_("No second web server answers beside the usual ports"),
    severity=Severity.LOW,
    check_class=CheckClass.ACTIVE,
    needs=(OpenPorts,),
    refs=CONSOLES,
    why=N_(
        "Behind such ports are often consoles of application servers that nobody meant to show."
        " They are updated less than the web site and guarded less."
    ),
    fix=N_("Close the port in the firewall, or put the service behind the web server with a log-in."),
    example="server.address=127.0.0.1   # Spring Boot",
)
def no_second_web_server(seen: Observations) -> Verdict:
    if (withheld := _withheld(seen)) is not None:
        return withheld
    answers = _of(seen, ("http",))
    if found := [one for one in answers if one.service == "http"]:
        return info(
            N_("A web server answers on port %(port)s: %(answer)s"),
            port=found[0].port,
            answer=shortened(found[0].detail),
        )
    return _of_others(seen, answers)


@check(
    "health.dicom-port",
    title=N_("No image archive takes associations from the internet"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(OpenPorts,),
    refs=IMAGING,
    why=N_(
        "An archive that accepts an unknown caller usually hands out images and names to it as well."
        " In 2019 millions of patients' images were found open in this way."
    ),
    fix=N_(
        "Close the DICOM ports in the firewall, and connect sites through a VPN or DICOM over TLS with certificates."
    ),
    example='"RemoteAccessAllowed": false,\n"DicomCheckCalledAet": true,\n"DicomTlsEnabled": true   // Orthanc',
)
def archives_refuse_strangers(seen: Observations) -> Verdict:
    if (withheld := _withheld(seen)) is not None:
        return withheld
    if seen[OpenPorts].mail_server:
        return not_applicable(N_("The host is a mail server; imaging ports were not looked at."))
    answers = _of(seen, ("dicom",))
    found = [one for one in answers if one.service == "dicom"]
    if accepting := [one for one in found if one.detail == greetings.ACCEPTED]:
        return fail(
            N_("An archive accepted an association for a connection test from an unknown caller: port %(ports)s."),
            ports=listing(str(one.port) for one in accepting),
        )
    if found:
        return warn(
            N_("An archive answers in clear text, but refused the unknown caller: port %(ports)s."),
            ports=listing(str(one.port) for one in found),
        )
    return _of_others(seen, answers)


@check(
    "health.hl7-mllp-port",
    title=N_("No HL7 interface can be reached from the internet"),
    severity=Severity.CRITICAL,
    check_class=CheckClass.ACTIVE,
    needs=(OpenPorts,),
    refs=MESSAGING,
    why=N_(
        "HL7 over MLLP knows neither log-in nor encryption: whoever reaches the port can send orders and findings."
        " Messages with patients' names cross the internet readable."
    ),
    fix=N_(
        "Close the port in the firewall, and connect sites through a VPN or MLLP over TLS with client certificates."
    ),
    example="iptables -A INPUT -p tcp --dport 2575 ! -s 10.20.0.0/16 -j DROP",
)
def messaging_is_closed(seen: Observations) -> Verdict:
    if (withheld := _withheld(seen)) is not None:
        return withheld
    if seen[OpenPorts].mail_server:
        return not_applicable(N_("The host is a mail server; messaging ports were not looked at."))
    answers = _of(seen, ("mllp",))
    # The protocol is silent until it is spoken to, and we do not speak: a port that waits is all there is to see.
    if waiting := [str(one.port) for one in answers if one.state == "waiting"]:
        return fail(
            N_("The port of HL7 takes connections and waits for a message; nothing was sent: port %(ports)s."),
            ports=listing(waiting),
        )
    return _of_others(seen, answers)


@check(
    "mail.submission-imap",
    title=N_("Passwords for mailboxes are only taken under TLS"),
    severity=Severity.MEDIUM,
    check_class=CheckClass.ACTIVE,
    needs=(OpenPorts,),
    refs=MAIL,
    why=N_(
        "A mail program that logs in before encryption gives its password to everyone on the line."
        " With it a stranger reads and writes mail between vendor and hospital."
    ),
    fix=N_("Switch off plain log-in before STARTTLS, or offer only the ports with TLS from the start (993, 995, 465)."),
    example="disable_plaintext_auth = yes\nssl = required   # Dovecot\nsmtpd_tls_auth_only = yes   # Postfix",
)
def mailboxes_ask_for_tls(seen: Observations) -> Verdict:
    if (withheld := _withheld(seen)) is not None:
        return withheld
    if not seen[OpenPorts].mail_server:
        return not_applicable(N_("The host is no mail server of its domain."))
    answers = _of(seen, ports.MAIL_PORTS.values())
    found = [one for one in answers if one.service]
    if plain := [one for one in found if one.detail == greetings.PLAIN_LOGIN]:
        return warn(N_("Log-in without TLS is offered: %(services)s."), services=_mail_named(plain))
    if not found:
        return _of_others(seen, answers)
    if told := [one for one in found if one.detail == greetings.TLS_FIRST]:
        return ok(N_("Log-in only after TLS: %(services)s."), services=_mail_named(told))
    return unknown(N_("Answered, but did not say how log-in works: %(services)s."), services=_mail_named(found))


def _mail_named(answers: Iterable[PortAnswer]) -> str:
    return listing(f"{ports.NAMES.get(one.service, one.service)} {one.port}" for one in answers)
