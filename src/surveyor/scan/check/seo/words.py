"""What people read about being found and shared."""

from __future__ import annotations

from surveyor.scan.check.interface import Table
from surveyor.scan.check.seo import words_address, words_around, words_markup, words_script, words_text

WORDS: Table = {
    **words_text.WORDS,
    **words_address.WORDS,
    **words_markup.WORDS,
    **words_around.WORDS,
    **words_script.WORDS,
}
