"""robots.txt by RFC 9309, held against another reader of it."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from protego import Protego

from surveyor.scan.evidence import Page
from surveyor.scan.formats import robots

RFC = b"""User-Agent: *
Disallow: *.gif$
Disallow: /example/
Allow: /publications/

User-Agent: foobot
Disallow:/
Allow:/example/page.html
Allow:/example/allowed.gif

User-Agent: barbot
User-Agent: bazbot
Disallow: /example/page.html

User-Agent: quxbot
"""


@pytest.mark.parametrize(
    ("agent", "path", "allowed"),
    [
        ("any", "/a.gif", False),
        ("any", "/a.gif?x", True),
        ("any", "/example/x", False),
        ("any", "/publications/x", True),
        ("foobot", "/x", False),
        ("foobot", "/example/page.html", True),
        ("FooBot", "/example/allowed.gif", True),
        ("barbot", "/example/page.html", False),
        ("bazbot", "/example/page.html", False),
        ("bazbot", "/a.gif", True),
        ("quxbot", "/example/page.html", True),
        ("foobot", "/robots.txt", True),
    ],
)
def test_the_example_of_the_rfc(agent: str, path: str, allowed: bool) -> None:
    assert robots.parse(RFC).allows(agent, path) is allowed


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/", "/x", True),
        ("/fish", "/fish.html", True),
        ("/fish", "/Fish", False),
        ("/fish*", "/fishheads", True),
        ("/fish/", "/fish", False),
        ("/*.php", "/a/b.php5?x", True),
        ("/*.php$", "/a.php", True),
        ("/*.php$", "/a.php?x", False),
        ("/a*b*c$", "/axbxbc", True),
        ("/a*b*c$", "/acb", False),
        ("/ab*b$", "/ab", False),
        ("/$", "/", True),
        ("/$", "/a", False),
        ("/ü", "/%C3%BC", True),
        ("", "/x", False),
    ],
)
def test_patterns(pattern: str, path: str, fits: bool) -> None:
    read = robots.parse(f"User-agent: *\nDisallow: {pattern}".encode())
    assert read.allows("any", path) is not fits


def test_the_longest_pattern_decides_and_allow_before_disallow() -> None:
    read = robots.parse(b"User-agent: *\nDisallow: /a/\nAllow: /a/b\nDisallow: /c\nAllow: /c")
    assert read.allows("x", "/a/b")
    assert not read.allows("x", "/a/c")
    assert read.allows("x", "/c")


def test_groups_of_one_crawler_are_one_and_what_is_not_understood_is_told() -> None:
    read = robots.parse(
        b"\xef\xbb\xbfUser-agent: a\nDisallow: /x\n\nfoo: bar\nUser-agent: a\nDisallow: /y # why\nnonsense"
    )
    assert not read.allows("a", "/x")
    assert not read.allows("a", "/y")
    assert [(problem.line, problem.text) for problem in read.problems] == [(4, "foo: bar"), (7, "nonsense")]


def test_another_reader_says_the_same() -> None:
    chance = random.Random(7)
    pieces = ["/", "a", "b", "*", ".", "/a", "/b", "?x=1", "$"]
    differing = []
    for _ in range(3_000):
        rules = []
        for _ in range(chance.randint(1, 5)):
            pattern = "/" + "".join(chance.choices(pieces[:-1], k=chance.randint(0, 5))) + chance.choice(["", "", "$"])
            rules.append(f"{chance.choice(['Allow', 'Disallow'])}: {pattern}")
        text = "User-agent: *\n" + "\n".join(rules)
        path = "/" + "".join(chance.choices([piece for piece in pieces if piece not in "*$"], k=chance.randint(0, 5)))
        ours, theirs = robots.parse(text.encode()), Protego.parse(text)
        if ours.allows("x", path) != theirs.can_fetch(f"https://a.example{path}", "x"):
            differing.append((text, path))
    assert differing == []


def test_hostile_files_end_soon() -> None:
    begun = time.process_time()
    stars = b"User-agent: *\n" + b"Disallow: /" + b"a*" * 900 + b"b$\n"
    read = robots.parse(stars * 400)
    read.allows("x", "/" + "a" * 5_000)
    robots.parse(b"\x00" * 500_000)
    robots.parse(b"User-agent: x\n" * 30_000)
    robots.parse(bytes(range(256)) * 2_000)
    assert time.process_time() - begun < 10


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/foo/bar/%62%61%7A", "/foo/bar/baz", True),
        ("/foo/bar/baz", "/foo/bar/%62%61%7A", True),
        ("/%c3%bc", "/ü", True),
        ("/a%2fb", "/a/b", False),
        ("/a%2fb", "/a%2Fb", True),
        ("/with-a-%2A.html", "/with-a-*.html", True),
        ("/with-a-%2A.html", "/with-a-b.html", False),
        ("/foo-%24", "/foo-$", True),
    ],
)
def test_encoded_letters_are_compared_as_the_rfc_says(pattern: str, path: str, fits: bool) -> None:
    assert robots.parse(f"User-agent: *\nDisallow: {pattern}".encode()).allows("any", path) is not fits


def test_a_crawler_is_named_by_its_product_whatever_its_version() -> None:
    read = robots.parse(b"User-agent: *\nAllow: /\n\nUser-agent: Googlebot/2.1\nUser-agent: bot v3\nDisallow: /")
    assert [read.allows(agent, "/x") for agent in ("googlebot", "bot", "other")] == [False, False, True]


def test_only_ends_of_lines_by_the_rfc_end_a_line() -> None:
    read = robots.parse("User-agent: *\rDisallow: /a\u2028Disallow: /b\x0cx\r\nDisallow: /c".encode())
    assert [read.allows("x", path) for path in ("/b", "/c")] == [True, False]
    rule = read.deciding("x", "/c")
    assert rule is not None
    assert rule.line == 3


def test_many_crawlers_with_many_rules_cost_no_more_than_their_lines() -> None:
    begun = time.process_time()
    read = robots.parse(b"".join(b"User-agent: a%d\n" % at for at in range(9_000)) + b"Disallow: /x\n" * 9_000)
    assert not read.allows("a8999", "/x")
    assert time.process_time() - begun < 2


def test_half_a_line_at_the_end_of_what_was_read_is_no_rule() -> None:
    url = "https://a.example/robots.txt"
    text = b"User-agent: *\nDisallow: /a\nDisallow: /"
    answer = Page(asked=url, url=url, status=200, headers=(("Content-Type", "text/plain"),), body=text)
    assert not robots.read(answer).allows("x", "/b")
    assert robots.read(replace(answer, cut=True)).allows("x", "/b")
    assert not robots.read(replace(answer, cut=True)).allows("x", "/a")
