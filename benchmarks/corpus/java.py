"""Java archives: real jars from two sdists of Apache projects and from Debian; a WAR, an EAR, a fat jar of them."""

from __future__ import annotations

import io
import shutil
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from benchmarks.corpus.archives import zipped
from benchmarks.corpus.workshop import Missing, Piece, Workshop

FLINK, SPARK = "apache-flink-libraries==1.14.0", "pyspark==3.3.0"
LOG4J = "log4j-core-2.14.1.jar"
#: Jars as they are: where they come from, and why they are here.
JARS = (
    (FLINK, LOG4J, "plain, with Maven metadata"),
    (FLINK, "flink-dist_2.11-1.14.0.jar", "143 MB, shaded, a nested jar"),
    (FLINK, "flink-table_2.11-1.14.0.jar", "a Scala name"),
    (SPARK, "hadoop-client-runtime-3.3.2.jar", "shaded: other projects' pom.properties"),
    (SPARK, "jackson-module-scala_2.12-2.13.3.jar", "a name with a version-like suffix"),
    (SPARK, "scala-library-2.12.15.jar", "a manifest only"),
    (SPARK, "guava-14.0.1.jar", "an OSGi manifest"),
)
#: What a web application carries in WEB-INF/lib.
LIBRARIES = (
    "commons-lang3-3.12.0.jar",
    "jackson-databind-2.13.3.jar",
    "jackson-core-2.13.3.jar",
    "snappy-java-1.1.8.4.jar",
)
WEB = '<web-app xmlns="http://java.sun.com/xml/ns/javaee" version="3.0"></web-app>'
MANIFEST = "Manifest-Version: 1.0\r\nImplementation-Title: {title}\r\nImplementation-Version: {version}\r\n"


def jars(shop: Workshop) -> Path:
    """Every jar of the two sdists, by its name."""

    def fill(folder: Path) -> None:
        for requirement in (FLINK, SPARK):
            with tarfile.open(shop.sdist(requirement)) as archive:
                for member in archive:
                    if member.name.endswith(".jar") and member.isfile():
                        content = archive.extractfile(member)
                        assert content
                        with (folder / Path(member.name).name).open("wb") as out:
                            shutil.copyfileobj(content, out)

    return shop.kept("jars", fill)


def jar_path(shop: Workshop, name: str) -> Path:
    found = jars(shop) / name
    if not found.is_file():
        raise Missing(f"{name} among the jars")
    return found


def jar(name: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        shutil.copy(jar_path(shop, name), target)

    return make


def war(shop: Workshop, target: Path) -> None:
    """A web application of five libraries, with its own Maven coordinates."""
    own = "groupId=example.shop\nartifactId=shop-web\nversion=1.2.3\n"
    files: dict[str, str | bytes | Path] = {
        "META-INF/MANIFEST.MF": MANIFEST.format(title="shop-web", version="1.2.3"),
        "META-INF/maven/example.shop/shop-web/pom.properties": own,
        "WEB-INF/web.xml": WEB,
    }
    files |= {f"WEB-INF/lib/{name}": jar_path(shop, name) for name in (*LIBRARIES, LOG4J)}
    zipped(target, files)


def ear(shop: Workshop, target: Path) -> None:
    """An enterprise application around that web application: jars at depth three."""
    inner = shop.scratch("ear") / "shop-web.war"
    war(shop, inner)
    files: dict[str, str | bytes | Path] = {
        "META-INF/MANIFEST.MF": MANIFEST.format(title="shop", version="1.2.3"),
        "META-INF/application.xml": "<application><display-name>shop</display-name></application>",
        "shop-web.war": inner,
        "lib/log4j-api-2.14.1.jar": jar_path(shop, "log4j-api-2.14.1.jar"),
    }
    zipped(target, files)


def fat(shop: Workshop, target: Path) -> None:
    """An executable jar as Spring Boot packs it: libraries stored, not compressed, under ``BOOT-INF/lib``."""
    manifest = MANIFEST.format(title="shop-boot", version="2.0.0") + "Spring-Boot-Version: 2.6.1\r\n"
    files: dict[str, str | bytes | Path] = {"META-INF/MANIFEST.MF": manifest}
    files |= {f"BOOT-INF/lib/{name}": jar_path(shop, name) for name in (*LIBRARIES, LOG4J, "log4j-api-2.14.1.jar")}
    zipped(target, files, method=zipfile.ZIP_STORED)


def shaded(shop: Workshop, target: Path) -> None:
    """An application with log4j's classes merged into it, as the shade plugin does."""
    own = "groupId=example.shop\nartifactId=shop-all\nversion=9.9.9\n"
    files: dict[str, str | bytes | Path] = {
        "META-INF/MANIFEST.MF": MANIFEST.format(title="shop-all", version="9.9.9"),
        "META-INF/maven/example.shop/shop-all/pom.properties": own,
    }
    with zipfile.ZipFile(jar_path(shop, LOG4J)) as archive:
        files |= {name: archive.read(name) for name in archive.namelist() if name[-1] != "/" and name not in files}
    zipped(target, files)


def debian(package: str, name: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        found = [path for path in sorted(shop.deb_tree(package).rglob("*.jar")) if path.is_file() and name in path.name]
        if not found:
            raise Missing(f"{name} in the package {package}")
        target.write_bytes(found[0].read_bytes())

    return make


def anonymous(shop: Workshop, target: Path) -> None:
    """A jar under a name that says nothing, and with all that names it inside: only the metadata can tell."""
    target.write_bytes(jar_path(shop, LOG4J).read_bytes())


def bare(shop: Workshop, target: Path) -> None:
    """A jar stripped of its metadata: only its file name can tell."""
    with zipfile.ZipFile(jar_path(shop, LOG4J)) as archive, io.BytesIO() as out:
        with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as written:
            for name in archive.namelist():
                if not name.startswith("META-INF/"):
                    written.writestr(zipfile.ZipInfo(name), archive.read(name))
        target.write_bytes(out.getvalue())


J = "formats/java"
PIECES = (
    *(Piece(path=f"{J}/{name}", how=f"{why}; from {source}", make=jar(name)) for source, name, why in JARS),
    Piece(path=f"{J}/shop-web.war", how="our own writer, jars of the sdists", make=war),
    Piece(path=f"{J}/shop.ear", how="our own writer, the WAR inside", make=ear),
    Piece(path=f"{J}/shop-boot.jar", how="our own writer, libraries stored", make=fat),
    Piece(path=f"{J}/shop-all.jar", how="our own writer, log4j shaded", make=shaded),
    Piece(path=f"{J}/renamed.jar", how="log4j-core 2.14.1 under another name", make=anonymous),
    Piece(path=f"{J}/log4j-core-2.14.0.jar", how="2.14.1 without META-INF, another version in its name", make=bare),
    Piece(
        path=f"{J}/jackson-databind-debian.jar", how="from Debian", make=debian("libjackson2-databind-java", "databind")
    ),
)
