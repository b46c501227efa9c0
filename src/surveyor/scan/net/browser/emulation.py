"""As what a page is loaded: a window, a name, a slow network and a slow processor, all of them applied while it loads.

DevTools Protocol domains Emulation and Network. Values are those of Lighthouse 13's configurations for a phone and for
a desktop (core/config/constants.js), in the applied form (``devtools``): request latency 3.75 times the round trip and
0.9 of the throughput, since the protocol delays requests and not packets.
"""

from __future__ import annotations

from surveyor.scan.figures import Device
from surveyor.scan.net.browser.tab import Tab
from surveyor.scan.values import frozen

_KILOBIT = 1024 / 8


@frozen
class Profile:
    """A window in CSS pixels with its ratio; latency in ms, kilobits a second, and a divisor of the processor."""

    width: int
    height: int
    ratio: float
    latency: float
    down: float
    up: float
    slowdown: float


PROFILES = {
    Device.MOBILE: Profile(width=412, height=823, ratio=1.75, latency=562.5, down=1474.56, up=675.0, slowdown=4.0),
    # there Lighthouse's network is 40 ms and 10 Mbit/s as they are
    Device.DESKTOP: Profile(width=1350, height=940, ratio=1.0, latency=40.0, down=10240.0, up=10240.0, slowdown=1.0),
}
_PHONE = "Linux; Android 11; moto g power (2022)"
_DESK = "X11; Linux x86_64"


def apply(tab: Tab, device: Device, *, product: str, ours: str, seconds: float) -> str:
    """Make a page one of this device, unthrottled as yet; the name under which it asks, which it is given.

    ``product`` is the browser's (``Chrome/156.0…``), ``ours`` what is added to its name.
    """
    profile, mobile = PROFILES[device], device is Device.MOBILE
    version = product.partition("/")[2].partition(".")[0] or "0"
    name = (
        f"Mozilla/5.0 ({_PHONE if mobile else _DESK}) AppleWebKit/537.36 (KHTML, like Gecko)"
        f" Chrome/{version}.0.0.0{' Mobile' if mobile else ''} Safari/537.36 {ours}"
    ).strip()
    window = {"width": profile.width, "height": profile.height, "deviceScaleFactor": profile.ratio, "mobile": mobile}
    tab.ask("Emulation.setDeviceMetricsOverride", window, seconds=seconds)
    tab.ask("Emulation.setTouchEmulationEnabled", {"enabled": mobile}, seconds=seconds)
    brands = [{"brand": "Chromium", "version": version}, {"brand": "Google Chrome", "version": version}]
    about = {
        "brands": brands,
        "fullVersion": f"{version}.0.0.0",
        "platform": "Android" if mobile else "Linux",
        "platformVersion": "11.0" if mobile else "",
        "architecture": "" if mobile else "x86",
        "model": "moto g power (2022)" if mobile else "",
        "mobile": mobile,
    }
    tab.ask("Network.setUserAgentOverride", {"userAgent": name, "userAgentMetadata": about}, seconds=seconds)
    return name


def throttle(tab: Tab, profile: Profile, *, seconds: float) -> None:
    """Make its network and its processor slow."""
    network = {
        "offline": False,
        "latency": profile.latency,
        "downloadThroughput": profile.down * _KILOBIT,
        "uploadThroughput": profile.up * _KILOBIT,
    }
    tab.ask("Network.emulateNetworkConditions", network, seconds=seconds)
    slow(tab, profile.slowdown, seconds=seconds)


def slow(tab: Tab, times: float, *, seconds: float) -> None:
    """Make its processor so many times slower than it is."""
    tab.ask("Emulation.setCPUThrottlingRate", {"rate": times}, seconds=seconds)


def cut_off(tab: Tab, *, seconds: float) -> None:
    """Take its network away: what it does from now on reaches nobody."""
    network = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    tab.ask("Network.emulateNetworkConditions", network, seconds=seconds)
