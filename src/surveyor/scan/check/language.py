"""Whether a text is a language tag with a language that exists (BCP 47)."""

from __future__ import annotations

import re

from surveyor.scan.patterns import regex

_TAG = regex(r"([a-z]{2,3}|[a-z]{4,8})((?:-[a-z0-9]{1,8})*)", re.IGNORECASE)

#: The two-letter codes of ISO 639-1.
_TWO = frozenset(
    """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee
    el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik in io
    is it iu iw ja ji jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml
    mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd
    se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi
    vo wa wo xh yi yo za zh zu
    """.split()  # noqa: SIM905 - a table
)


def is_tag(text: str) -> bool:
    """Whether a voice can be chosen by it: its primary language is a known code, or one of three letters."""
    found = _TAG.fullmatch(text.strip())
    if found is None:
        return False
    primary = found[1].lower()
    return primary in _TWO if len(primary) == 2 else len(primary) == 3
