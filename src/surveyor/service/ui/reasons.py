"""Why something was not looked at or not proved: the codes that programs read, as sentences for people."""

from __future__ import annotations

import re

_CODE = re.compile(r"[a-z][a-z0-9_]*")
_SENTENCES = {
    "advisories_missing": "No advisories have been loaded yet, so no package could be judged.",
    "attempts": "It was tried several times and did not come to an end.",
    "bad_target": "What was named is not something that can be looked at.",
    "cancelled": "Cancelled before it was done.",
    "crashed": "The scanner ended before its work did.",
    "declined": "The language model declined to answer.",
    "incomplete_inventory": "The list of packages has gaps, so it does not prove that one is gone.",
    "internal_error": "Something went wrong on our side; the log has the reason.",
    "killed": "The scanner was stopped from outside, as happens when memory runs out.",
    "limit_exceeded": "It was larger, or took longer, than the limits allow.",
    "lost": "The scanner's process was lost.",
    "malformed": "It could not be read: its form is broken.",
    "no_inventory": "There is no list of packages to look in.",
    "no_outline": "There was no page to show to a language model.",
    "not_configured": "This needs a setting that was not given.",
    "not_run": "The check did not run.",
    "quota_exceeded": "This month's units of language models are used, so none was asked.",
    "rate_limited": "The language model had too many questions at once.",
    "refused": "It must not be looked at: a rule of this installation refuses it.",
    "scan_error": "The scanner could not do its work.",
    "stale": "Nobody was heard from for too long.",
    "storage_full": "There was no room left to store the result.",
    "storage_unavailable": "What is stored could not be had.",
    "superseded": "Another worker took it over.",
    "timeout": "It took longer than it may.",
    "unanswered": "No language model answered.",
    "unchanged": "What was quoted then still stands there as it was.",
    "unknown_check": "There is no such check.",
    "unreachable": "It could not be reached.",
    "unsupported": "This kind is not read.",
    "wrong_shape": "The language model's answer did not have the form that was asked for.",
}


def sentence(code: str) -> str:
    """A code as a sentence; one that has none yet is at least read as words."""
    return _SENTENCES.get(code) or (f"{code.replace('_', ' ').capitalize()}." if _CODE.fullmatch(code) else code)


def told(text: str) -> str:
    """A text that may be a code, where nothing better was known: a target's own words are never taken for one."""
    return _SENTENCES.get(text, text)
