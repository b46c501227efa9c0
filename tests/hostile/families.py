"""Attacks that lead a scanner inside, by family, with the tests that stand for each: for the page that counts them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from math import prod
from types import ModuleType
from typing import Any

from tests.hostile import test_browser, test_registry, test_ssrf
from tests.unit.scan.net import test_client, test_proxy

Test = Callable[..., None]
#: All that the page counts by the forms of its addresses.
LITERALS = test_ssrf.test_a_url_is_refused_by_its_form
FAMILIES: dict[str, tuple[Test, ...]] = {
    "What is public is not refused": (test_ssrf.test_what_is_public_is_not_refused,),
    "Names: every answer is judged, asked once, in time": (
        test_ssrf.test_every_answer_of_the_resolver_is_judged,
        test_ssrf.test_a_name_is_resolved_once_and_the_answer_that_was_judged_is_used,
        test_ssrf.test_a_resolver_that_hangs_is_left_behind_at_the_deadline,
        test_ssrf.test_the_kick_off_hears_a_private_answer_and_waits_for_none,
    ),
    "Redirects: each hop anew, five at most, no secrets along": (
        test_ssrf.test_each_redirect_is_resolved_and_judged_anew,
        test_ssrf.test_what_is_asked_around_a_page_is_judged_hop_by_hop,
        test_client.test_five_redirects_pass_and_a_sixth_does_not,
        test_client.test_secrets_do_not_travel_past_the_first_hop,
        test_client.test_a_download_is_not_led_from_https_to_http,
    ),
    "Exemptions: one host and port, and no further": (
        test_ssrf.test_an_exempt_host_cannot_lead_elsewhere,
        test_ssrf.test_an_exemption_is_for_one_host_and_port,
        test_ssrf.test_judge_address_speaks_of_addresses,
    ),
    "Ways of asking beside a request: handshakes, bare bytes": (test_ssrf.test_no_way_of_asking_goes_around_the_guard,),
    "TLS and Host in the name that was judged": (
        test_client.test_tls_is_spoken_in_the_name_of_the_host,
        test_client.test_a_certificate_for_another_name_or_of_no_authority_is_not_accepted,
        test_client.test_the_request_names_the_host_and_only_encodings_that_are_bounded,
    ),
    "Proxies of the environment": (test_client.test_proxies_of_the_environment_are_not_used,),
    "Bombs: decoded bodies, headers, chunks": (
        test_ssrf.test_a_gzip_bomb_of_300_megabytes_is_cut_without_being_held,
        test_ssrf.test_header_bombs_are_refused,
        test_ssrf.test_chunked_garbage_is_malformed_or_too_much,
        test_client.test_a_long_body_is_cut_and_says_so,
        test_client.test_an_encoding_that_was_not_asked_for_is_not_guessed_at,
        test_client.test_interim_answers_are_skipped_but_not_for_ever,
    ),
    "Drips: one deadline over all": (
        test_ssrf.test_a_drip_ends_at_the_deadline,
        test_ssrf.test_a_drip_of_headers_ends_at_the_deadline,
    ),
    "Errors that tell nothing of what is inside": (
        test_ssrf.test_errors_do_not_repeat_the_query_of_a_url,
        test_client.test_a_closed_port_and_a_silent_one_read_the_same,
    ),
    "Registries of images: realms, manifests, layers": (
        test_registry.test_a_realm_cannot_lead_inside,
        test_registry.test_a_blob_cannot_lead_inside,
        test_registry.test_a_manifest_cannot_lead_inside,
        test_registry.test_a_registry_inside_is_refused_before_a_packet,
        test_registry.test_the_exemption_of_a_registry_is_not_its_realms,
    ),
    "The browser: whatever a page thinks of": (
        test_browser.test_the_laboratory_has_no_other_way_out,
        test_browser.test_no_way_of_asking_leads_inside,
        test_browser.test_the_same_page_reaches_what_is_allowed,
        test_browser.test_no_spelling_of_inside_is_reached,
        test_browser.test_a_name_that_changes_its_mind_is_judged_each_time,
        test_browser.test_a_page_that_sends_the_browser_inside_is_refused,
        test_browser.test_no_datagram_leaves_the_browser,
        test_browser.test_a_page_that_never_rests_is_cut_and_its_browser_gone,
        test_browser.test_a_page_without_end_in_bytes_is_cut,
        test_browser.test_a_scan_that_is_killed_leaves_no_browser,
        test_browser.test_a_browser_that_does_not_start_is_said,
    ),
    "The browser's proxy: only what the page announced": (
        test_proxy.test_what_nobody_announced_is_not_connected,
        test_proxy.test_what_was_announced_is_judged_all_the_same,
        test_proxy.test_what_is_no_request_to_a_proxy_gets_no_answer,
        test_proxy.test_more_than_a_load_may_have_is_cut,
    ),
}


def counts() -> dict[str, int]:
    """Cases by family."""
    forms = Counter(_form(url, rule) for url, rule in {**test_ssrf.LITERALS, **test_ssrf.FORMS}.items())
    return {**dict(sorted(forms.items())), **{family: sum(map(_count, tests)) for family, tests in FAMILIES.items()}}


def marked() -> list[Test]:
    """The tests of hostile addresses, wherever they are."""
    return [one for module in (test_ssrf, test_registry, test_browser) for one in _marked(module)]


def _marked(module: ModuleType) -> list[Test]:
    whole = any(mark.name == "ssrf" for mark in _marks(module))
    tests = [one for name, one in vars(module).items() if name.startswith("test_") and callable(one)]
    return [one for one in tests if whole or any(mark.name == "ssrf" for mark in _marks(one))]


def _marks(of: object) -> list[Any]:
    marks = getattr(of, "pytestmark", [])
    return marks if isinstance(marks, list) else [marks]


def _count(test: Test) -> int:
    return prod(len(list(mark.args[1])) for mark in _marks(test) if mark.name == "parametrize")


_BY_RULE = {
    "scheme": "Schemes beside http and https",
    "userinfo": "User names and passwords in addresses",
    "port": "Ports beside those of the web",
    "host_local": "Names of the machine and of private networks",
}


def _form(url: str, rule: str) -> str:
    """The family of an address that is refused by how it is written."""
    if rule in _BY_RULE:
        return _BY_RULE[rule]
    if "[" in url:
        return "Addresses of IPv6, and those of IPv4 inside them (mapped, 6to4, Teredo, NAT64, ISATAP)"
    if not url.isascii():
        return "Digits and dots of other scripts (IDNA)"
    if rule in {"url_form", "host_numeric"}:
        return "Numbers in other forms (decimal, octal, hexadecimal, short), and what parsers read differently"
    return "Addresses of IPv4 by class (loopback, private, link-local, metadata, shared, reserved, multicast)"
