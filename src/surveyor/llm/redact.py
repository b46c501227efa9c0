"""Takes out what must not leave: keys, tokens, passwords, e-mail addresses, names and addresses of private hosts.

It errs on the side of taking out: a hash that looks like a token is lost to the model, which needs neither.
"""

from __future__ import annotations

import re

SECRET, EMAIL, HOST, ADDRESS = "[secret]", "[e-mail]", "[private host]", "[private address]"

_WORDS = (
    r"pass(?:word|wd|phrase)?|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key|client[_-]?secret|credential"
    r"|session(?:id)?|csrf|xsrf|nonce|signature|jwt|authorization|(?<![a-z])(?:sid|sig)(?![a-z])"
)

#: A name with such a word in it, from the beginning of the name.
_NAME = rf"(?<![\w-])[\w-]{{0,60}}?(?:{_WORDS})[\w-]{{0,40}}\\?[\"']?"
_PRIVATE_V4 = (
    r"(?:10\.\d{1,3}|127\.\d{1,3}|192\.168|169\.254|172\.(?:1[6-9]|2\d|3[01])|100\.(?:6[4-9]|[7-9]\d|1[01]\d|12[0-7]))"
)
_PRIVATE_NAME = (
    r"(?<![\w.-])(?:[a-z0-9_-]{1,63}\.){1,12}"
    r"(?:local|internal|localdomain|lan|intranet|corp|home|home\.arpa)\b(?![\w-])"
)

#: In this order: whole blocks, known forms, values that a name gives away, then what only looks like a secret. Every
#: repetition is bounded, or starts where none before it can have started: pages are hostile to patterns too.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        # what follows the first line is base64, or JSON's spelling of it; an end may be missing in a quote
        (r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[A-Za-z0-9+/=\s\\:,.-]*", SECRET),
        (r"\beyJ[\w-]{8,4000}\.[\w-]{8,4000}(?:\.[\w-]{0,4000})?", SECRET),
        (r"\b(?:AKIA|ASIA|AGPA|AROA|AIDA)[0-9A-Z]{16}\b", SECRET),
        (r"\b(?:gh[pousr]_|github_pat_|glpat-|sv_live_|npm_|pypi-|xox[abeoprs]-|hf_|dop_v1_)[\w-]{10,}", SECRET),
        (r"\b(?:sk|pk|rk|whsec)[_-](?:live|test|ant|proj|or)?[_-]?[\w-]{16,}", SECRET),
        (r"\bAIza[\w-]{30,}", SECRET),
        (r"\bya29\.[\w-]{20,}", SECRET),
        (r"(?i)\b(bearer|basic|digest|negotiate)\s{1,4}(?!realm)[\w+/=.~-]{8,}", rf"\1 {SECRET}"),
        (r"(?i)(://)[^\s/@:\"'<>\\]{1,200}:[^\s/@\"'<>\\]{1,200}@", rf"\1{SECRET}@"),
        # name=value, "name": "value", name: value, with or without JSON's own escapes
        (rf"(?i)({_NAME}\s{{0,4}}[=:]\s{{0,4}}\\?[\"']?)(?!\[)[^\s\"'&;,<>\\]{{3,}}", rf"\1{SECRET}"),
        # a form's field: the name in one attribute, the value in another
        (rf"(?i)(name=\\?[\"']?{_NAME}[^<>]{{0,200}}?\bvalue=\\?[\"']?)(?!\[)[^\s\"'<>\\]+", rf"\1{SECRET}"),
        (r"(?i)\b[a-z0-9._%+-]{1,64}@(?!\d{1,9}\.)(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}\b", EMAIL),
        (rf"(?<![\w.]){_PRIVATE_V4}\.\d{{1,3}}\.\d{{1,3}}(?![\w.]*\d)", ADDRESS),
        (r"(?i)(?<![\w:])(?:f[cd][0-9a-f]{2}|fe[89ab][0-9a-f]):[0-9a-f:]{2,40}", ADDRESS),
        (rf"(?i){_PRIVATE_NAME}|\blocalhost\b", HOST),
        # 32 and more of mixed case and digits: nothing that is written for people
        (
            r"(?<![\w/+=-])(?=[\w+/-]{0,200}[a-z])(?=[\w+/-]{0,200}[A-Z])(?=[\w+/-]{0,200}\d)[\w+-]{32,}={0,2}(?![\w/+-])",
            SECRET,
        ),
    )
)


def redact(text: str) -> str:
    """The text without what must not leave; doing it twice changes nothing more."""
    for pattern, replacement in _RULES:
        text = pattern.sub(replacement, text)
    return text
