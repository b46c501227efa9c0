"""Hosts in a Content-Security-Policy that give any script a way in, and holes beside a policy of nonces.

The list is short and ours: hosts that serve a callback of the caller's choice (JSONP) or every version of frameworks
that run what stands in attributes. Each has an address that shows it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from surveyor.scan.check import policy, quoting
from surveyor.scan.check.document import Document
from surveyor.scan.check.interface import Check, Needs, Outcome
from surveyor.scan.check.policy import Policy
from surveyor.scan.model import Domain, Evidence

_NAME = "Content-Security-Policy"
_ANGULAR = "serves AngularJS, which runs expressions that stand in the page"
_ANY = "serves every npm package, those that run expressions in the page too"
_JSONP = "answers with a callback that the caller names"
_ANYBODY = "serves what anybody puts there"
#: Where everybody may have a name of their own: only a wildcard for all of them is a way in.
_HOSTING = (
    *(
        "appspot.com",
        "azureedge.net",
        "azurewebsites.net",
        "blob.core.windows.net",
        "cloudfront.net",
        "firebaseapp.com",
    ),
    *(
        "firebaseio.com",
        "github.io",
        "gitlab.io",
        "herokuapp.com",
        "netlify.app",
        "pages.dev",
        "r2.dev",
        "s3.amazonaws.com",
    ),
    *("surge.sh", "vercel.app", "web.app", "workers.dev"),
)
#: Host, a path of it that lets a script in, and why.
BYPASSES: tuple[tuple[str, str, str], ...] = (
    ("ajax.googleapis.com", "/ajax/libs/angularjs/1.8.2/angular.min.js", _ANGULAR),
    ("cdnjs.cloudflare.com", "/ajax/libs/angular.js/1.8.2/angular.min.js", _ANGULAR),
    ("code.angularjs.org", "/1.8.2/angular.min.js", _ANGULAR),
    ("cdn.jsdelivr.net", "/npm/angular@1.8.2/angular.min.js", _ANY),
    ("unpkg.com", "/angular@1.8.2/angular.min.js", _ANY),
    ("esm.sh", "/angular@1.8.2", _ANY),
    ("cdn.skypack.dev", "/angular", _ANY),
    ("raw.githack.com", "/angular/bower-angular/master/angular.min.js", _ANY),
    ("www.google.com", "/complete/search", _JSONP),
    ("accounts.google.com", "/o/oauth2/revoke", _JSONP),
    ("maps.googleapis.com", "/maps/api/js", _JSONP),
    ("www.googleapis.com", "/customsearch/v1", _JSONP),
    ("translate.googleapis.com", "/$discovery/rest", _JSONP),
    ("www.youtube.com", "/oembed", _JSONP),
    ("graph.facebook.com", "/", _JSONP),
    ("api.twitter.com", "/1/statuses/oembed.json", _JSONP),
    ("api.github.com", "/", _JSONP),
    ("api.flickr.com", "/services/feeds/photos_public.gne", _JSONP),
    ("en.wikipedia.org", "/w/api.php", _JSONP),
    ("api.vimeo.com", "/", _JSONP),
    ("vimeo.com", "/api/oembed.json", _JSONP),
    ("www.reddit.com", "/.json", _JSONP),
    ("mc.yandex.ru", "/watch/1", _JSONP),
    ("api.map.baidu.com", "/api", _JSONP),
    ("ajax.aspnetcdn.com", "/ajax/angularjs/1.8.2/angular.min.js", _ANGULAR),
    ("ajax.microsoft.com", "/ajax/angularjs/1.8.2/angular.min.js", _ANGULAR),
    ("yastatic.net", "/angularjs/1.3.8/angular.min.js", _ANGULAR),
    ("cdn.bootcdn.net", "/ajax/libs/angular.js/1.8.2/angular.min.js", _ANGULAR),
    ("cdn.staticfile.org", "/angular.js/1.8.2/angular.min.js", _ANGULAR),
    ("cdn.statically.io", "/gh/angular/bower-angular/master/angular.min.js", _ANY),
    ("gitcdn.link", "/repo/angular/bower-angular/master/angular.min.js", _ANY),
    ("rawcdn.githack.com", "/angular/bower-angular/v1.8.2/angular.min.js", _ANY),
    ("esm.run", "/angular@1.8.2", _ANY),
    ("ga.jspm.io", "/npm:angular@1.8.2/angular.js", _ANY),
    ("www.googletagmanager.com", "/gtm.js", "serves containers in which anybody may write a script"),
    ("www.googleadservices.com", "/pagead/conversion/1/", _JSONP),
    ("googleads.g.doubleclick.net", "/pagead/conversion/1/", _JSONP),
    ("cse.google.com", "/api/007627024705277327428/cse/x/queries/js", _JSONP),
    ("suggestqueries.google.com", "/complete/search", _JSONP),
    ("www.blogger.com", "/feeds/1/posts/default", _JSONP),
    ("api.instagram.com", "/oembed", _JSONP),
    ("www.linkedin.com", "/countserv/count/share", _JSONP),
    ("widgets.pinterest.com", "/v1/urls/count.json", _JSONP),
    ("api.tumblr.com", "/v2/blog/x/posts", _JSONP),
    ("public-api.wordpress.com", "/rest/v1.1/sites/x", _JSONP),
    ("geolocation.onetrust.com", "/cookieconsentpub/v1/geo/location", _JSONP),
    ("ipinfo.io", "/", _JSONP),
    ("wikipedia.org", "/w/api.php", _JSONP),
    ("suggest.taobao.com", "/sug", _JSONP),
    ("raw.githubusercontent.com", "/x/x/main/x.js", _ANYBODY),
    ("storage.googleapis.com", "/x/x.js", _ANYBODY),
    ("s3.amazonaws.com", "/x/x.js", _ANYBODY),
    *((f"anybody.{domain}", "/x.js", _ANYBODY) for domain in _HOSTING),
)


def judge(document: Document) -> Iterable[Outcome]:
    """Only a policy that restricts scripts at all can be bypassed."""
    page = document.page
    found = policy.parse(page.headers_of(_NAME), document.policies)
    if found is None or found.broken or found.dangling:
        return
    allowed = policy.flags(found)
    if not allowed.unsafe_inline and (ways := tuple(_ways(found))):
        yield Outcome(key="host", evidence=(*_quoted(document), *quoting.notes(ways, where=_NAME)))
    trusts = any(source.startswith(("'nonce-", "'sha")) for source in found.sources("script-src"))
    if not allowed.unsafe_inline and trusts and allowed.insecure_base_uri:
        yield Outcome(key="base_uri", evidence=_quoted(document))


def _quoted(document: Document) -> tuple[Evidence, ...]:
    page = document.page
    sent = quoting.header(page, _NAME) if page.header(_NAME) else ()
    return (*sent, *(Evidence(kind="element", where="meta", value=text[:1000]) for text in document.policies[:5]))


def _ways(found: Policy) -> Iterator[str]:
    for source in sorted(found.sources("script-src")):
        for host, path, why in BYPASSES:
            if _covers(source, host, path):
                yield f"{source} allows https://{host}{path}, which {why}"
                break


def _covers(source: str, host: str, path: str) -> bool:
    """Whether a host source matches an address: a wildcard for sub-domains, and a path where it has one."""
    rest = source.partition("://")[2] or source
    named, slash, folder = rest.partition("/")
    named = named.partition(":")[0]
    if not (named == host or (named.startswith("*.") and host.endswith(named[1:]))):
        return False
    wanted = slash + folder
    return not wanted or wanted == path.lower() or (wanted.endswith("/") and path.lower().startswith(wanted))


CHECK = Check(
    id="security_csp_bypass",
    version=1,
    domain=Domain.SECURITY,
    outcomes=("host", "base_uri"),
    needs=Needs.PAGE,
    page=judge,
    headers=(_NAME,),
)
