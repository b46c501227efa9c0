"""Package archives: Debian, Alpine, Ruby, Rust, Python, source trees, and zips that have a name of their own."""

from __future__ import annotations

import bz2
import gzip
import hashlib
import io
import json
import lzma
import plistlib
import shutil
import struct
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.corpus.discs import application
from benchmarks.corpus.mac import FRAMEWORK, PLIST
from benchmarks.corpus.workshop import MOMENT, Missing, Piece, Workshop, write

#: Debian packages, for what is inside them: a library, Python, npm, Ruby, Java, Go and Rust programs.
DEBS = ("libssl3", "python3-requests", "node-lodash", "ruby-rack", "liblog4j2-java", "umoci", "ripgrep")
DAY = (2023, 11, 14, 22, 13, 20)


def tarred(files: Mapping[str, str | bytes], *, end: bool = True, prefix: str = "") -> bytes:
    """A tar of named contents; without ``end`` as abuild cuts its first two parts."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in files.items():
            body = content.encode() if isinstance(content, str) else content
            info = tarfile.TarInfo(prefix + name)
            info.size, info.mtime = len(body), MOMENT
            archive.addfile(info, io.BytesIO(body))
        stop = archive.offset
    return out.getvalue() if end else out.getvalue()[:stop]


def zipped(target: Path, files: Mapping[str, str | bytes | Path], *, method: int = zipfile.ZIP_DEFLATED) -> None:
    """A zip of named contents, in their order."""
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in files.items():
            info = zipfile.ZipInfo(name, DAY)
            info.compress_type = method
            info.external_attr = 0o644 << 16
            archive.writestr(info, content.read_bytes() if isinstance(content, Path) else content)


def inside(archive: Path, name: str) -> bytes:
    """One member of an npm or Python distribution, by the end of its name."""
    if archive.suffix in {".whl", ".zip"}:
        with zipfile.ZipFile(archive) as opened:
            if found := [each for each in opened.namelist() if each.endswith(name)]:
                return opened.read(found[0])
            raise Missing(f"{name} in {archive.name}")
    with tarfile.open(archive) as opened:
        member = next((each for each in opened if each.name.endswith(name)), None)
        found = opened.extractfile(member) if member else None
        if not found:
            raise Missing(f"{name} in {archive.name}")
        return found.read()


def deb(name: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        shutil.copy(shop.deb(name), target)

    return make


def repacked(compression: str) -> Callable[[Workshop, Path], None]:
    """A Debian package with another compression of its data, by dpkg-deb where it still writes it, else by hand."""

    def make(shop: Workshop, target: Path) -> None:
        root = shop.scratch("deb")
        shop.run("dpkg-deb", "-R", shop.deb("python3-requests"), root)
        if compression in {"none", "gzip", "zstd", "xz"}:
            shop.run("dpkg-deb", "-b", "--root-owner-group", f"-Z{compression}", root, target)
            return
        plain = shop.scratch("plain") / "plain.deb"
        shop.run("dpkg-deb", "-b", "--root-owner-group", "-Znone", root, plain)
        shop.run("ar", "x", plain, cwd=plain.parent)
        data = (plain.parent / "data.tar").read_bytes()
        name, packed = {
            "bzip2": ("data.tar.bz2", bz2.compress(data)),
            "lzma": ("data.tar.lzma", lzma.compress(data, format=lzma.FORMAT_ALONE)),
        }[compression]
        (plain.parent / name).write_bytes(packed)
        control = gzip.compress((plain.parent / "control.tar").read_bytes(), mtime=0)
        (plain.parent / "control.tar.gz").write_bytes(control)
        shop.run("ar", "rcD", target, "debian-binary", "control.tar.gz", name, cwd=plain.parent)

    return make


PKGINFO = """pkgname = acme-shop
pkgver = 1.36.1-r5
pkgdesc = A shop
url = https://shop.example/
builddate = 1700000000
packager = Corpus <corpus@shop.example>
size = 4096
arch = x86_64
origin = acme
license = GPL-2.0-only
depend = so:libc.musl-x86_64.so.1
datahash = {datahash}
"""


def alpine(_: Workshop, target: Path) -> None:
    """An Alpine package as abuild writes it: signature, control and data, each a gzip stream of its own."""
    data = gzip.compress(
        tarred(
            {
                "usr/bin/acme": "#!/bin/sh\n",
                "usr/lib/node_modules/lodash/package.json": '{"name": "lodash", "version": "4.17.15"}',
            }
        ),
        mtime=0,
    )
    control = PKGINFO.format(datahash=hashlib.sha256(data).hexdigest())
    signature = tarred({".SIGN.RSA.corpus@shop.example-1.rsa.pub": bytes(256)}, end=False)
    parts = (signature, tarred({".PKGINFO": control}, end=False))
    target.write_bytes(b"".join(gzip.compress(part, mtime=0) for part in parts) + data)


GEMSPEC = """Gem::Specification.new do |s|
  s.name = "acme-shop"
  s.version = "{version}"
  {platform}
  s.summary = "A shop"
  s.authors = ["Corpus"]
  s.homepage = "https://shop.example/"
  s.licenses = ["MIT", "BSD-2-Clause"]
  s.files = ["lib/acme.rb"]
  s.add_dependency "rack", "~> 2.2"
end
"""


def gem(version: str, platform: str = "") -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        root = shop.scratch("gem")
        chosen = f's.platform = "{platform}"' if platform else ""
        write(
            root,
            {"acme.gemspec": GEMSPEC.format(version=version, platform=chosen), "lib/acme.rb": "module Acme; end\n"},
        )
        shop.run("gem", "build", "-q", "acme.gemspec", "-o", target, cwd=root)

    return make


def debian_gem(shop: Workshop, target: Path) -> None:
    """Rack as a ``.gem``, built from the files and the specification in Debian's package."""
    root = shop.scratch("gem")
    tree = shop.deb_tree("ruby-rack")
    shutil.copytree(next(tree.rglob("rack.rb")).parent, root / "lib", dirs_exist_ok=True)
    spec = next(tree.rglob("rack-*.gemspec")).read_text()
    more = "spec.files = Dir['lib/**/*.rb']\nspec.executables = []\nspec\n"
    write(root, {"rack.gemspec": f"spec = eval({json.dumps(spec)})\n{more}"})
    shop.run("gem", "build", "-q", "--force", "rack.gemspec", "-o", target, cwd=root)


def crate(shop: Workshop, target: Path) -> None:
    """A crate by ``cargo package``, with the dependencies that Debian's own crates lock."""
    root = shop.scratch("crate")
    registry = shop.deb_tree("librust-itoa-dev") / "usr/share/cargo/registry"
    cargo = '[package]\nname = "acme-shop"\nversion = "0.7.1"\nedition = "2021"\nlicense = "MIT OR Apache-2.0"\n'
    cargo += 'description = "A shop"\n[dependencies]\nitoa = "1"\n[[bin]]\nname = "acme-shop"\npath = "src/main.rs"\n'
    replace = f'[source.crates-io]\nreplace-with = "d"\n[source.d]\ndirectory = "{registry}"\n'
    write(root, {"Cargo.toml": cargo, "src/main.rs": "fn main() {}\n", ".cargo/config.toml": replace})
    shop.run("cargo", "package", "-q", "--offline", "--no-verify", "--allow-dirty", cwd=root)
    shutil.copy(next(root.glob("target/package/*.crate")), target)


def sdist(requirement: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        shutil.copy(shop.sdist(requirement), target)

    return make


def wheel(requirement: str, platform: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        shutil.copy(shop.pip(requirement, "--platform", platform, "--python-version", "3.12"), target)

    return make


def any_wheel(requirement: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        shutil.copy(shop.pip(requirement), target)

    return make


def egg(_: Workshop, target: Path) -> None:
    """A zipped egg, as setuptools installed them."""
    info = "Metadata-Version: 1.1\nName: acme-shop\nVersion: 3.0.1\nLicense: MIT\n"
    zipped(target, {"acme/__init__.py": "", "EGG-INFO/PKG-INFO": info, "EGG-INFO/top_level.txt": "acme\n"})


def npm(requirement: str) -> Callable[[Workshop, Path], None]:
    def make(shop: Workshop, target: Path) -> None:
        shutil.copy(shop.npm(requirement), target)

    return make


def member(requirement: str, name: str, *, client: str = "npm") -> Callable[[Workshop, Path], None]:
    """A file that a distribution carries."""

    def make(shop: Workshop, target: Path) -> None:
        target.write_bytes(inside(shop.npm(requirement) if client == "npm" else shop.pip(requirement), name))

    return make


#: The program that writes each compression of a tar.
PACKERS: dict[str, tuple[str, ...]] = {
    "": (),
    "gz": ("gzip", "-9nc"),
    "bz2": ("bzip2", "-c"),
    "xz": ("xz", "-c"),
    "lzma": ("xz", "--format=lzma", "-c"),
    "zst": ("zstd", "-qc"),
    "lz4": ("lz4", "-qc"),
}


def tree(compression: str) -> Callable[[Workshop, Path], None]:
    """A source tree with lock files, as people hand it out: one folder in a compressed tar."""

    def make(shop: Workshop, target: Path) -> None:
        root = shop.scratch("tree") / "shop-1.0"
        application(root)
        lock = {"name": "shop", "version": "1.0.0", "lockfileVersion": 3, "packages": {
            "": {"name": "shop", "version": "1.0.0", "dependencies": {"minimist": "1.2.0"}},
            "node_modules/minimist": {"version": "1.2.0", "integrity": "sha512-AAAA", "license": "MIT"},
        }}  # fmt: skip
        write(root, {"package-lock.json": json.dumps(lock), "requirements.txt": "flask==1.0\njinja2==2.10\n"})
        data = shop.run("tar", "--sort=name", f"--mtime=@{MOMENT}", "-cf", "-", root.name, cwd=root.parent)
        program = PACKERS[compression]
        target.write_bytes(shop.run(*program, stdin=data) if program else data)

    return make


def plain_zip(shop: Workshop, target: Path) -> None:
    """The application, zipped."""
    root = shop.scratch("zip")
    application(root / "shop")
    zipped(target, {str(path.relative_to(root)): path for path in sorted(root.rglob("*")) if path.is_file()})


RELATIONS = (
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship'
    ' Type="http://schemas.microsoft.com/packaging/2010/07/manifest" Target="/Acme.Shop.nuspec" Id="R1" />'
    "</Relationships>"
)
NUSPEC = """<?xml version="1.0" encoding="utf-8"?>
<package xmlns="http://schemas.microsoft.com/packaging/2013/05/nuspec.xsd">
  <metadata>
    <id>Acme.Shop</id>
    <version>4.2.1</version>
    <authors>Corpus</authors>
    <license type="expression">MIT</license>
    <description>A shop</description>
    <dependencies>
      <group targetFramework="net6.0"><dependency id="Newtonsoft.Json" version="13.0.1" /></group>
    </dependencies>
  </metadata>
</package>
"""


def nupkg(shop: Workshop, target: Path) -> None:
    """A NuGet package, with a real assembly and its ``deps.json`` inside."""
    wheel = shop.pip("pythonnet==3.0.5")
    zipped(
        target,
        {
            "_rels/.rels": RELATIONS,
            "Acme.Shop.nuspec": NUSPEC,
            "lib/net6.0/Python.Runtime.dll": inside(wheel, "Python.Runtime.dll"),
            "lib/net6.0/Python.Runtime.deps.json": inside(wheel, "Python.Runtime.deps.json"),
            "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types" />',
        },
    )


def vsix(shop: Workshop, target: Path) -> None:
    """A Visual Studio Code extension, packed by Microsoft's vsce with its npm dependency."""
    root = shop.scratch("vsix")
    manifest = {
        "name": "acme-shop", "displayName": "Shop", "publisher": "acme", "version": "2.1.0", "license": "MIT",
        "repository": "https://shop.example/", "engines": {"vscode": "^1.70.0"}, "main": "./extension.js",
        "activationEvents": ["*"], "dependencies": {"lodash": "4.17.15"},
    }  # fmt: skip
    write(root, {"package.json": json.dumps(manifest), "extension.js": "", "README.md": "A shop", "LICENSE": "MIT"})
    shop.run("npm", "install", "--silent", "--no-audit", "--no-fund", cwd=root)
    shop.run(shop.node("@vscode/vsce@2.32.0", "vsce"), "package", "-o", target, cwd=root)


def extension(root: Path) -> None:
    """A browser extension with a bundled npm package."""
    manifest = {"manifest_version": 3, "name": "Acme Shop", "version": "5.6.7", "description": "A shop"}
    manifest["browser_specific_settings"] = {"gecko": {"id": "shop@shop.example"}}  # type: ignore[assignment]
    write(root, {"manifest.json": json.dumps(manifest), "background.js": "1;\n"})
    application(root)


def xpi(shop: Workshop, target: Path) -> None:
    """A Firefox extension, as web-ext packs it: a zip."""
    root = shop.scratch("xpi")
    extension(root)
    zipped(target, {str(path.relative_to(root)): path for path in sorted(root.rglob("*")) if path.is_file()})


def crx(shop: Workshop, target: Path) -> None:
    """A Chrome extension: the CRX3 header (one signature) before a zip."""
    archive = shop.scratch("crx") / "x.zip"
    xpi(shop, archive)
    header = bytes((0x12, 0x84, 0x01)) + bytes(132)  # AsymmetricKeyProof of 132 bytes, CrxFileHeader field 2
    target.write_bytes(b"Cr24" + struct.pack("<II", 3, len(header)) + header + archive.read_bytes())


def ipa(shop: Workshop, target: Path) -> None:
    """An iOS application: a binary property list, a real Mach-O program, a framework, a Podfile's bundle."""
    program = inside(shop.npm("esbuild-darwin-arm64@0.14.0"), "bin/esbuild")
    framework = {**FRAMEWORK, "CFBundleIdentifier": "org.alamofire.Alamofire", "CFBundleName": "Alamofire"}
    zipped(
        target,
        {
            "Payload/Shop.app/Info.plist": plistlib.dumps(PLIST, fmt=plistlib.FMT_BINARY),
            "Payload/Shop.app/Shop": program,
            "Payload/Shop.app/Frameworks/Alamofire.framework/Info.plist": plistlib.dumps(
                framework, fmt=plistlib.FMT_BINARY
            ),
            "Payload/Shop.app/PkgInfo": "APPL????",
        },
    )


def aab(shop: Workshop, target: Path) -> None:
    """An app bundle: a real APK's files in the places that bundletool gives them."""
    source = shop.scratch("aab") / "x.apk"
    source.write_bytes(inside(shop.npm("io.appium.settings@8.0.10"), "settings_apk-debug.apk"))
    with zipfile.ZipFile(source) as archive:
        names = [name for name in archive.namelist() if not name.endswith("/")]
        files: dict[str, bytes] = {"BundleConfig.pb": b"\n\x08\n\x061.15.6"}
        for name in names:
            if name.endswith(".dex"):
                files[f"base/dex/{name}"] = archive.read(name)
            elif name.startswith("META-INF/") and name.endswith(".version"):
                files[f"base/root/{name}"] = archive.read(name)
            elif name.startswith("lib/"):
                files[f"base/{name}"] = archive.read(name)
    zipped(target, files)


A = "formats/archive"
PIECES = (
    *(
        Piece(path=f"formats/deb/{name}.deb", how="apt-get download", make=deb(name), tools=("apt-get",))
        for name in DEBS
    ),
    *(
        Piece(
            path=f"formats/deb/data-{form}.deb",
            how=f"python3-requests, dpkg-deb, data in {form}",
            make=repacked(form),
            tools=("dpkg-deb", "ar"),
        )
        for form in ("none", "gzip", "bzip2", "lzma", "xz", "zstd")
    ),
    Piece(path="formats/apk/acme-shop-1.36.1-r5.apk", how="our own writer, three gzip streams", make=alpine),
    Piece(path="formats/gem/acme-shop-2.3.4.gem", how="gem build", make=gem("2.3.4"), tools=("gem",)),
    Piece(
        path="formats/gem/acme-shop-2.3.4-x86_64-linux.gem",
        how="gem build, with a platform",
        make=gem("2.3.4", "x86_64-linux"),
        tools=("gem",),
    ),
    Piece(
        path="formats/gem/acme-shop-3.0.0.pre.1.gem",
        how="gem build, a pre-release",
        make=gem("3.0.0.pre.1"),
        tools=("gem",),
    ),
    Piece(
        path="formats/gem/rack.gem", how="gem build of Debian's ruby-rack", make=debian_gem, tools=("gem", "dpkg-deb")
    ),
    Piece(
        path="formats/crate/acme-shop-0.7.1.crate",
        how="cargo package over Debian's crates",
        make=crate,
        tools=("cargo",),
    ),
    Piece(
        path="formats/python/MarkupSafe-2.1.5.tar.gz", how="an sdist from the registry", make=sdist("markupsafe==2.1.5")
    ),
    Piece(
        path="formats/python/setuptools-67.6.0.tar.gz",
        how="an sdist with vendored packages",
        make=sdist("setuptools==67.6.0"),
    ),
    *(
        Piece(
            path=f"formats/python/{name}-{system}.whl",
            how=f"{requirement} for {platform}",
            make=wheel(requirement, platform),
        )
        for name, requirement in (
            ("ruff-0.8.0-py3-none", "ruff==0.8.0"),
            ("uv-0.13.8-py3-none", "uv==0.13.8"),
            ("MarkupSafe-2.1.5-cp312-cp312", "markupsafe==2.1.5"),
        )
        for system, platform in (
            ("win_amd64", "win_amd64"),
            ("macosx_11_0_arm64", "macosx_11_0_arm64"),
            ("manylinux_2_17_x86_64", "manylinux_2_17_x86_64"),
        )
    ),
    Piece(
        path="formats/python/pythonnet-3.0.5-py3-none-any.whl",
        how="a wheel with a .NET assembly",
        make=any_wheel("pythonnet==3.0.5"),
    ),
    Piece(path="formats/python/acme_shop-3.0.1-py3.11.egg", how="our own writer", make=egg),
    Piece(path="formats/npm/express-4.16.0.tgz", how="npm pack", make=npm("express@4.16.0"), tools=("npm",)),
    Piece(
        path="formats/npm/npm-10.9.0.tgz", how="npm pack; bundles 200 packages", make=npm("npm@10.9.0"), tools=("npm",)
    ),
    *(
        Piece(path=f"{A}/tree.tar{'.' * bool(form)}{form}", how=f"a source tree, tar {form}", make=tree(form))
        for form in PACKERS
    ),
    Piece(path=f"{A}/shop.zip", how="our own writer", make=plain_zip),
    Piece(path=f"{A}/Acme.Shop.4.2.1.nupkg", how="our own writer, an assembly from a wheel", make=nupkg),
    Piece(path=f"{A}/acme-shop-2.1.0.vsix", how="vsce package", make=vsix, tools=("npm",)),
    Piece(path=f"{A}/acme-shop.xpi", how="our own writer", make=xpi),
    Piece(
        path=f"{A}/webdriver.xpi",
        how="from selenium 3.141.0's wheel",
        make=member("selenium==3.141.0", "webdriver.xpi", client="pip"),
    ),
    Piece(path=f"{A}/acme-shop.crx", how="our own writer, CRX3", make=crx),
    Piece(path=f"{A}/Shop.ipa", how="our own writer, a Mach-O program from npm", make=ipa),
    Piece(path=f"{A}/Shop.aab", how="our own writer, from a real APK", make=aab),
    Piece(
        path="formats/android/ApiDemos-debug.apk",
        how="from npm's android-apidemos",
        make=member("android-apidemos@5.0.0", "ApiDemos-debug.apk"),
    ),
    Piece(
        path="formats/android/settings.apk",
        how="from npm's io.appium.settings",
        make=member("io.appium.settings@8.0.10", "settings_apk-debug.apk"),
    ),
    Piece(
        path="formats/android/uiautomator2-server.apk",
        how="from npm's appium-uiautomator2-server",
        make=member("appium-uiautomator2-server@10.6.6", "server-v10.6.6.apk"),
    ),
)
