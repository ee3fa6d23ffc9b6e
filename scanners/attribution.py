"""Whose a host is: the vendor's own, hosted for the vendor, or somebody else's. Only the first two count."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from scanners import targets
from scanners.data import hosting
from scanners.model import N_, Message


class Belonging(StrEnum):
    """Who answers for a host."""

    OWN = "own"
    HOSTED = "hosted"  # a service runs it under the vendor's name, or the vendor rents it there
    FOREIGN = "foreign"


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """Whose a host is, who runs it where that is another, and the fact it rests on."""

    belonging: Belonging
    reason: Message
    operator: str = ""  # a service we know, or the registrable domain of whoever runs it

    @property
    def counts(self) -> bool:
        """Whether what is seen there speaks of the vendor."""
        return self.belonging is not Belonging.FOREIGN


def attribute(
    name: str,
    *,
    own: Iterable[str],
    aliases: Iterable[str] = (),
    named: Iterable[str] = (),
    aliased: Iterable[str] = (),
) -> Attribution:
    """Whose the host is.

    `own`: the vendor's registrable domains. `aliases`: the CNAME chain of the name. `named`: hosts that the vendor or
    the hospital listed. `aliased`: names that the vendor's own names lead to by CNAME.
    """
    service, domain, listed = hosting.service_of(name), targets.registrable(name), frozenset(named)
    # A rented name lies below its service's domain. That is the vendor's own only if the service itself is the vendor.
    if domain in frozenset(own) and (not service or listed & {domain, f"www.{domain}"}):
        return _in_own_domain(domain, tuple(aliases))
    operator = service or domain
    if name in listed:
        if service:
            return Attribution(
                belonging=Belonging.HOSTED,
                operator=operator,
                reason=_at(operator, N_("It was named for the vendor and lies at %(operator)s.")),
            )
        return Attribution(belonging=Belonging.OWN, reason=Message(text=N_("It was named for the vendor.")))
    if name in frozenset(aliased):
        return Attribution(
            belonging=Belonging.HOSTED,
            operator=operator,
            reason=_at(operator, N_("A name of the vendor leads there; it lies at %(operator)s.")),
        )
    return Attribution(
        belonging=Belonging.FOREIGN,
        operator=operator,
        reason=_at(operator, N_("It lies at %(operator)s, and nothing of the vendor leads there.")),
    )


def _in_own_domain(domain: str, aliases: tuple[str, ...]) -> Attribution:
    leaving = next((alias for alias in aliases if targets.registrable(alias) != domain), None)
    if leaving is None:
        return Attribution(
            belonging=Belonging.OWN,
            reason=Message(text=N_("It lies in the vendor's domain %(domain)s."), values={"domain": domain}),
        )
    operator = next((service for alias in aliases if (service := hosting.service_of(alias))), "")
    operator = operator or targets.registrable(aliases[-1])
    return Attribution(
        belonging=Belonging.HOSTED,
        operator=operator,
        reason=_at(operator, N_("A name of the vendor that leads to %(operator)s by CNAME.")),
    )


def _at(operator: str, text: str) -> Message:
    return Message(text=text, values={"operator": operator})
