"""Signs in a page by which a console, a gateway, a default page or a parked domain is known (own tables)."""

from collections.abc import Iterable

from scanners.records import record

DATA_DATE = "2026-11-21"


@record
class Sign:
    """A product by what stands in the title, in the body or among the headers, all in lower case."""

    product: str
    titles: tuple[str, ...] = ()
    bodies: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()


CONSOLES: tuple[Sign, ...] = (
    Sign(product="Jenkins", titles=("[jenkins]",), headers=("x-jenkins",)),
    Sign(product="GitLab", titles=("· gitlab",), bodies=('content="gitlab" property="og:site_name"',)),
    Sign(product="Grafana", titles=("grafana",), bodies=("window.grafanabootdata",)),
    Sign(product="Kibana", headers=("kbn-name", "kbn-license-sig"), bodies=("kbn-injected-metadata",)),
    Sign(product="Prometheus", titles=("prometheus time series collection",)),
    Sign(product="Portainer", titles=("portainer",), bodies=('ng-app="portainer"',)),
    Sign(product="Rancher", titles=("rancher",)),
    Sign(product="SonarQube", titles=("sonarqube",)),
    Sign(product="Nexus Repository", titles=("nexus repository manager", "sonatype nexus repository")),
    Sign(product="Argo CD", titles=("argo cd",)),
    Sign(product="phpMyAdmin", titles=("phpmyadmin",)),
    Sign(product="Adminer", titles=("login - adminer",)),
    Sign(product="Kubernetes Dashboard", titles=("kubernetes dashboard",)),
    Sign(product="Apache Airflow", titles=("airflow - ", "sign in - airflow")),
    Sign(product="RabbitMQ", titles=("rabbitmq management",)),
    Sign(product="Swagger Editor", titles=("swagger editor",)),
    Sign(product="Webmin", titles=("login to webmin",)),
    Sign(product="Proxmox", titles=("proxmox virtual environment",)),
    Sign(product="VMware ESXi", bodies=("id_eesx_welcome", "vmware esxi")),
)

GATEWAYS: tuple[Sign, ...] = (
    Sign(product="Citrix Gateway", titles=("citrix gateway", "netscaler gateway", "netscaler aaa")),
    Sign(product="FortiGate", titles=("fortigate",), bodies=("/remote/login?lang=", "fgt_lang")),
    Sign(
        product="Ivanti Connect Secure", titles=("pulse connect secure", "ivanti connect secure"), bodies=("/dana-na/",)
    ),
    Sign(product="Cisco Secure Client", bodies=("/+cscoe+/",)),
    Sign(product="GlobalProtect", titles=("globalprotect portal",), bodies=("/global-protect/",)),
    Sign(
        product="Remote Desktop Web Access",
        titles=("rd web access", "remote desktop web access"),
        bodies=("/rdweb/pages/",),
    ),
    Sign(product="Apache Guacamole", titles=("apache guacamole", "guacamole"), bodies=("guac-login",)),
    Sign(product="SonicWall", titles=("virtual office", "sonicwall - authentication")),
    Sign(product="Sophos User Portal", titles=("sophos user portal", "user portal - sophos")),
    Sign(product="OpenVPN Access Server", titles=("openvpn access server", "openvpn connect")),
    Sign(product="VMware Horizon", titles=("vmware horizon", "omnissa horizon")),
    Sign(product="MeshCentral", titles=("meshcentral",)),
)

WEBMAIL: tuple[Sign, ...] = (
    Sign(product="Outlook", bodies=("/owa/auth/",)),
    Sign(product="Roundcube", titles=("roundcube webmail",), bodies=("roundcube_sessid", "rcmail.set_env")),
    Sign(product="SOGo", bodies=("/sogo.woa/",)),
    Sign(product="Zimbra", titles=("zimbra web client",)),
    Sign(product="Horde", titles=("horde ::",)),
    Sign(product="SnappyMail", titles=("snappymail",)),
    Sign(product="Open-Xchange", bodies=("/appsuite/",)),
)

DEFAULT_PAGES: tuple[Sign, ...] = (
    Sign(product="nginx", titles=("welcome to nginx",)),
    Sign(product="Apache (Debian)", titles=("apache2 debian default page",)),
    Sign(product="Apache (Ubuntu)", titles=("apache2 ubuntu default page",)),
    Sign(
        product="Apache HTTP Server",
        titles=("test page for the apache http server", "http server test page", "apache http server test page"),
        bodies=("<h1>it works!</h1>",),
    ),
    Sign(product="Microsoft IIS", titles=("iis windows server", "iis windows", "iis7", "iis8", "iis 8.5")),
    Sign(product="Apache Tomcat", titles=("apache tomcat/",)),
    Sign(product="Plesk", titles=("domain default page", "web server's default page", "plesk obsidian")),
    Sign(product="cPanel", titles=("default web site page",), bodies=("/cgi-sys/defaultwebpage.cgi",)),
    Sign(product="XAMPP", titles=("welcome to xampp",)),
    Sign(product="Caddy", titles=("caddy works!",)),
    Sign(product="Jetty", titles=("welcome to jetty",)),
    Sign(product="WildFly", titles=("welcome to wildfly", "welcome to jboss")),
)

PARKING: tuple[Sign, ...] = (
    Sign(product="Sedo", bodies=("sedoparking.com", "sedo.com/search/details")),
    Sign(product="ParkingCrew", bodies=("parkingcrew.net",)),
    Sign(product="Bodis", bodies=("bodis.com",)),
    Sign(product="HugeDomains", titles=("hugedomains",)),
    Sign(product="Afternic", bodies=("afternic.com/forsale",)),
    Sign(product="Dan.com", bodies=("dan.com/buy-domain",)),
    Sign(
        product="",
        titles=("domain for sale", "domain is for sale", "domain parked", "parked domain", "domain steht zum verkauf"),
    ),
)


CLINICAL: tuple[Sign, ...] = (
    Sign(product="Orthanc", titles=("orthanc explorer",)),
    Sign(product="dcm4chee", titles=("dcm4chee-arc",), bodies=("/dcm4chee-arc/ui2",)),
    Sign(product="OpenEMR", titles=("openemr",)),
    Sign(product="OpenMRS", titles=("openmrs",)),
    Sign(product="Mirth Connect", titles=("mirth connect administrator",)),
    Sign(product="Carestream Vue", titles=("carestream",)),
    Sign(product="IntelliSpace", titles=("intellispace",)),
    Sign(product="Telemis", titles=("telemis",)),
    Sign(product="CliniNet", titles=("clininet",)),
    Sign(product="Synapse PACS", titles=("synapse pacs", "fujifilm synapse")),
    Sign(product="OpenClinica", titles=("openclinica",)),
    Sign(product="Conquest DICOM Server", titles=("conquest dicom server", "conquest dicom")),
)

VIEWERS: tuple[Sign, ...] = (
    Sign(product="OHIF", titles=("ohif viewer",), bodies=("qidoroot", "wadoroot")),
    Sign(product="MedDream", titles=("meddream",)),
    Sign(product="XERO Viewer", titles=("xero viewer",)),
    Sign(product="Oviyam", titles=("oviyam",)),
    Sign(product="Weasis", titles=("weasis",)),
    Sign(product="Stone of Orthanc", titles=("stone web viewer",)),
)


def recognised_in(signs: tuple[Sign, ...], body: str, headers: Iterable[tuple[str, str]]) -> Sign | None:
    """The first product whose sign is in a page."""
    text = body.lower()
    start = text.find("<title")
    opened = text.find(">", start) + 1 if start >= 0 else 0
    end = text.find("</title", opened) if opened else -1
    title = text[opened:end].strip() if end >= 0 else ""
    names = {name for name, _value in headers}
    return next(
        (
            sign
            for sign in signs
            if any(mark in title for mark in sign.titles)
            or any(mark in text for mark in sign.bodies)
            or any(name in names for name in sign.headers)
        ),
        None,
    )
