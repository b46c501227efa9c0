"""What names in and around a Java archive tell of its coordinates: none of it is certain, the best comes first.

``split`` reads ARTIFACT-VERSION, ``group`` ranks what may be the group id, ``common_package`` is the package that most
classes share. Manifests follow the JAR File Specification; symbolic names those of OSGi's bundle plugin for Maven.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from surveyor.scan.patterns import regex

_SNAPSHOT = regex(r"-(?P<version>\d[\w.]*-\d{8}\.\d{6}-\d+)$")
_VERSION = regex(r"-(?=v?\d)")
_GROUP = regex(r"[A-Za-z_][\w-]*(?:\.[\w-]+)+")
_SCALA = regex(r"_(?:2\.\d+|3)$")
_TOMCAT = regex(r"^tomcat\d*-")  # Debian puts the major version in
_NAME = 256
_STATED = ("implementation-version", "bundle-version", "specification-version")
#: Parents of everybody's packages: as a group id they say nothing.
_BARE = frozenset({"org.apache", "com.google", "com.sun", "net.sourceforge", "org.eclipse", "com.github", "io.github"})
_DIGITS = "0123456789"
_LINES = 500
_LETTERS = regex(r"[^a-z0-9]+")
_TITLES = (
    *("bundle-symbolicname", "bundle-name", "automatic-module-name", "implementation-title", "specification-title"),
    "extension-name",
)
_COMMONS = (
    *("beanutils", "chain", "cli", "codec", "collections", "configuration", "daemon", "dbcp", "dbutils", "digester"),
    *("discovery", "el", "fileupload", "httpclient", "io", "jelly", "jexl", "jxpath", "lang", "launcher", "logging"),
    *("math", "modeler", "net", "pool", "primitives", "validator"),
)
#: Artifacts whose archives do not say their group, because Ant or Gradle made them: what is left in the name, and the
#: group that the central repository has for it. The first that fits; ``*`` stands for any ending.
_KNOWN = (
    ("spring-boot*", "org.springframework.boot"),
    ("spring-security-*", "org.springframework.security"),
    ("spring-data-*", "org.springframework.data"),
    ("spring-cloud-*", "org.springframework.cloud"),
    ("spring-integration-*", "org.springframework.integration"),
    ("spring-batch-*", "org.springframework.batch"),
    ("spring-session-*", "org.springframework.session"),
    ("spring-kafka*", "org.springframework.kafka"),
    ("spring-rabbit*", "org.springframework.amqp"),
    ("spring-amqp", "org.springframework.amqp"),
    ("spring-ws-*", "org.springframework.ws"),
    ("spring-ldap-*", "org.springframework.ldap"),
    ("spring-hateoas", "org.springframework.hateoas"),
    ("spring-retry", "org.springframework.retry"),
    ("spring-*", "org.springframework"),
    ("reactor-netty*", "io.projectreactor.netty"),
    ("reactor-*", "io.projectreactor"),
    ("micrometer-*", "io.micrometer"),
    ("kotlin-*", "org.jetbrains.kotlin"),
    ("kotlinx-*", "org.jetbrains.kotlinx"),
    ("okhttp*", "com.squareup.okhttp3"),
    ("okio*", "com.squareup.okio"),
    ("retrofit", "com.squareup.retrofit2"),
    ("ktor-*", "io.ktor"),
    ("kafka-clients", "org.apache.kafka"),
    ("kafka_*", "org.apache.kafka"),
    ("connect-*", "org.apache.kafka"),
    ("lucene-*", "org.apache.lucene"),
    ("solr-*", "org.apache.solr"),
    ("elasticsearch*", "org.elasticsearch"),
    ("opensearch*", "org.opensearch"),
    ("poi", "org.apache.poi"),
    ("poi-*", "org.apache.poi"),
    ("tomcat-embed-*", "org.apache.tomcat.embed"),
    ("tomcat-*", "org.apache.tomcat"),
    ("log4j-over-slf4j", "org.slf4j"),
    ("log4j-*", "org.apache.logging.log4j"),
    ("asm", "org.ow2.asm"),
    ("asm-*", "org.ow2.asm"),
    ("ant", "org.apache.ant"),
    ("ant-*", "org.apache.ant"),
    ("antlr", "antlr"),
    ("antlr4*", "org.antlr"),
    ("ivy", "org.apache.ivy"),
    ("derby*", "org.apache.derby"),
    ("velocity*", "org.apache.velocity"),
    ("libthrift", "org.apache.thrift"),
    ("libfb303", "org.apache.thrift"),
    ("groovy*", "org.codehaus.groovy"),
    ("hibernate-validator*", "org.hibernate.validator"),
    ("hibernate-*", "org.hibernate"),
    ("bcprov-*", "org.bouncycastle"),
    ("bcpkix-*", "org.bouncycastle"),
    ("bcutil-*", "org.bouncycastle"),
    ("bcmail-*", "org.bouncycastle"),
    ("jackson-core-asl", "org.codehaus.jackson"),
    ("jackson-mapper-asl", "org.codehaus.jackson"),
    ("jackson-jaxrs", "org.codehaus.jackson"),
    ("gson", "com.google.code.gson"),
    ("jsr305", "com.google.code.findbugs"),
    ("guice*", "com.google.inject"),
    ("mysql-connector-java", "mysql"),
    ("mysql-connector-j", "com.mysql"),
    ("postgresql", "org.postgresql"),
    ("mssql-jdbc", "com.microsoft.sqlserver"),
    ("h2", "com.h2database"),
    ("hsqldb*", "org.hsqldb"),
    ("sqlite-jdbc", "org.xerial"),
    ("mockito-*", "org.mockito"),
    ("aspectjweaver", "org.aspectj"),
    ("aspectjrt", "org.aspectj"),
    ("aspectjtools", "org.aspectj"),
    ("graphql-java*", "com.graphql-java"),
    ("freemarker", "org.freemarker"),
    ("dom4j", "org.dom4j"),
    ("jdom2", "org.jdom"),
    ("xercesimpl", "xerces"),
    ("xalan", "xalan"),
    ("xml-apis", "xml-apis"),
    ("ehcache", "net.sf.ehcache"),
    ("activation", "javax.activation"),
    ("mail", "javax.mail"),
    ("xz", "org.tukaani"),
    ("lz4-java", "org.lz4"),
    ("rocksdbjni", "org.rocksdb"),
    ("jta", "javax.transaction"),
    ("transaction-api", "javax.transaction"),
    ("stax-api", "stax"),
    ("oro", "oro"),
    ("automaton", "dk.brics.automaton"),
    ("jdo-api", "javax.jdo"),
    ("javax.inject", "javax.inject"),
    ("arpack_combined_all", "net.sourceforge.f2j"),
    # older than the rule that groups are domains
    *((f"commons-{name}", f"commons-{name}") for name in _COMMONS),
)
_EXACT = {name: group for name, group in _KNOWN if not name.endswith("*")}
_BEGINNINGS = tuple((name[:-1], group) for name, group in _KNOWN if name.endswith("*"))


def main_section(data: bytes) -> dict[str, str]:
    """The main section of a manifest, keys in lower case, continued lines joined, without long lists of packages."""
    joined = data.replace(b"\r\n", b"\n").replace(b"\n ", b"").partition(b"\n\n")[0]
    pairs = (line.partition(b":") for line in joined.split(b"\n")[:_LINES])
    return {_text(key).lower(): _text(value) for key, colon, value in pairs if colon and key[-8:] != b"-Package"}


def split(stem: str, facts: Mapping[str, str]) -> tuple[str, str]:
    """Artifact and version of ``ARTIFACT-VERSION``; a version in the manifest decides where it begins, when it fits.

    Artifacts may hold numbers (``log4j-1.2-api-2.14.1``, ``module-scala_2.12-2.13.3``), so it is sought from the right;
    behind a stated version a classifier may stand (``-linux-x86_64``).
    """
    stated = [facts[key] for key in _STATED if facts.get(key)]
    if len(stem) > _NAME:
        return stem, ""
    for version in stated:
        if stem.endswith(f"-{version}"):
            return stem[: -len(version) - 1], version
        if (at := stem.rfind(f"-{version}-")) > 0:
            return stem[:at], version
    if snapshot := _SNAPSHOT.search(stem):
        return stem[: snapshot.start()], snapshot["version"]
    splits = [(stem[: at.start()], stem[at.end() :]) for at in _VERSION.finditer(stem)]
    dotted = [pair for pair in splits if "." in pair[1]]
    if splits:
        return (dotted or splits)[-1]
    if not stated:
        return stem, ""
    if not speaks_of(stem, facts) and speaks_of(bare := stem.rstrip(_DIGITS), facts, exactly=True):
        return bare, stated[0]  # Debian sets the major version behind it: junit4
    trusted = not _titles(facts) or speaks_of(stem, facts) or known(stem) or _is_tomcat(facts)
    return stem, stated[0] if trusted else ""


def published(artifact: str, facts: Mapping[str, str]) -> str:
    """The name under which the central repository has it: ``tomcat-catalina`` is ``catalina.jar`` in Tomcat itself."""
    return "tomcat-" + _TOMCAT.sub("", artifact) if _is_tomcat(facts) else artifact


def _is_tomcat(facts: Mapping[str, str]) -> bool:
    return facts.get("implementation-title", "").lower() == "apache tomcat"


def folded(name: str) -> str:
    """What is the same for names that packagers write in their own way: JavaEWAH is javaewah.jar in Debian."""
    return _LETTERS.sub("", name.lower()) or name


def speaks_of(name: str, facts: Mapping[str, str], *, exactly: bool = False) -> bool:
    """Whether a manifest is about the archive of this name: a title holds it, or is nothing else."""
    wanted = folded(name)
    titles = map(folded, _titles(facts))
    return bool(wanted) and any(wanted == title if exactly else wanted in title for title in titles)


def _titles(facts: Mapping[str, str]) -> list[str]:
    return [facts[key] for key in _TITLES if facts.get(key)]


def is_foreign(artifact: str, version: str, facts: Mapping[str, str]) -> bool:
    """Whether a manifest was taken over from a project that was shaded in: neither title nor version is the file's."""
    stated = [facts[key] for key in _STATED if facts.get(key)]
    known_by = any(version.startswith(one) or one.startswith(version) for one in stated)
    return bool(stated and _titles(facts)) and not known_by and not speaks_of(artifact, facts)


def bundled(facts: Mapping[str, str]) -> tuple[str, str, str] | None:
    """Group, artifact and version of the project that a manifest is about, by its vendor and its symbolic name.

    The bundle plugin leaves out what an artifact repeats of its group: where the title has that word and the rest has
    not, it is put back: ``org.apache.logging.log4j.slf4j-impl`` is ``log4j-slf4j-impl``.
    """
    owner, name = facts.get("implementation-vendor-id", ""), facts.get("bundle-symbolicname", "").partition(";")[0]
    version = next((facts[key] for key in _STATED if facts.get(key)), "")
    rest = name.removeprefix(f"{owner}.")
    if not (_GROUP.fullmatch(owner) and owner not in _BARE and version and rest != name):
        return None
    last = owner.rpartition(".")[2]
    title = facts.get("implementation-title", facts.get("bundle-name", "")).lower()
    repeated = last in _LETTERS.split(title) and last not in _LETTERS.split(rest.lower())
    return owner, f"{last}-{rest}" if repeated else rest, version


def group(artifact: str, facts: Mapping[str, str], package: Callable[[], str]) -> str | None:
    """The group id: what the vendor states, what is known of the artifact, its bundle, its module, its classes.

    ``package`` is asked last, since all names of the archive have to be read for it.
    """
    vendor = facts.get("implementation-vendor-id", "")
    vendor = vendor if _GROUP.fullmatch(vendor) or vendor == artifact else ""
    if vendor and vendor not in _BARE:
        return vendor
    names = (facts.get("bundle-symbolicname", "").partition(";")[0].strip(), facts.get("automatic-module-name", ""))
    ranked = (known(artifact), *(_of_bundle(artifact, name) for name in names))
    found = next((one for one in ranked if one and one not in _BARE), None) or package()
    return found if found and found not in _BARE else vendor or None


def known(artifact: str) -> str | None:
    """The group of an artifact that many know."""
    name = artifact.lower()
    return _EXACT.get(name) or next((found for start, found in _BEGINNINGS if name.startswith(start)), None)


def _of_bundle(artifact: str, name: str) -> str | None:
    """What is left of a symbolic name without the artifact.

    The bundle plugin writes GROUP.ARTIFACT, and leaves out what the artifact repeats of the group: ``org.jodd`` and
    ``jodd-core`` make ``org.jodd.core``. Scala's version in an artifact is in no bundle's name.
    """
    artifact = _SCALA.sub("", artifact)
    if not _GROUP.fullmatch(name):
        return None
    rest, _, last = name.rpartition(".")
    parts = re.split(r"[-_.]", artifact)
    if name.endswith(f".{artifact}"):
        rest = name[: -len(artifact) - 1]
        return rest if "." in rest else name
    if artifact == last or (parts[-1] == last and rest.rpartition(".")[2] == parts[0]):
        return rest if "." in rest else name
    for size in range(len(parts) - 1, 0, -1):  # org.scala-lang.modules.scala-xml, dots where the artifact has hyphens
        tail = "." + ".".join(parts[-size - 1 :])
        if name.endswith(tail):
            return name[: -len(tail)] if "." in name[: -len(tail)] else name
    return name if last in parts else None


def common_package(names: Iterable[bytes]) -> str:
    """The package below which nine of ten classes lie, of two to four parts; empty when there is none."""
    counts: Counter[tuple[bytes, ...]] = Counter()
    total = 0
    for folder, count in Counter(name.rpartition(b"/")[0] for name in names).items():
        folders = tuple(folder.split(b"/"))
        if not folder or folders[0] in {b"META-INF", b"BOOT-INF", b"WEB-INF"}:
            continue
        total += count
        for size in range(2, min(len(folders), 4) + 1):
            counts[folders[:size]] += count
    shared = [package for package, count in counts.items() if count * 10 >= total * 9]
    longest = max(shared, key=len, default=())
    return _text(b".".join(longest))


def _text(value: bytes) -> str:
    found = value.decode("utf-8", "backslashreplace").strip()
    return found if found.isprintable() else "".join(char for char in found if char.isprintable())
