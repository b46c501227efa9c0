"""What people read about loading."""

from __future__ import annotations

from surveyor.scan.check.interface import Table
from surveyor.scan.check.performance import words_causes, words_metrics

WORDS: Table = {**words_metrics.WORDS, **words_causes.WORDS}
