"""Where advisories come from: one file per source, each with a function that fetches and one that normalises."""

from __future__ import annotations

from surveyor.scan.advise.feeds import osv

FEEDS = (osv,)
