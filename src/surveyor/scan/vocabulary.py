"""The published names of stages, what each means and which words may follow it; and how a count is worded.

The first part of a name is the seed systems' vocabulary; readers may rely on every name here and on its prefix.
Counts are worded here because every part of the scanner words some, in events and in coverage, and this is the one
module below all of those parts that is about words.
Also what people call the files that can be scanned, for who may not import what opens them.
"""

from __future__ import annotations

#: Kinds of evidence that a language model adds, with its name as ``where``: behind the element or the ``group`` of
#: elements that it speaks of. They are nothing that was found on the target.
MODEL_KINDS = frozenset({"group", "model", "model_barrier", "model_no_barrier", "model_cannot_say"})

#: Evidence that says on how many pages of a site and of which templates a thing is: not what was seen there.
GROUP_KINDS = frozenset({"pages", "template"})

#: What is scanned, by the first word of its stages.
_FAMILIES = {
    "container": "a container image or root filesystem",
    "archive": "an archive or package file",
    "iso": "a disc image",
    "dmg": "an Apple disk image",
    "binary": "a program",
    "sbom": "a bill of materials",
}
#: Of which family an artifact is, by how its type begins; what is none of these is a container.
_TYPES = (("archive/", "archive"), ("iso", "iso"), ("dmg", "dmg"), ("binary/", "binary"), ("sbom/", "sbom"))
#: What is told of each; where bytes are walked, about once a second.
_PARTS = {
    "extract": "Opening {}; nothing is unpacked.",
    "extract.nested": "What was opened where it lies in {}: an artifact inside it, and how much is in that.",
    "layers": "The trees of {} are walked, of layers the newest first.",
    "packages": "Packages of the operating system in {}.",
    "packages.app": "Packages of applications in {}.",
    "osv.query": "The packages of {} are matched against advisories.",
    "enrich.nvd": "How many of the flaws of {} the NVD knows.",
    "enrich.epss": "How many of the flaws of {} have a probability of exploitation.",
    "enrich.kev": "How many of the flaws of {} are known to be exploited.",
    "hash": "The SHA-256 of {}.",
}
#: A stage, or the beginning of one, and what it tells.
STAGES = {
    "scan.start": "The scan begins.",
    "scan.open": "What was given is opened, and inflated when it is compressed as a whole, to see what it is.",
    "scan.summary": "Counts of packages and of findings by severity.",
    "scan.done": "The scan has ended with a report; `status` says whether it is complete.",
    "scan.error": "The scan has failed; the detail says what and where.",
    "scan.cancelled": "Somebody cancelled the scan.",
    "scan.retry": "The work was put back and is done again by another worker.",
    **{f"{family}.{part}": words.format(what) for family, what in _FAMILIES.items() for part, words in _PARTS.items()},
    "container.pull": "An image comes from a registry or from a local daemon; its layers are spooled as they are,"
    " those `known` from before only when they are needed.",
    "archive.type": "What kind of archive it is.",
    "binary.type": "What kind of program it is: elf, pe or mach-o.",
    "binary.hardening": "How the programs of any artifact are protected, of those that no system package owns.",
    "iso.detect": "Which tree of the disc is read, and the disc's name.",
    "iso.repodata": "Packages that a repository on the disc lists.",
    "osv": "The advisory database as a whole.",
    "osv.query": "One pass over all packages.",
    "osv.online": "OSV's API is asked about the packages, instead of a database.",
    "rematch": "A stored inventory is matched with newer advisories than its scan had; the artifact is not looked at.",
    "osv.update": "Advisories are brought up to date, ecosystem by ecosystem.",
    "epss.update": "Scores of how likely flaws are to be exploited are brought up to date.",
    "kev.update": "The list of flaws that are known to be exploited is brought up to date.",
    "nvd.update": "What NVD says of flaws and of products by name is brought up to date.",
    "redhat.update": "Red Hat's files are brought up to date, those on flaws and those on errata.",
    "debian.update": "What Debian's tracker says of its packages is brought up to date.",
    "alpine.update": "What Alpine's secdb says of its packages is brought up to date.",
    "debian.query": "How many packages Debian's tracker was asked about.",
    "alpine.query": "How many packages Alpine's secdb was asked about.",
    "nvd.enrich": "What the NVD knows of the flaws that were found.",
    "epss.enrich": "How likely the flaws that were found are to be exploited.",
    "kev.enrich": "Which of the flaws that were found are known to be exploited.",
    "redhat.query": "How many packages Red Hat's statements were asked about.",
    "evidence": "What was seen of pages is put into a file, by which they can be judged again.",
    "crawl": "Which pages of a site are looked at: its first page, and what that leads to.",
    "crawl.page": "One more page is looked at; `pages` is how many there are, `requests` how many were made.",
    "security": "Response headers, cookies, TLS, and what a site answers beside its page.",
    "security.fetch": "The page as the server answered it.",
    "security.grade": "A score of the page, under the name of its profile; `grade` is its letter, where it has one.",
    "seo": "What search engines and previews read: the page, its links, robots.txt and sitemaps.",
    "seo.fetch": "The page as the server answered it.",
    "seo.browser": "The page as a browser showed it, with what it asked for and must not have.",
    "accessibility.browser": "The page as a browser showed it, with what it asked for and must not have.",
    "seo.grade": "The score by Lighthouse's audits.",
    "accessibility": "Rules on the parsed page.",
    "accessibility.fetch": "The page as the server answered it.",
    "performance": "Core Web Vitals and what explains them.",
    "performance.engine": "What measures how the page loads: `psi`, `lab` or `lighthouse`, and on what device.",
    "performance.fetch": "What was measured: metrics by source, and the score that the engine gave.",
    "performance.grade": "The score by Lighthouse's curves.",
}

#: Words that may follow a stage; the last two set the event's level.
SUFFIXES = {
    "start": "it begins",
    "done": "it has ended well",
    "skip": "it was not done, by a setting",
    "warn": "it went on with less",
    "timing": "how long it took, in milliseconds",
    "err": "a part of it failed; the scan goes on",
    "error": "it failed",
}


#: What each acquirer takes of files, as people call it; nothing where it takes none, or none that anybody would offer.
FILES = {
    "oci": ("container image",),
    "docker": ("container image",),
    "remains": (),
    "rpm": ("RPM package",),
    "cpio": ("initrd", "cpio archive"),
    "iso": ("ISO",),
    "dmg": ("DMG",),
    "xar": ("macOS package",),
    "zip": (
        *("Android package", "Android bundle", "JAR", "WAR", "EAR", "wheel", "egg", "NuGet package", "conda package"),
        *("browser extension", "VS Code extension", "zip"),
    ),
    "deb": ("Debian package",),
    "gem": ("Ruby gem",),
    "tar": ("Alpine package", "Arch Linux package", "npm package", "Rust crate", "sdist", "tar"),
    "binary": ("ELF", "PE", "Mach-O"),
    "squashfs": ("SquashFS", "snap"),
    "sbom": ("CycloneDX or SPDX document",),
    "disk": ("ext4 filesystem", "disk image"),
    "directory": (),
    "manifest": (
        *("package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock", "poetry.lock", "uv.lock", "pixi.lock"),
        "requirements.txt",
        *("Cargo.lock", "go.mod", "Gemfile.lock", "composer.lock", "pom.xml", "gradle.lockfile", "packages.lock.json"),
    ),
}
#: The same by what people have in their hands: a heading, and the acquirers that belong there.
HEADINGS = {
    "Images": ("oci", "docker"),
    "Applications and packages": ("zip", "xar", "deb", "rpm", "gem", "tar"),
    "Discs and filesystems": ("iso", "dmg", "disk", "squashfs", "cpio"),
    "Programs and libraries": ("binary",),
    "Bills of materials": ("sbom",),
    "Lock files and manifests": ("manifest",),
}
#: What a file may be compressed with as a whole.
COMPRESSED = ("gzip", "zstd", "bzip2", "xz", "lzma", "lzip", "lz4", "lzop", "pbzx", "compress")


def family(type_: str) -> str:
    """The first word of the stages about artifacts of this type."""
    return next((family for begin, family in _TYPES if type_.startswith(begin)), "container")


def is_known(stage: str) -> bool:
    """Whether a name is published: a stage, or a stage and one suffix."""
    if stage in STAGES:
        return True
    head, _, last = stage.rpartition(".")
    return last in SUFFIXES and head in STAGES


def counted(count: int, noun: str) -> str:
    """A count with its noun: ``1 entry``, ``2,000 entries``. ``noun`` is singular, of a regular plural."""
    if count == 1:
        return f"1 {noun}"
    many = f"{noun[:-1]}ies" if noun.endswith("y") and noun[-2:-1] not in "aeiou" else f"{noun}s"
    return f"{count:,} {many}"


#: Metrics of how a page loads, in the order in which people read them.
METRICS = {
    "lcp": "Largest Contentful Paint",
    "cls": "Cumulative Layout Shift",
    "inp": "Interaction to Next Paint",
    "fcp": "First Contentful Paint",
    "tbt": "Total Blocking Time",
    "si": "Speed Index",
    "ttfb": "Time to First Byte",
    "tti": "Time to Interactive",
}
#: Who saw it, and what measured it.
SOURCES = {"field": "real visits", "origin": "real visits of the whole site", "lab": "laboratory"}
ENGINES = {"psi": "PageSpeed Insights", "lab": "Laboratory", "lighthouse": "Lighthouse"}
#: Where its value lies between its published bounds.
BANDS = {"good": "good", "middling": "needs improvement", "poor": "poor"}


def quantity(metric: str, value: float) -> str:
    """A value of a metric with its unit: seconds from one second on, and none for a shift."""
    if metric == "cls":
        return f"{value:.3f}"
    return f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:.0f} ms"


#: What an entry of coverage is about, in words; kinds take what follows the dot.
_SUBJECTS = {
    "gather.schemes": "The page over the other scheme",
    "gather.sharing": "What other origins may read",
    "gather.tls": "TLS",
    "gather.wellknown": "robots.txt, security.txt and llms.txt",
    "gather.exposed": "Files that should not be there",
    "gather.scripts": "Scripts of the page",
    "gather.libraries": "JavaScript libraries",
    "gather.links": "What the page names",
    "gather.sitemaps": "Sitemaps",
    "gather.mapped": "Addresses of sitemaps",
    "gather.browser": "The page in a browser",
    "gather.psi": "PageSpeed Insights",
    "gather.lab": "Measuring in Chromium",
    "gather.lighthouse": "Lighthouse",
    "links": "Addresses that the page names",
    "sitemaps": "Sitemaps of the site",
    "scripts": "Scripts of the page",
    "crawl": "Pages of the site",
    "crawl.page": "Page",
    "crawl.browser": "Loads in a browser",
    "advisories": "Advisory database",
    "scan": "The whole scan",
    "evidence": "The file of what was seen",
    "slot.performance": "Performance",
    "slot.security": "Security",
    "slot.seo": "SEO",
    "slot.accessibility": "Accessibility",
    "slot.artifact": "The artifact",
    "catalog": "Other kinds of packages",
    "acquire.image": "All files",
    "acquire.layer": "Layer",
    "acquire.file": "Outer file",
    "acquire.links": "Links",
    "acquire.referrals": "Files named by others",
    "acquire.overlay": "Layers over each other",
    "acquire.nested": "Artifacts inside",
    "acquire.remains": "Cut-off image",
    "acquire.docker": "Docker image",
    "acquire.oci": "OCI image",
    "acquire.iso": "Disc image",
    "acquire.disk": "Disk image",
    "acquire.cpio": "cpio archive",
    "acquire.dmg": "Disk image",
    "acquire.xar": "macOS package",
    "acquire.registry": "Image in a registry",
    "catalog.dpkg": "Debian packages",
    "catalog.dpkg_files": "Lists of Debian packages' files",
    "catalog.apk": "Alpine packages",
    "catalog.rpm": "RPM packages",
    "catalog.rpm_package": "RPM package files",
    "catalog.rpm_manifest": "RPM packages (manifest)",
    "catalog.repodata": "RPM repository",
    "catalog.debian_index": "Debian repository",
    "catalog.jar": "Java archives",
    "catalog.npm": "npm packages",
    "catalog.go": "Go modules",
    "catalog.hardening": "Protection of programs",
    "check.hardening": "Protection of programs",
    "checks": "Rules that could not look",
    "catalog.embedded": "Libraries inside programs",
    "catalog.sbom": "Bills of materials",
    "catalog.rust": "Rust crates",
    "catalog.python": "Python packages",
    "catalog.python_egg": "Python eggs",
    "acquire.deb": "Debian package",
    "acquire.rpm": "RPM package",
    "acquire.gem": "Ruby gem",
    "acquire.tar": "Tar archive",
    "acquire.directory": "Folder",
    "acquire.squashfs": "SquashFS filesystem",
    "acquire.binary": "Program",
    "acquire.sbom": "Bill of materials",
    "acquire.manifest": "Lock file or manifest",
    "acquire.zip": "Zip archive",
    "catalog.alpine_package": "Alpine package files",
    "catalog.android": "Android applications",
    "catalog.arch_package": "Arch Linux package files",
    "catalog.crate": "Rust crate files",
    "catalog.deb_package": "Debian package files",
    "catalog.gem_package": "Ruby gem files",
    "catalog.nuget_package": "NuGet package files",
    "catalog.vscode_extension": "Visual Studio Code extensions",
    "catalog.declared": "Declared dependencies",
    "catalog.gem": "Ruby gems",
    "catalog.dotnet": ".NET packages",
    "catalog.pe_version": "Windows programs",
    "catalog.elf_note": "Packages that programs name",
    "catalog.composer": "PHP packages (Composer)",
    "catalog.conda": "Conda packages",
    "catalog.opkg": "opkg packages",
    "catalog.pacman": "pacman packages",
    "catalog.pacman_files": "Lists of Arch Linux packages' files",
    "catalog.bun": "npm packages (bun.lock)",
    "catalog.bun_lockb": "npm packages (bun.lockb)",
    "catalog.cargo_lock": "Rust crates (Cargo.lock)",
    "catalog.cocoapods": "Pods (Podfile.lock)",
    "catalog.composer_lock": "PHP packages (composer.lock)",
    "catalog.conan": "C and C++ packages (Conan)",
    "catalog.conda_environment": "Conda packages (environment files)",
    "catalog.conda_lock": "Conda packages (lock files)",
    "catalog.gemfile_lock": "Ruby gems (Gemfile.lock)",
    "catalog.go_mod": "Go modules (go.mod)",
    "catalog.go_sum": "Go sums",
    "catalog.gradle": "Java packages (Gradle's locks)",
    "catalog.hackage": "Haskell packages",
    "catalog.hex_lock": "Erlang and Elixir packages",
    "catalog.maven_pom": "Java packages (pom.xml)",
    "catalog.npm_lock": "npm packages (package-lock.json)",
    "catalog.nuget_lock": ".NET packages (packages.lock.json)",
    "catalog.nuget_project": ".NET packages (project files)",
    "catalog.pipfile": "Python packages (Pipfile.lock)",
    "catalog.pnpm": "npm packages (pnpm-lock.yaml)",
    "catalog.pub": "Dart packages (pubspec.lock)",
    "catalog.python_lock": "Python packages (lock files)",
    "catalog.renv": "R packages (renv.lock)",
    "catalog.requirements": "Python packages (requirements files)",
    "catalog.swift": "Swift packages",
    "catalog.yarn": "npm packages (yarn.lock)",
    "catalog.debian_copyright": "Licences of Debian packages",
    "catalog.cran": "R packages",
    "catalog.julia": "Julia packages",
    "catalog.macos_bundle": "macOS and iOS bundles",
    "catalog.macos_receipt": "macOS receipts",
    "catalog.macos_pkg": "macOS packages",
    "catalog.snap": "Snaps",
    "catalog.pnp": "npm packages (yarn's cache)",
}
_KINDS = {
    "advisories": "Advisories for {}",
    "catalog": "{} packages",
    "check": "Check {}",
    "page": "A page: {}",
    "slot": "{}",
}
_STATES = {
    "looked": "looked at",
    "partial": "in part",
    "skipped": "skipped",
    "failed": "could not",
    "missing": "missing",
    "not_configured": "not set up",
}


def subject(what: str) -> str:
    """What an entry of coverage is about, as people call it; what has no name of its own loses its dots."""
    head, _, rest = what.partition(".")
    if what in _SUBJECTS:
        return _SUBJECTS[what]
    if head == "advisories" and rest:
        return _KINDS[head].format(rest)  # an ecosystem as its advisories call it: Alpine:v3.20
    return _KINDS[head].format(spoken(rest)) if rest and head in _KINDS else spoken(what)


def state(word: str) -> str:
    """What became of it, as people say it."""
    return _STATES.get(word, spoken(word))


def spoken(name: str) -> str:
    """A code of ours as words."""
    return name.replace("_", " ").replace(".", ", ")
