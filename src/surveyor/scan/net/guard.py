"""Which addresses may be asked at all: the form of a URL, its name, and every answer that the name resolves to.

``ssrfguard`` holds the table of special addresses and pins the one that was checked; here is what it lacks: addresses
that its table misses, names that never leave a network, and the exemption of single hosts.
"""

from __future__ import annotations

import re
import socket
import threading
from enum import StrEnum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any
from urllib.parse import SplitResult, urlsplit

import ssrfguard
from ssrfguard import Address, AddressTable, Block, Policy, Reach, Resolver, Target, Verdict

from surveyor.scan.errors import Refused, Unreachable
from surveyor.scan.patterns import regex
from surveyor.scan.settings import Settings
from surveyor.scan.values import frozen

IPAddress = IPv4Address | IPv6Address
#: Rows as ``socket.getaddrinfo`` gives them.
_Answers = list[tuple[Any, ...]]

#: Names that mean this machine or this network. A name without a dot is completed by the resolver's search list.
_LOCAL_SUFFIXES = (
    ".localhost",
    ".local",
    ".internal",
    ".localdomain",
    ".lan",
    ".intranet",
    ".corp",
    ".home",
    ".home.arpa",
)
#: ``0x7f.1`` and its kind: browsers read a last label of digits or hexadecimal as an IPv4 address (WHATWG URL).
_NUMBER = regex(r"\d+|0x[0-9a-f]*", re.IGNORECASE)
#: RFC 5214: an interface identifier of ``0000:5efe`` or ``0200:5efe`` carries an IPv4 address.
_ISATAP = frozenset({0x00005EFE, 0x02005EFE})

_EXTRA = (
    Block(
        network=ip_network("168.63.129.16/32"),
        name="Cloud metadata (Azure wire server)",
        rfc="vendor",
        reach=Reach.DENIED,
    ),
)
_ISATAP_BLOCK = Block(network=ip_network("::/0"), name="ISATAP", rfc="RFC5214", reach=Reach.DENIED)

#: Stable rule names by a word in the block's name; the first that fits wins.
_RULES = (
    ("Cloud metadata", "address_metadata"),
    ("Loopback", "address_loopback"),
    ("Private", "address_private"),
    ("Unique-Local", "address_private"),
    ("Site-Local", "address_private"),
    ("Link Local", "address_link_local"),
    ("Link-Local", "address_link_local"),
    ("Shared Address", "address_shared"),
    ("Multicast", "address_multicast"),
    ("Broadcast", "address_multicast"),
    ("This host", "address_unspecified"),
    ("This network", "address_unspecified"),
    ("Unspecified", "address_unspecified"),
    ("ISATAP", "address_embedded"),
    ("Translation", "address_embedded"),
)

#: Look-ups that hang cannot be cancelled; so many may hang at once before further ones count as unanswered.
_LOOKUPS = threading.BoundedSemaphore(64)


class _Table(AddressTable):
    """The library's table and ours; also refuses every address of ISATAP form, whatever its prefix."""

    def classify(self, address: str | IPAddress) -> Verdict:
        parsed = ip_address(address) if isinstance(address, str) else address
        if isinstance(parsed, IPv6Address) and (int(parsed) >> 32) & 0xFFFFFFFF in _ISATAP:
            return Verdict(address=parsed, blocked=True, block=_ISATAP_BLOCK)
        return super().classify(parsed)


_DENIED = _Table((*ssrfguard.DEFAULT_DENIED.blocks, *_EXTRA))
_NOTHING_DENIED = AddressTable(())


class Judgement(StrEnum):
    """What could be said about a URL in the time given."""

    PUBLIC = "public"
    EXEMPT = "exempt"
    UNDECIDED = "undecided"


@frozen
class Origin:
    """A URL's origin that passed, with the policy that its addresses have to pass when they are known."""

    target: Target
    policy: Policy
    exempt: bool


def judge_url(url: str, settings: Settings) -> bool:
    """Refuse a URL by its form, its literal address or its name; no I/O. True when its name's addresses matter too."""
    asked = origin(url, settings)
    return not asked.exempt and asked.target.address is None


def judge_address(address: str | IPAddress) -> None:
    """Refuse an address that is not an ordinary public one."""
    verdict = _DENIED.classify(address)
    if verdict.blocked:
        raise Refused(f"{verdict.address} is not a public address: {verdict.reason}", rule=_rule(verdict))


def resolve_and_judge(
    url: str, settings: Settings, seconds: float = 0.05, *, resolver: Resolver | None = None
) -> Judgement:
    """Judge a URL and every address that its name has; without an answer in time it stays undecided.

    An undecided URL is judged again when it is connected to.
    """
    asked = origin(url, settings)
    if asked.exempt:
        return Judgement.EXEMPT
    try:
        addresses(asked, seconds=seconds, resolver=resolver)
    except Refused:
        raise
    except Unreachable:
        return Judgement.UNDECIDED
    return Judgement.PUBLIC


def origin(url: str, settings: Settings) -> Origin:
    """Everything about a URL that is decided without I/O."""
    split = _split(url)
    port = split.port or {"http": 80, "https": 443}[split.scheme.lower()]
    try:
        target = Policy(allowed_ports=frozenset({port}), denied_networks=_NOTHING_DENIED).check_url(url)
    except ssrfguard.SSRFGuardError as error:
        raise Refused(f"not a URL that can be asked: {getattr(error, 'reason', error)}", rule="url_form") from None
    if _is_exempt(target, settings):
        policy = Policy(allowed_ports=frozenset({port}), denied_networks=_NOTHING_DENIED)
        return Origin(target=target, policy=policy, exempt=True)
    if target.address is not None:
        judge_address(target.address)
    else:
        _judge_name(target.host)
    if port not in settings.ports:
        allowed = ", ".join(str(allowed) for allowed in sorted(settings.ports))
        raise Refused(f"port {port} is not one of {allowed}", rule="port")
    policy = Policy(allowed_ports=settings.ports, denied_networks=_DENIED)
    return Origin(target=target, policy=policy, exempt=False)


def addresses(asked: Origin, *, seconds: float, resolver: Resolver | None) -> tuple[Address, ...]:
    """Resolve once, within ``seconds``, and judge every answer; one private answer refuses the name."""
    infos = _lookup(asked.target, seconds, resolver or socket.getaddrinfo)
    answers = ssrfguard.resolve(asked.target, policy=_open_policy(asked), resolver=lambda *_: infos)
    if not asked.exempt:
        for answer in answers:
            judge_address(answer.ip)
    return answers


def _open_policy(asked: Origin) -> Policy:
    # answers are judged by us, so that a refusal carries our rule; the connection checks them once more with the policy
    return Policy(allowed_ports=frozenset({asked.target.port}), denied_networks=_NOTHING_DENIED)


def _lookup(target: Target, seconds: float, resolver: Resolver) -> _Answers:
    """Ask the resolver in a thread of its own: ``getaddrinfo`` takes no deadline."""
    if not _LOOKUPS.acquire(blocking=False):
        raise Unreachable(f"{target.host}: too many look-ups are waiting")
    outcome: list[_Answers] = []
    flags = socket.AI_NUMERICHOST if target.is_literal_address else 0

    def ask() -> None:
        try:
            outcome.append(list(resolver(target.host, target.port, 0, socket.SOCK_STREAM, 0, flags)))
        except (OSError, UnicodeError):
            outcome.append([])
        finally:
            _LOOKUPS.release()

    thread = threading.Thread(target=ask, name="lookup", daemon=True)
    thread.start()
    thread.join(max(seconds, 0.0))
    if not outcome:
        raise Unreachable(f"{target.host}: its name was not resolved in time")
    if not outcome[0]:
        raise Unreachable(f"{target.host}: its name has no address")
    return outcome[0]


def _split(url: str) -> SplitResult:
    try:
        split = urlsplit(url)
        port = split.port
    except ValueError as error:
        raise Refused(f"not a URL that can be asked: {error}", rule="url_form") from None
    if split.scheme.lower() not in {"http", "https"}:
        raise Refused("only http and https URLs can be asked", rule="scheme")
    if split.username is not None or split.password is not None:
        raise Refused("a URL with a user name or password in it is not asked", rule="userinfo")
    if port == 0:
        raise Refused("port 0 is not a port", rule="port")
    return split


def _judge_name(host: str) -> None:
    name = host.rstrip(".").lower()
    if _NUMBER.fullmatch(name.rpartition(".")[2]):
        raise Refused(f"{host}: an address in disguise", rule="host_numeric")
    if "." not in name or name.endswith(_LOCAL_SUFFIXES):
        kind = "a name without a dot is one" if "." not in name else "such a name is one"
        raise Refused(f"{host}: {kind} of this machine or its network, not of the public web", rule="host_local")


def _is_exempt(target: Target, settings: Settings) -> bool:
    host = _plain(target.host)
    return any(_plain(allowed.host) == host and allowed.port in {None, target.port} for allowed in settings.allow_hosts)


def _plain(host: str) -> str:
    """One spelling for a name or a literal, so that ``[::1]`` and ``0:0::1`` are the same host."""
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        return host.encode("idna").decode("ascii").lower().rstrip(".")
    except UnicodeError:
        return host.lower().rstrip(".")


def _rule(verdict: Verdict) -> str:
    name = verdict.block.name if verdict.block else ""
    return next((rule for word, rule in _RULES if word in name), "address_reserved")
