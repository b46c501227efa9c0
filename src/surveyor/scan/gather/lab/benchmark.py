"""Lighthouse's benchmark index of this machine (core/lib/page-functions.js, ``computeBenchmarkIndex``).

How often a second letters are joined and lists copied by a browser that is not slowed: about 2,000 on a laptop of
today, 300 on a cheap phone. Runs on machines with different indexes are not to be compared.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from surveyor.scan.errors import ScanError
from surveyor.scan.formats.loose import number

_MEASURE = """(() => {
  const rate = work => {
    const start = Date.now();
    let rounds = 0;
    do { work(rounds++) } while (Date.now() - start < 250);
    return rounds / ((Date.now() - start) / 1000) / 10;
  };
  const letters = () => {
    let text = '';
    for (let at = 0; at < 10000; at++) text += 'a';
    if (text.length === 1) throw new Error('never');
  };
  const lists = [[], []];
  for (let at = 0; at < 100000; at++) lists[0][at] = lists[1][at] = at;
  const copies = round => {
    const from = lists[round % 2], to = lists[1 - round % 2];
    for (let at = 0; at < from.length; at++) to[at] = from[at];
  };
  return (rate(letters) + rate(copies)) / 2;
})()"""


def index(run: Callable[[str], Any]) -> float | None:
    """The machine's index, by something that runs a script in an empty page."""
    try:
        return number(run(_MEASURE))
    except ScanError:
        return None
