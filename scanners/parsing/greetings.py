"""One harmless hello for each service, and how its answer is told from any other. Pure; nothing here raises."""

import struct
from collections.abc import Callable, Mapping

from scanners.records import record

LONGEST_ANSWER = 8_192
LONGEST_DETAIL = 80
CALLER = "KETTENBLICK"

ACCEPTED, REJECTED = "accepted", "rejected"
OPEN_TO_ALL, PROTECTED = "open", "protected"
PLAIN_LOGIN, TLS_FIRST = "plain-login", "tls-first"
TLS_OFFERED, NO_TLS = "tls", "no-tls"


@record
class Heard:
    """A service that was recognised by its own protocol."""

    service: str
    detail: str = ""


Reading = Callable[[bytes], Heard | None]  # None: not this protocol, or not enough of it yet


@record
class Greeting:
    """How to greet one service: the hello (b"" where the server speaks first), one question more, and a farewell."""

    read: Reading
    hello: bytes = b""
    question: bytes = b""  # asked once the service is recognised
    read_answer: Callable[[bytes, Heard], Heard | None] | None = None
    farewell: bytes = b""


def printable(raw: bytes) -> str:
    """The first line as text that can be shown."""
    line = raw.split(b"\n", 1)[0].decode("utf-8", errors="replace")
    return "".join(sign for sign in line if sign.isprintable()).strip()[:LONGEST_DETAIL]


# --- text ----------------------------------------------------------------------------------------


def _ssh(raw: bytes) -> Heard | None:
    return Heard(service="ssh", detail=printable(raw)) if raw.startswith(b"SSH-") and b"\n" in raw else None


def _ftp(raw: bytes) -> Heard | None:
    lines = raw.splitlines()
    is_greeting = raw.endswith(b"\n") and lines[-1].startswith(b"220 ") and b"smtp" not in raw.lower()
    return Heard(service="ftp") if is_greeting else None


def _ftp_tls(raw: bytes, heard: Heard) -> Heard | None:
    if b"\n" not in raw:
        return None
    return Heard(service=heard.service, detail=TLS_OFFERED if raw.startswith((b"234", b"334")) else NO_TLS)


def _telnet(raw: bytes) -> Heard | None:
    negotiates = len(raw) > 2 and raw[0] == 0xFF and raw[1] in range(0xFB, 0xFF)  # noqa: PLR2004 - IAC WILL … DONT
    asks = any(prompt in raw.lower() for prompt in (b"login:", b"username:", b"password:"))
    return Heard(service="telnet") if negotiates or asks else None


def _vnc(raw: bytes) -> Heard | None:
    if len(raw) < 12 or not raw.startswith(b"RFB ") or raw[11:12] != b"\n":  # noqa: PLR2004 - RFC 6143 section 7.1.1
        return None
    return Heard(service="vnc", detail=printable(raw[:12]))


def _redis(raw: bytes) -> Heard | None:
    if b"\r\n" not in raw:
        return None
    if raw.startswith(b"+PONG"):
        return Heard(service="redis", detail=OPEN_TO_ALL)
    return Heard(service="redis", detail=PROTECTED) if raw.startswith((b"-NOAUTH", b"-DENIED", b"-ERR")) else None


def _pop3(raw: bytes) -> Heard | None:
    return Heard(service="pop3") if raw.startswith(b"+OK") and raw.endswith(b"\r\n") else None


def _pop3_login(raw: bytes, heard: Heard) -> Heard | None:
    if raw.startswith(b"-ERR") and b"\r\n" in raw:  # RFC 1939 alone: USER and PASS are all there is
        return Heard(service=heard.service, detail=PLAIN_LOGIN)
    if not raw.endswith(b"\r\n.\r\n"):
        return None
    words = {line.split(b" ")[0] for line in raw.upper().split(b"\r\n")} | set(raw.upper().split())
    return Heard(service=heard.service, detail=PLAIN_LOGIN if words & {b"USER", b"PLAIN", b"LOGIN"} else TLS_FIRST)


def _imap(raw: bytes) -> Heard | None:
    return Heard(service="imap") if raw.startswith(b"* OK") and raw.endswith(b"\r\n") else None


def _imap_login(raw: bytes, heard: Heard) -> Heard | None:
    if b"a1 " not in raw or not raw.endswith(b"\r\n"):
        return None
    words = set(raw.upper().split())
    return Heard(service=heard.service, detail=TLS_FIRST if b"LOGINDISABLED" in words else PLAIN_LOGIN)


def _submission(raw: bytes) -> Heard | None:
    lines = raw.splitlines()
    return Heard(service="submission") if raw.endswith(b"\n") and lines[-1].startswith(b"220 ") else None


def _submission_login(raw: bytes, heard: Heard) -> Heard | None:
    lines = raw.upper().splitlines()
    if not lines or not raw.endswith(b"\n") or lines[-1][3:4] != b" ":
        return None
    offers = any(line[4:].startswith((b"AUTH ", b"AUTH=")) for line in lines)
    return Heard(service=heard.service, detail=PLAIN_LOGIN if offers else TLS_FIRST)


# --- HTTP ----------------------------------------------------------------------------------------


def _http(raw: bytes) -> Heard | None:
    head, end, _body = raw.partition(b"\r\n\r\n")
    if not raw.startswith(b"HTTP/1.") or not end:
        return None
    server = next((line[7:] for line in head.split(b"\r\n") if line[:7].lower() == b"server:"), b"")
    return Heard(service="http", detail=printable(raw[9:12] + b" " + server.strip()))


def _elasticsearch(raw: bytes) -> Heard | None:
    if not raw.startswith(b"HTTP/1."):
        return None
    head, end, body = raw.partition(b"\r\n\r\n")
    lowered = head.lower()
    if b'"cluster_name"' in body or b'"tagline"' in body:
        return Heard(service="elasticsearch", detail=OPEN_TO_ALL)
    if end and (b"x-elastic-product" in lowered or b'realm="security"' in lowered or b"opensearch" in lowered):
        return Heard(service="elasticsearch", detail=PROTECTED if raw[9:12] == b"401" else OPEN_TO_ALL)
    # Another web server is one only when all was heard: the body may still say more.
    return _http(raw) if end and _is_whole(lowered, body) else None


def _is_whole(head: bytes, body: bytes) -> bool:
    _before, mark, after = head.partition(b"content-length:")
    length = after.split(b"\r\n", 1)[0].strip()
    return bool(mark) and length.isdigit() and len(length) < 10 and len(body) >= int(length)  # noqa: PLR2004 - digits


# --- binary --------------------------------------------------------------------------------------


def _mysql(raw: bytes) -> Heard | None:
    if len(raw) < 6 or raw[3] != 0 or len(raw) < 4 + int.from_bytes(raw[:3], "little"):  # noqa: PLR2004 - packet header
        return None
    if raw[4] == 0x0A:  # noqa: PLR2004 - protocol version 10
        return Heard(service="mysql", detail=printable(raw[5:].split(b"\0", 1)[0]))
    return Heard(service="mysql", detail=PROTECTED) if raw[4] == 0xFF else None  # noqa: PLR2004 - an error packet


def _postgresql(raw: bytes) -> Heard | None:
    if raw[:1] == b"E" and b"FATAL" in raw:
        return Heard(service="postgresql", detail=PROTECTED)
    if raw in {b"S", b"N"}:
        return Heard(service="postgresql", detail=TLS_OFFERED if raw == b"S" else NO_TLS)
    return None


def _mssql(raw: bytes) -> Heard | None:
    """A PRELOGIN response is a tabular result whose first option is the version (MS-TDS 2.2.6.5)."""
    if len(raw) < 13 or raw[:2] != b"\4\1" or raw[8] != 0 or raw[11:13] != b"\0\6":  # noqa: PLR2004 - the first option
        return None
    at = 8 + int.from_bytes(raw[9:11], "big")
    if len(raw) < at + 4:
        return None
    return Heard(service="mssql", detail=f"{raw[at]}.{raw[at + 1]}.{int.from_bytes(raw[at + 2 : at + 4], 'big')}")


def _mongodb(raw: bytes) -> Heard | None:
    if len(raw) < 16:  # noqa: PLR2004 - the message header
        return None
    _length, _identifier, reply_to, code = struct.unpack_from("<iiii", raw)
    answers = reply_to == MONGO_REQUEST and code in {1, 2013}
    return Heard(service="mongodb") if answers and (b"ismaster" in raw or b"isWritablePrimary" in raw) else None


def _smb(raw: bytes) -> Heard | None:
    if len(raw) < 8 or raw[0] != 0 or raw[4:8] not in {b"\xfeSMB", b"\xffSMB"}:  # noqa: PLR2004 - NetBIOS header
        return None
    if raw[4:5] == b"\xff":
        return Heard(service="smb", detail="SMB 1")
    dialect = int.from_bytes(raw[72:74], "little") if len(raw) > 74 else 0  # noqa: PLR2004 - offset of DialectRevision
    return Heard(service="smb", detail=f"SMB {dialect >> 8}.{dialect >> 4 & 15}" if dialect else "")


def _rdp(raw: bytes) -> Heard | None:
    """An X.224 connection confirm in a TPKT (MS-RDPBCGR 2.2.1.2)."""
    if len(raw) < 11 or raw[0] != 3 or raw[5] & 0xF0 != 0xD0:  # noqa: PLR2004 - TPKT version, CC
        return None
    chosen = int.from_bytes(raw[15:19], "little") if len(raw) >= 19 and raw[11] == 2 else 0  # noqa: PLR2004 - RDP_NEG_RSP
    return Heard(service="rdp", detail="NLA" if chosen & 0b1010 else "TLS" if chosen & 1 else "")


def _mqtt(raw: bytes) -> Heard | None:
    return Heard(service="mqtt") if len(raw) >= 4 and raw[0] == 0x20 and raw[1] in {2, 3} else None  # noqa: PLR2004 - CONNACK


def _modbus(raw: bytes) -> Heard | None:
    is_reply = len(raw) >= 9 and raw[:4] == MODBUS_HELLO[:4] and raw[7] in {0x2B, 0xAB}  # noqa: PLR2004 - MBAP, function
    return Heard(service="modbus") if is_reply else None


def _dicom(raw: bytes) -> Heard | None:
    """The first PDU after our request (PS3.8 section 9.3): accepted, rejected or aborted."""
    if len(raw) < 6 or raw[1] != 0 or raw[0] not in {2, 3, 7}:  # noqa: PLR2004 - PDU header
        return None
    length = int.from_bytes(raw[2:6], "big")
    accepts = raw[0] == 2  # noqa: PLR2004 - A-ASSOCIATE-AC
    plausible = length in range(68, 100_000) if accepts else length == 4  # noqa: PLR2004 - fixed part of the PDU
    if not plausible or (accepts and raw[6:8] not in {b"\0\1", b""}):
        return None
    return Heard(service="dicom", detail=ACCEPTED if accepts else REJECTED)


def _nothing(_raw: bytes) -> Heard | None:
    """A service that must not be spoken to, and does not speak first."""
    return None


# --- hellos --------------------------------------------------------------------------------------

MONGO_REQUEST = 0x4B42
MODBUS_HELLO = bytes.fromhex("4b4200000005ff2b0e0100")  # read device identification, basic


def _mongo_hello() -> bytes:
    document = b"\x10isMaster\x00\x01\x00\x00\x00\x02$db\x00\x06\x00\x00\x00admin\x00\x00"
    body = struct.pack("<I", 0) + b"\x00" + struct.pack("<i", len(document) + 4) + document
    return struct.pack("<iiii", 16 + len(body), MONGO_REQUEST, 0, 2013) + body


def _smb_hello() -> bytes:
    """An SMB2 NEGOTIATE for the dialects 2.0.2 to 3.0.2 (MS-SMB2 2.2.3)."""
    header = b"\xfeSMB" + struct.pack("<HHIHHIIQIIQ16x", 64, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
    dialects = struct.pack("<HHHH", 0x0202, 0x0210, 0x0300, 0x0302)
    message = header + struct.pack("<HHHHI16sQ", 36, 4, 1, 0, 0, CALLER.encode().ljust(16, b"\0"), 0) + dialects
    return struct.pack(">I", len(message)) + message


def _mssql_hello() -> bytes:
    """A PRELOGIN with version and encryption, which ends before any log-in."""
    options = b"\x00\x00\x0b\x00\x06" + b"\x01\x00\x11\x00\x01" + b"\xff"
    body = options + bytes(6) + b"\x02"
    return struct.pack(">BBHHBB", 0x12, 1, 8 + len(body), 0, 0, 0) + body


def _mqtt_hello() -> bytes:
    """A CONNECT with a protocol level that no broker knows: it answers, and no session comes about."""
    name = CALLER.lower().encode()
    body = b"\x00\x04MQTT\x7f\x02\x00\x0a" + struct.pack(">H", len(name)) + name
    return b"\x10" + bytes([len(body)]) + body


def _dicom_hello() -> bytes:
    """An A-ASSOCIATE-RQ for the Verification class alone (PS3.8 section 9.3.2): no image can be asked for with it."""

    def item(kind: int, body: bytes) -> bytes:
        return struct.pack(">BBH", kind, 0, len(body)) + body

    context = item(0x20, b"\x01\x00\x00\x00" + item(0x30, b"1.2.840.10008.1.1") + item(0x40, b"1.2.840.10008.1.2"))
    user = item(0x50, item(0x51, struct.pack(">I", 16_384)) + item(0x52, b"2.25.210463526837"))
    titles = b"ANY-SCP".ljust(16) + CALLER.encode().ljust(16)
    body = b"\x00\x01\x00\x00" + titles + bytes(32) + item(0x10, b"1.2.840.10008.3.1.1.1") + context + user
    return struct.pack(">BBI", 1, 0, len(body)) + body


HTTP_HELLO = b"GET / HTTP/1.0\r\nUser-Agent: Kettenblick\r\nAccept: */*\r\n\r\n"
DICOM_RELEASE = bytes.fromhex("05000000000400000000")
RDP_HELLO = bytes.fromhex("030000130ee000000000000100080003000000")

GREETINGS: Mapping[str, Greeting] = {
    "dicom": Greeting(read=_dicom, hello=_dicom_hello(), farewell=DICOM_RELEASE),
    "elasticsearch": Greeting(read=_elasticsearch, hello=HTTP_HELLO),
    "ftp": Greeting(read=_ftp, question=b"AUTH TLS\r\n", read_answer=_ftp_tls),
    "http": Greeting(read=_http, hello=HTTP_HELLO),
    "imap": Greeting(read=_imap, question=b"a1 CAPABILITY\r\n", read_answer=_imap_login, farewell=b"a2 LOGOUT\r\n"),
    "mllp": Greeting(read=_nothing),
    "modbus": Greeting(read=_modbus, hello=MODBUS_HELLO),
    "mongodb": Greeting(read=_mongodb, hello=_mongo_hello()),
    "mqtt": Greeting(read=_mqtt, hello=_mqtt_hello()),
    "mssql": Greeting(read=_mssql, hello=_mssql_hello()),
    "mysql": Greeting(read=_mysql),
    "pop3": Greeting(read=_pop3, question=b"CAPA\r\n", read_answer=_pop3_login, farewell=b"QUIT\r\n"),
    "postgresql": Greeting(read=_postgresql, hello=bytes.fromhex("0000000804d2162f")),
    "rdp": Greeting(read=_rdp, hello=RDP_HELLO),
    "redis": Greeting(read=_redis, hello=b"PING\r\n", farewell=b"QUIT\r\n"),
    "smb": Greeting(read=_smb, hello=_smb_hello()),
    "ssh": Greeting(read=_ssh),
    "submission": Greeting(
        read=_submission, question=b"EHLO kettenblick.invalid\r\n", read_answer=_submission_login, farewell=b"QUIT\r\n"
    ),
    "telnet": Greeting(read=_telnet),
    "vnc": Greeting(read=_vnc),
}
