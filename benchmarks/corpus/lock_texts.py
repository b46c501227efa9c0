"""Lock files and manifests of package managers that this machine does not have, in each manager's documented form."""

from __future__ import annotations

from typing import Final

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"

POM = """<?xml version="1.0" encoding="UTF-8"?>
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>example.shop</groupId>
  <artifactId>shop</artifactId>
  <version>1.0.0</version>
  <properties><log4j.version>2.14.1</log4j.version></properties>
  <dependencyManagement>
    <dependencies>
      <dependency>
        <groupId>org.springframework</groupId><artifactId>spring-core</artifactId><version>5.3.17</version>
      </dependency>
    </dependencies>
  </dependencyManagement>
  <dependencies>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>${log4j.version}</version>
    </dependency>
    <dependency><groupId>org.springframework</groupId><artifactId>spring-core</artifactId></dependency>
    <dependency>
      <groupId>junit</groupId><artifactId>junit</artifactId><version>4.12</version><scope>test</scope>
    </dependency>
    <dependency>
      <groupId>com.google.guava</groupId><artifactId>guava</artifactId><version>[29.0-jre,30.0-jre)</version>
    </dependency>
  </dependencies>
</project>
"""
GRADLE = """# This is a Gradle generated file for dependency locking.
# Manual edits can break the build and are not advised.
# This file is expected to be part of source control.
com.fasterxml.jackson.core:jackson-databind:2.13.3=compileClasspath,runtimeClasspath
org.apache.logging.log4j:log4j-core:2.14.1=runtimeClasspath
org.junit.jupiter:junit-jupiter:5.8.1=testRuntimeClasspath
empty=annotationProcessor
"""
PACKAGES_LOCK = """{
  "version": 1,
  "dependencies": {
    "net6.0": {
      "Newtonsoft.Json": {"type": "Direct", "requested": "[12.0.3, )", "resolved": "12.0.3", "contentHash": "6mgjfn=="},
      "Serilog": {"type": "Direct", "requested": "[2.10.0, )", "resolved": "2.10.0", "contentHash": "+QX0h=="},
      "System.Text.Encodings.Web": {"type": "Transitive", "resolved": "4.7.1", "contentHash": "iTUgB=="},
      "shop.core": {"type": "Project", "dependencies": {"Serilog": "[2.10.0, )"}}
    }
  }
}
"""
PACKAGES_CONFIG = """<?xml version="1.0" encoding="utf-8"?>
<packages>
  <package id="jQuery" version="3.4.1" targetFramework="net472" />
  <package id="Microsoft.AspNet.Mvc" version="5.2.7" targetFramework="net472" />
  <package id="NUnit" version="3.12.0" targetFramework="net472" developmentDependency="true" />
</packages>
"""
DEPS = """{
  "runtimeTarget": {"name": ".NETCoreApp,Version=v6.0", "signature": ""},
  "targets": {".NETCoreApp,Version=v6.0": {
    "Shop/1.0.0": {"dependencies": {"Newtonsoft.Json": "12.0.3", "Serilog": "2.10.0"}, "runtime": {"Shop.dll": {}}},
    "Newtonsoft.Json/12.0.3": {"runtime": {"lib/netstandard2.0/Newtonsoft.Json.dll": {"assemblyVersion": "12.0.0.0"}}},
    "Serilog/2.10.0": {"runtime": {"lib/netstandard2.1/Serilog.dll": {"assemblyVersion": "2.0.0.0"}}}
  }},
  "libraries": {
    "Shop/1.0.0": {"type": "project", "serviceable": false, "sha512": ""},
    "Newtonsoft.Json/12.0.3": {"type": "package", "serviceable": true, "sha512": "sha512-6m==",
      "path": "newtonsoft.json/12.0.3", "hashPath": "newtonsoft.json.12.0.3.nupkg.sha512"},
    "Serilog/2.10.0": {"type": "package", "serviceable": true, "sha512": "sha512-+Q==",
      "path": "serilog/2.10.0", "hashPath": "serilog.2.10.0.nupkg.sha512"}
  }
}
"""
PUBSPEC = f"""packages:
  http:
    dependency: "direct main"
    description:
      name: http
      sha256: "{SHA}"
      url: "https://packages.example"
    source: hosted
    version: "0.13.2"
  flutter:
    dependency: "direct main"
    description: flutter
    source: sdk
    version: "0.0.0"
  path:
    dependency: transitive
    description:
      name: path
      sha256: "{SHA}"
      url: "https://packages.example"
    source: hosted
    version: "1.8.3"
  lints:
    dependency: "direct dev"
    description:
      name: lints
      sha256: "{SHA}"
      url: "https://packages.example"
    source: hosted
    version: "2.1.0"
sdks:
  dart: ">=3.0.0 <4.0.0"
"""
PACKAGE_RESOLVED = """{
  "pins" : [
    {
      "identity" : "alamofire",
      "kind" : "remoteSourceControl",
      "location" : "https://git.example/Alamofire/Alamofire.git",
      "state" : {"revision" : "78424be314842833c04bc3bef5b72e85fff99204", "version" : "5.6.4"}
    },
    {
      "identity" : "swift-nio",
      "kind" : "remoteSourceControl",
      "location" : "https://git.example/apple/swift-nio.git",
      "state" : {"revision" : "b4e0a274f7f34210e97e2f2c50ab02a10b549250", "version" : "2.41.0"}
    }
  ],
  "version" : 2
}
"""
PODFILE = """PODS:
  - AFNetworking (4.0.1):
    - AFNetworking/NSURLSession (= 4.0.1)
    - AFNetworking/Reachability (= 4.0.1)
  - AFNetworking/NSURLSession (4.0.1):
    - AFNetworking/Reachability
  - AFNetworking/Reachability (4.0.1)
  - SDWebImage (5.12.0)

DEPENDENCIES:
  - AFNetworking (~> 4.0)
  - SDWebImage

SPEC REPOS:
  trunk:
    - AFNetworking
    - SDWebImage

SPEC CHECKSUMS:
  AFNetworking: 7864c38297c79aaca1500c33288e429c3451fdce
  SDWebImage: 9c7a8ee1ecd6ce0a3ae2b1e2a3e1ee0a5c3e3a3e

PODFILE CHECKSUM: 5f2a1f5b4d4dbd5a3c4a5a9e9c7b4f6ad2f5a1b0

COCOAPODS: 1.11.3
"""
MIX = """%{
  "phoenix": {:hex, :phoenix, "1.6.0", "7b85023f7ddef9a5c70909a51cc37c8b868b474d853f90f4280efd26b0e7cce5", [:mix], [{:plug, "~> 1.10", [hex: :plug, repo: "hexpm", optional: false]}], "hexpm", "52ffdd31f2daeb399b2e1eb57d468f99a1ad6eee5d8ea19d2353492f06c9fc96"},
  "plug": {:hex, :plug, "1.12.1", "645678c800601d8d9f27ad1aebba1fdb9ce5b2623ddb961a074da0b96c35187d", [:mix], [], "hexpm", "d57e799a777bc20494b784966dc5fbda91eb4a09f571f76545b72a634ce0d30b"},
  "local_git": {:git, "https://git.example/local_git.git", "0123456789abcdef0123456789abcdef01234567", []},
}
"""  # noqa: E501
REBAR = """{"1.2.0",
[{<<"cowboy">>,{pkg,<<"cowboy">>,<<"2.9.0">>},0},
 {<<"ranch">>,{pkg,<<"ranch">>,<<"1.8.0">>},1}]}.
[
{pkg_hash,[
 {<<"cowboy">>, <<"865DD8B6607E14CF03282E10E934023A1BD8BE6F6BACF921A7E2A96D800CD452">>},
 {<<"ranch">>, <<"8C7A100A139FD57F17327B6413E4167AC559FBC04CA7448E9BE9057311597A1D">>}]}
].
"""
CONAN_1 = """{
 "graph_lock": {
  "nodes": {
   "0": {"ref": "shop/1.0", "options": "", "requires": ["1", "2"], "path": "conanfile.txt", "context": "host"},
   "1": {"ref": "openssl/1.1.1k", "options": "", "package_id": "f1", "prev": "0", "requires": ["2"], "context": "host"},
   "2": {"ref": "zlib/1.2.11@acme/stable#514b772abf9c36ad9be48b84cfc6fdc2", "package_id": "f2", "context": "host"}
  },
  "revisions_enabled": false
 },
 "version": "0.4",
 "profile_host": "[settings]"
}
"""
CONAN_2 = """{
    "version": "0.5",
    "requires": [
        "zlib/1.2.13#97d5730b529b4224045fe7090592d4c1%1692672717.68",
        "openssl/3.1.2#8879e931d726a8aad7f372e28470faa1%1692722120.93"
    ],
    "build_requires": ["cmake/3.27.1#5c0b0b2c2c3fb0d1e2d9ff0b1a9d7a5f%1692000000.0"],
    "python_requires": []
}
"""
CONANFILE = "[requires]\nboost/1.78.0\nfmt/9.1.0@acme/stable\n\n[generators]\ncmake\n"
CONDA_META = """{
  "build": "py311h06a4308_0",
  "build_number": 0,
  "channel": "https://channel.example/pkgs/main/linux-64",
  "files": ["lib/python3.11/site-packages/flask/__init__.py"],
  "fn": "flask-2.2.2-py311h06a4308_0.conda",
  "license": "BSD-3-Clause",
  "name": "flask",
  "version": "2.2.2",
  "subdir": "linux-64"
}
"""
ENVIRONMENT = """name: shop
channels: [main]
dependencies:
  - python=3.11.5
  - numpy=1.26.4=py311h08b1b3b_0
  - openssl
  - pip:
      - requests==2.27.0
"""
JULIA = """# This file is machine-generated - editing it directly is not advised
julia_version = "1.9.2"
manifest_format = "2.0"

[[deps.JSON]]
deps = ["Dates", "Parsers"]
git-tree-sha1 = "31e996f0a15c7b280ba9f76636b3ff9e2ae58c9a"
uuid = "682c06a0-de6a-54ab-a142-c8b1cf79cde6"
version = "0.21.4"

[[deps.Dates]]
uuid = "ade2ca70-3891-5945-98fb-dc099432e06a"

[[deps.Parsers]]
git-tree-sha1 = "716e24b21538abc91f6205fd1d8363f39b442851"
uuid = "69de0a69-1ddd-5017-9359-2bf0b02dc9f0"
version = "2.7.2"
"""
RENV = """{
  "R": {"Version": "4.2.2", "Repositories": [{"Name": "CRAN", "URL": "https://packages.example"}]},
  "Packages": {
    "jsonlite": {"Package": "jsonlite", "Version": "1.8.4", "Source": "Repository", "Repository": "CRAN"},
    "R6": {"Package": "R6", "Version": "2.5.1", "Source": "Repository", "Repository": "CRAN"}
  }
}
"""
INSTALLED = """{
  "packages": [
    {"name": "monolog/monolog", "version": "2.3.5", "version_normalized": "2.3.5.0", "license": ["MIT"]},
    {"name": "symfony/console", "version": "v5.4.0", "version_normalized": "5.4.0.0", "license": ["MIT"]}
  ],
  "dev": true,
  "dev-package-names": []
}
"""
GEMFILE = """GEM
  remote: https://gems.example/
  specs:
    actionpack (6.1.4)
      rack (~> 2.0, >= 2.0.9)
    nokogiri (1.12.5-x86_64-linux)
      racc (~> 1.4)
    racc (1.5.2)
    rack (2.2.3)

GIT
  remote: https://git.example/acme/acme.git
  revision: 0123456789abcdef0123456789abcdef01234567
  specs:
    acme (0.9.0)

PATH
  remote: .
  specs:
    shop (1.0.0)

PLATFORMS
  ruby
  x86_64-linux

DEPENDENCIES
  acme!
  actionpack (= 6.1.4)
  nokogiri
  shop!

BUNDLED WITH
   2.2.22
"""
REQUIREMENTS = """# comments, markers, hashes, options and links
--index-url https://index.example/python
django==3.2.0 ; python_version >= "3.8"
requests[socks] == 2.27.0 \\
    --hash=sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08
Flask_Login==0.5.0  # an underscore
zope.interface===5.4.0
urllib3>=1.26,<2
acme @ https://files.example/acme-1.0-py3-none-any.whl
-e ./local
-r more.txt
"""
CABAL = "active-repositories: packages.example\nconstraints: any.aeson ==2.0.3.0,\n             any.text ==1.2.5.0\n"
GO_WORK = "go 1.21\n\nuse ./a\n"
GO_MOD = """module shop.example/acme

go 1.21

require (
	github.com/gin-gonic/gin v1.7.0
	golang.org/x/crypto v0.0.0-20210921155107-089bfa567519 // indirect
)

replace github.com/gin-gonic/gin => github.com/acme/gin v1.7.7

exclude golang.org/x/net v0.1.0
"""

POETRY = f"""# This file is automatically @generated by Poetry 1.8.5 and should not be changed by hand.

[[package]]
name = "django"
version = "3.2.1"
description = "A high-level Python Web framework."
optional = false
python-versions = ">=3.6"
files = [
    {{file = "Django-3.2.1-py3-none-any.whl", hash = "sha256:{SHA}"}},
]

[package.dependencies]
asgiref = ">=3.3.2,<4"

[package.extras]
argon2 = ["argon2-cffi (>=19.1.0)"]

[[package]]
name = "asgiref"
version = "3.7.2"
description = "ASGI specs"
optional = false
python-versions = ">=3.7"
files = []

[[package]]
name = "zope-interface"
version = "5.4.0"
description = "Interfaces for Python"
optional = true
python-versions = "*"
files = []

[package.source]
type = "legacy"
url = "https://index.example/python"
reference = "internal"

[extras]
zope = ["zope-interface"]

[metadata]
lock-version = "2.0"
python-versions = ">=3.11,<4"
content-hash = "{SHA}"
"""
PDM = f"""# This file is @generated by PDM.
# It is not intended for manual editing.

[metadata]
groups = ["default", "dev"]
strategy = ["inherit_metadata"]
lock_version = "4.5.0"
content_hash = "sha256:{SHA}"

[[metadata.targets]]
requires_python = ">=3.11"

[[package]]
name = "requests"
version = "2.27.1"
requires_python = ">=2.7"
summary = "Python HTTP for Humans."
groups = ["default"]
dependencies = ["urllib3<1.27,>=1.21.1"]
files = [
    {{file = "requests-2.27.1-py2.py3-none-any.whl", hash = "sha256:{SHA}"}},
]

[[package]]
name = "requests"
version = "2.27.1"
extras = ["socks"]
requires_python = ">=2.7"
summary = "Python HTTP for Humans."
groups = ["default"]
dependencies = ["PySocks>=1.5.6", "requests==2.27.1"]

[[package]]
name = "pysocks"
version = "1.7.1"
summary = "A SOCKS proxy client."
groups = ["default"]

[[package]]
name = "urllib3"
version = "1.26.18"
summary = "HTTP library"
groups = ["default", "dev"]
"""

#: Folder of the corpus → its files.
TEXTS: Final[dict[str, dict[str, str | bytes]]] = {
    "maven": {"pom.xml": POM},
    "gradle": {"gradle.lockfile": GRADLE},
    "nuget-lock": {"packages.lock.json": PACKAGES_LOCK},
    "nuget-config": {"packages.config": PACKAGES_CONFIG},
    "nuget-deps": {"Shop.deps.json": DEPS},
    "poetry": {"poetry.lock": POETRY},
    "pdm": {"pdm.lock": PDM},
    "pub": {"pubspec.lock": PUBSPEC},
    "swift": {"Package.resolved": PACKAGE_RESOLVED},
    "cocoapods": {"Podfile.lock": PODFILE},
    "hex": {"mix.lock": MIX},
    "erlang": {"rebar.lock": REBAR},
    "conan-1": {"conan.lock": CONAN_1},
    "conan-2": {"conan.lock": CONAN_2},
    "conanfile": {"conanfile.txt": CONANFILE},
    "conda": {"opt/conda/conda-meta/flask-2.2.2-py311h06a4308_0.json": CONDA_META},
    "conda-environment": {"environment.yml": ENVIRONMENT},
    "julia": {"Manifest.toml": JULIA},
    "renv": {"renv.lock": RENV},
    "composer-installed": {"vendor/composer/installed.json": INSTALLED},
    "gemfile": {"Gemfile.lock": GEMFILE},
    "requirements": {"requirements.txt": REQUIREMENTS, "more.txt": "jinja2==2.10\n"},
    "haskell": {"cabal.project.freeze": CABAL},
    "go-replace": {"go.mod": GO_MOD, "go.work": GO_WORK},
}
