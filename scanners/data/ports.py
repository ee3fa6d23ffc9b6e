"""The closed list of ports of the active class: never more than twenty at one address, two of them controls."""

from collections.abc import Mapping

MOST_PORTS = 20
MOST_OPEN = 10  # where more answer, something answers for all ports

# Numbers that IANA has given to nobody: what answers there answers everywhere.
CONTROLS: tuple[int, ...] = (4, 49151)

# What hosts of vendors are found with on the internet although it belongs behind a firewall.
HOST_PORTS: Mapping[int, str] = {
    21: "ftp",
    22: "ssh",
    23: "telnet",
    104: "dicom",
    445: "smb",
    502: "modbus",
    1433: "mssql",
    1883: "mqtt",
    2575: "mllp",
    3306: "mysql",
    3389: "rdp",
    5432: "postgresql",
    5900: "vnc",
    6379: "redis",
    8080: "http",
    9200: "elasticsearch",
    11112: "dicom",
    27017: "mongodb",
}
# A mail server is asked for these in place of the ports of imaging and messaging.
MAIL_PORTS: Mapping[int, str] = {110: "pop3", 143: "imap", 587: "submission"}
NOT_AT_MAIL_SERVERS = frozenset({104, 2575, 11112})

REMOTE_ADMIN = frozenset({"rdp", "vnc", "telnet", "smb"})
DATABASES = frozenset({"mysql", "postgresql", "mssql", "mongodb", "redis", "elasticsearch"})
DEVICE_PROTOCOLS = frozenset({"mqtt", "modbus"})

# How each is called where people read it.
NAMES: Mapping[str, str] = {
    "dicom": "DICOM",
    "elasticsearch": "Elasticsearch",
    "ftp": "FTP",
    "http": "HTTP",
    "imap": "IMAP",
    "mllp": "HL7 MLLP",
    "modbus": "Modbus",
    "mongodb": "MongoDB",
    "mqtt": "MQTT",
    "mssql": "Microsoft SQL Server",
    "mysql": "MySQL",
    "pop3": "POP3",
    "postgresql": "PostgreSQL",
    "rdp": "RDP",
    "redis": "Redis",
    "smb": "SMB",
    "ssh": "SSH",
    "submission": "Submission",
    "telnet": "Telnet",
    "vnc": "VNC",
}

CLOSED_LIST = frozenset({*HOST_PORTS, *MAIL_PORTS, *CONTROLS})


def asked_of(*, mail_server: bool) -> Mapping[int, str]:
    """The ports to ask a host for, the controls aside."""
    if not mail_server:
        return HOST_PORTS
    kept = {port: service for port, service in HOST_PORTS.items() if port not in NOT_AT_MAIL_SERVERS}
    return {**kept, **MAIL_PORTS}
