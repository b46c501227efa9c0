"""What people read about what makes a page slow."""

from __future__ import annotations

from surveyor.scan.check.interface import Table, Words
from surveyor.scan.model import Severity

_WEB, _DOCS = "https://web.dev/articles", "https://developer.chrome.com/docs/lighthouse/performance"


def _one(title: str, severity: Severity, description: str, fix: str, steps: tuple[str, ...], *references: str) -> Words:
    return Words(title=title, severity=severity, description=description, fix=fix, steps=steps, references=references)


_CACHE = (
    "Static files kept in caches too briefly",
    "Visitors who come back load files again that have not changed.",
    "Let browsers keep static files for a year, under names that change with their content.",
    (
        "Put a hash of the content into the file's name when you build the site.",
        "Send Cache-Control: public, max-age=31536000, immutable for such names, in the server's configuration.",
    ),
    f"{_WEB}/http-cache",
)
_HEAVY = (
    "Page heavy",
    "The page takes many bytes, which cost visitors on mobile connections time and money.",
    "Send less, and later what is not seen at once.",
    (
        "Begin with the largest files in the evidence: pictures in the size they are shown, no script that nothing needs.",
        "Load videos, maps and chats when somebody asks for them.",
    ),
    f"{_DOCS}/total-byte-weight",
)
_DOM = (
    "Page of very many elements",
    "Every style and every change of the page has to be worked out for all of them.",
    "Build what is not seen only when it is needed.",
    (
        "Show long lists and tables in parts (pagination, or virtual scrolling).",
        "Set content-visibility: auto for long sections below the first screen.",
    ),
    f"{_WEB}/dom-size-and-interactivity",
)

WORDS: Table = {
    "performance_lcp_image": {
        "lazy": _one(
            "Largest image loaded lazily",
            Severity.MEDIUM,
            "The most visible picture has loading=lazy, so the browser asks for it only after layout.",
            "Remove loading=lazy from the picture.",
            (
                "Remove the attribute, or the script that loads it lazily.",
                "Keep it for pictures below the first screen.",
            ),
            f"{_WEB}/lcp-lazy-loading",
        ),
        "hidden": _one(
            "Largest image not named in the markup",
            Severity.MEDIUM,
            "A style sheet or a script names the most visible picture, so the browser learns of it late.",
            "Name the picture in the markup that the server sends.",
            (
                "Use an img element with src or srcset instead of a background or a script.",
                "Where that cannot be, preload it: <link rel=preload as=image fetchpriority=high href=…>.",
            ),
            f"{_WEB}/optimize-lcp",
        ),
        "no_priority": _one(
            "Largest image without priority",
            Severity.LOW,
            "The browser loads the most visible picture after scripts and others that came first.",
            "Give the picture fetchpriority=high.",
            ("Set the attribute on this one picture, and on no other.",),
            f"{_WEB}/fetch-priority",
        ),
    },
    "performance_render_blocking": {
        "blocking": _one(
            "Scripts and styles that block rendering",
            Severity.MEDIUM,
            "Nothing is shown until these files are there and have run.",
            "Load what the first screen does not need without waiting for it.",
            (
                "Set defer (or async) on scripts in the head, or move them to its end as modules.",
                "Put the styles of the first screen into the page and load the rest by media or a late link.",
                "Join small style sheets, and import none from another.",
            ),
            f"{_DOCS}/render-blocking-resources",
        )
    },
    "performance_redirects": {
        "chain": _one(
            "Several redirects before the page",
            Severity.LOW,
            "Each redirect costs a visitor a round trip before anything can load.",
            "Redirect at once to where the page is.",
            ("Let the first redirect name the last address.", "Link to the last address yourself."),
            f"{_DOCS}/redirects",
        )
    },
    "performance_compression": {
        "plain": _one(
            "Texts sent without compression",
            Severity.MEDIUM,
            "Texts shrink to about a third when they are compressed.",
            "Switch on compression of texts in the server.",
            (
                "Switch on brotli or zstd, and gzip beside it, for HTML, CSS, JavaScript, JSON and SVG.",
                "Compress static files once when you build the site.",
            ),
            f"{_DOCS}/uses-text-compression",
        )
    },
    "performance_unused_javascript": {
        "unused": _one(
            "JavaScript that is not used at first",
            Severity.MEDIUM,
            "Much of these scripts does not run until the page is there, and is loaded and read before all the same.",
            "Split scripts, and load what is needed later when it is needed.",
            (
                "Import parts of the application dynamically, by page or by what visitors open.",
                "Replace libraries of which little is used, or import only that.",
                "Remove tags and plugins that no page needs any more.",
            ),
            f"{_DOCS}/unused-javascript",
        )
    },
    "performance_unused_css": {
        "unused": _one(
            "Styles that are not used",
            Severity.LOW,
            "Most rules of these style sheets fit nothing of the page, and the page waits for them.",
            "Send the page the rules that it needs.",
            ("Split style sheets by page or part.", "Remove rules that fit nothing when you build the site."),
            f"{_DOCS}/unused-css-rules",
        )
    },
    "performance_legacy_javascript": {
        "legacy": _one(
            "JavaScript for browsers of the past",
            Severity.LOW,
            "Scripts bring along what every browser in use has, or say in more words what all understand.",
            "Build scripts for today's browsers.",
            ("Set the build's target to Baseline (browserslist) and drop polyfills that it no longer needs.",),
            "https://developer.chrome.com/docs/performance/insights/legacy-javascript",
        )
    },
    "performance_duplicate_javascript": {
        "duplicate": _one(
            "The same module in several scripts",
            Severity.LOW,
            "Visitors load and run the same code more than once.",
            "Bring each module along once.",
            ("Let the build put what several bundles need into one of its own.", "Agree on one version of a library."),
            "https://developer.chrome.com/docs/performance/insights/duplicated-javascript",
        )
    },
    "performance_long_tasks": {
        "long": _one(
            "Long tasks on the main thread",
            Severity.MEDIUM,
            "While one piece of work runs, the page answers no click and no key.",
            "Break up the work, and let the browser answer in between.",
            (
                "Yield between pieces (scheduler.yield, setTimeout), and do what is not seen later.",
                "Move computation that touches no element into a worker.",
                "Hydrate or start parts of the page when they come into sight.",
            ),
            f"{_WEB}/optimize-long-tasks",
        )
    },
    "performance_third_parties": {
        "blocking": _one(
            "Third parties keep the page busy",
            Severity.MEDIUM,
            "Scripts of others work on the page's own thread and keep it from answering.",
            "Keep those that somebody needs, and start them late.",
            (
                "Ask for each who uses what it gives, and remove the rest.",
                "Load chats, videos and maps behind a picture of themselves that visitors click.",
                "Load the rest with defer, or after the page has come to rest.",
            ),
            f"{_WEB}/efficiently-load-third-party-javascript",
        ),
        "heavy": _one(
            "Third parties heavy",
            Severity.LOW,
            "A large part of what visitors load is not the page's own.",
            "Keep those that somebody needs, and host small things yourself.",
            ("Ask for each who uses what it gives, and remove the rest.", "Host fonts and libraries yourself."),
            f"{_WEB}/efficiently-load-third-party-javascript",
        ),
    },
    "performance_image_size": {
        "large": _one(
            "Images larger than they are shown",
            Severity.MEDIUM,
            "Images have more pixels than the screen shows, and all of them are loaded.",
            "Offer images in several sizes, and let the browser choose.",
            (
                "Make each in three or four widths, and name them in srcset with sizes.",
                "Or let an image service scale by the width that is asked for.",
            ),
            f"{_WEB}/serve-responsive-images",
        )
    },
    "performance_image_format": {
        "old": _one(
            "Images in old formats",
            Severity.LOW,
            "AVIF and WebP show the same picture in fewer bytes.",
            "Serve images as AVIF or WebP.",
            (
                "Convert them when you build the site, and offer both by <picture> or by the Accept header.",
                "Compress what stays JPEG to a quality of about 75.",
            ),
            f"{_WEB}/choose-the-right-image-format",
        ),
        "animation": _one(
            "Animations as GIF",
            Severity.LOW,
            "A video shows the same in a fraction of the bytes.",
            "Serve animations as video.",
            ("Convert them to MP4 or WebM, and show them by <video autoplay muted loop playsinline>.",),
            f"{_WEB}/replace-gifs-with-videos",
        ),
    },
    "performance_image_lazy": {
        "eager": _one(
            "Images below the first screen loaded at once",
            Severity.LOW,
            "They compete with what visitors see first, and many are never scrolled to.",
            "Load images below the first screen lazily.",
            ("Set loading=lazy on them, and on none of the first screen.",),
            f"{_WEB}/browser-level-image-lazy-loading",
        )
    },
    "performance_image_dimensions": {
        "unsized": _one(
            "Images without width and height",
            Severity.LOW,
            "What stands below them jumps when they arrive.",
            "Say how much room an image takes.",
            ("Set the attributes width and height, and height: auto in the styles; or aspect-ratio.",),
            f"{_WEB}/optimize-cls",
        )
    },
    "performance_font_display": {
        "hidden": _one(
            "Text hidden until fonts arrive",
            Severity.LOW,
            "Text in these fonts is not shown for up to three seconds while they load.",
            "Show text in another font until its own is there.",
            (
                "Set font-display: swap (or optional, which moves nothing) in every @font-face.",
                "Preload the one or two fonts of the first screen.",
            ),
            f"{_DOCS}/font-display",
        )
    },
    "performance_cache_lifetime": {
        "none": _one(_CACHE[0], Severity.MEDIUM, _CACHE[1], _CACHE[2], _CACHE[3], _CACHE[4]),
        "short": _one(_CACHE[0], Severity.LOW, _CACHE[1], _CACHE[2], _CACHE[3], _CACHE[4]),
    },
    "performance_weight": {
        "very": _one(_HEAVY[0], Severity.MEDIUM, _HEAVY[1], _HEAVY[2], _HEAVY[3], _HEAVY[4]),
        "heavy": _one(_HEAVY[0], Severity.LOW, _HEAVY[1], _HEAVY[2], _HEAVY[3], _HEAVY[4]),
    },
    "performance_http_version": {
        "old": _one(
            "Many requests over HTTP/1",
            Severity.LOW,
            "Over HTTP/1 a browser has six connections to a host, and everything else waits for one of them.",
            "Speak HTTP/2 or HTTP/3.",
            ("Switch it on in the server or in the proxy in front of it.",),
            "https://developer.chrome.com/docs/performance/insights/modern-http",
        )
    },
    "performance_dom_size": {
        "very": _one(_DOM[0], Severity.MEDIUM, _DOM[1], _DOM[2], _DOM[3], _DOM[4]),
        "large": _one(_DOM[0], Severity.LOW, _DOM[1], _DOM[2], _DOM[3], _DOM[4]),
    },
}
