"""Small CSAF files of RHEL, and the folder that Red Hat keeps them in: an archive, lists, and files by year."""

from __future__ import annotations

import csv
import io
import json
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import zstandard

Document = dict[str, Any]


class Writer:
    """One file under construction: its products, and what is said of one or more flaws."""

    def __init__(self, identity: str = "CVE-2026-1000", *, modified: str = "2026-01-01T00:00:00+00:00") -> None:
        self._cpes: dict[str, str] = {}
        self._purls: dict[str, str] = {}
        self._relations: dict[str, tuple[str, str]] = {}
        self._identity, self._modified = identity, modified
        self._flaws: dict[str, dict[str, Any]] = {}

    def say(
        self,
        status: str,
        stream: str,
        cpe: str,
        *parts: str,
        cve: str | None = None,
        details: str = "",
        flag: str = "",
        module: str = "",
        purls: bool = True,
    ) -> Writer:
        """Parts of a stream have a status: ``name-epoch:version-release.arch``, ``name.src`` or ``name``.

        ``details`` go with a remediation, ``flag`` is why a flaw does no harm.
        """
        self._cpes[stream] = cpe
        flaw = self._flaws.setdefault(cve or self._identity, {"status": {}, "details": {}, "flags": {}})
        for part in parts:
            name = f"{part}::{module}" if module else part
            identity = f"{stream}:{name}"
            self._purls[name] = _purl(part, module) if purls else ""
            self._relations[identity] = (name, stream)
            flaw["status"].setdefault(status, []).append(identity)
            if details:
                flaw["details"].setdefault((status, details), []).append(identity)
            if flag:
                flaw["flags"].setdefault(flag, []).append(identity)
        return self

    def fixed(self, stream: str, cpe: str, *parts: str, erratum: str = "RHSA-2026:1", **more: Any) -> Writer:
        """Fixed builds and the erratum that has them."""
        return self.say("fixed", stream, cpe, *parts, details=f"https://access.redhat.com/errata/{erratum}", **more)

    def document(self, *, word: str = "Moderate", vector: str = "") -> Document:
        """The whole file."""
        erratum = not self._identity.startswith("CVE-")
        return {
            "document": {
                "aggregate_severity": {"text": word},
                "category": "csaf_security_advisory" if erratum else "csaf_vex",
                "csaf_version": "2.0",
                "title": f"title of {self._identity}",
                "tracking": {"id": self._identity, "current_release_date": self._modified, "status": "final"},
            },
            "product_tree": {"branches": [{"category": "vendor", "name": "Red Hat", "branches": self._branches()}]}
            | {"relationships": [_relation(*item) for item in self._relations.items()]},
            "vulnerabilities": [self._flaw(cve, said, word, vector) for cve, said in self._flaws.items()],
        }

    def _branches(self) -> list[dict[str, Any]]:
        helped = [(item, "product_name", {"cpe": cpe}) for item, cpe in self._cpes.items()]
        helped += [(item, "product_version", {"purl": purl} if purl else {}) for item, purl in self._purls.items()]
        return [
            {
                "category": category,
                "name": item,
                "product": {"name": item, "product_id": item, "product_identification_helper": helper},
            }
            for item, category, helper in helped
        ]

    def _flaw(self, cve: str, said: dict[str, Any], word: str, vector: str) -> dict[str, Any]:
        remediations = []
        for (status, details), ids in said["details"].items():
            item = {"category": _category(status, details), "details": details, "product_ids": ids}
            remediations.append(item | ({"url": details} if status == "fixed" else {}))
        every = [identity for ids in said["status"].values() for identity in ids]
        return {
            "cve": cve,
            "cwe": {"id": "CWE-476", "name": "NULL Pointer Dereference"},
            "title": f"{cve} does harm",
            "notes": [{"category": "description", "text": f"How {cve} does harm."}],
            "release_date": "2025-12-01T00:00:00+00:00",
            "product_status": said["status"],
            "remediations": remediations,
            "flags": [{"label": label, "product_ids": ids} for label, ids in said["flags"].items()],
            "threats": [{"category": "impact", "details": word, "product_ids": every}],
            "scores": [{"cvss_v3": {"vectorString": vector, "version": "3.1"}, "products": every}] if vector else [],
            "references": [{"category": "self", "url": f"https://access.redhat.com/security/cve/{cve}"}],
        }


def example(identity: str = "CVE-2026-1000") -> Document:
    """A file with a bit of everything."""
    rhel, eus = "cpe:/o:redhat:enterprise_linux:9", "cpe:/o:redhat:rhel_eus:9.0::baseos"
    writer = Writer(identity)
    writer.fixed("BaseOS-9", f"{rhel}::baseos", "a-1:2-3.el9_4.src", "a-libs-1:2-3.el9_4.x86_64", cve="CVE-2026-1000")
    writer.fixed("BaseOS-9.0", eus, "a-1:1-3.el9_0.src", cve="CVE-2026-1000")
    writer.fixed("App", rhel, "m-0:1-1.module+el9.1.0+1.src", module="m:1", cve="CVE-2026-1000")
    name, cve = "red_hat_enterprise_linux_9", "CVE-2026-1000"
    writer.say("known_affected", name, rhel, "b.src", "b-libs", details="Will not fix", cve=cve)
    safe = ("c.src", "d-0:1-1.el9.src")
    writer.say("known_not_affected", name, rhel, *safe, flag="component_not_present", purls=False, cve=cve)
    writer.say("under_investigation", name, rhel, "e.src", cve=cve)
    return writer.document(vector="CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H")


def _category(status: str, details: str) -> str:
    if status == "fixed":
        return "vendor_fix"
    return "no_fix_planned" if details in {"Will not fix", "Out of support scope"} else "none_available"


def _relation(identity: str, part: tuple[str, str]) -> dict[str, Any]:
    whole = {"name": f"{part[0]} as a component of {part[1]}", "product_id": identity}
    return {
        "category": "default_component_of",
        "full_product_name": whole,
        "product_reference": part[0],
        "relates_to_product_reference": part[1],
    }


def _purl(part: str, module: str) -> str:
    rest, _, arch = part.rpartition(".")
    front, _, release = rest.rpartition("-")
    name, _, version = front.rpartition("-")
    more = f"&rpmmod={module}" if module else ""
    if name and ":" in version:
        epoch, _, version = version.partition(":")
        written = f"&epoch={epoch}" if epoch != "0" else ""
        return f"pkg:rpm/redhat/{name}@{quote(f'{version}-{release}')}?arch={arch}{written}{more}"
    found = f"pkg:rpm/redhat/{part.removesuffix('.src')}?" + ("arch=src" if part.endswith(".src") else "")
    return (found + more).replace("?&", "?").rstrip("?")


def name_of(document: Document) -> str:
    """Where a file lies in its folder: ``2026/cve-2026-1000.json``."""
    identity: str = document["document"]["tracking"]["id"]
    return f"{identity.split('-')[1].partition(':')[0]}/{identity.lower().replace(':', '_')}.json"


def write(
    folder: Path,
    documents: Iterable[Document],
    *,
    archived: Iterable[Document] | None = None,
    day: str = "2026-01-02",
    deleted: Mapping[str, str] | None = None,
) -> Path:
    """Write one scope's folder; ``archived`` are the files that the archive has, all when not given."""
    every = list(documents)
    folder.mkdir(parents=True, exist_ok=True)
    archive = f"csaf_{folder.name}_{day}.tar.zst"
    (folder / archive).write_bytes(tarball(every if archived is None else archived))
    (folder / "archive_latest.txt").write_text(archive, encoding="utf-8")
    dates = {name_of(item): item["document"]["tracking"]["current_release_date"] for item in every}
    (folder / "changes.csv").write_text(_list(dates), encoding="utf-8")
    (folder / "deletions.csv").write_text(_list(deleted or {}), encoding="utf-8")
    for item in every:
        path = folder / name_of(item)
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(item), encoding="utf-8")
    return folder


def tarball(documents: Iterable[Document]) -> bytes:
    """A tar of files under zstd."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for item in documents:
            body = json.dumps(item).encode()
            entry = tarfile.TarInfo(name_of(item))
            entry.size = len(body)
            archive.addfile(entry, io.BytesIO(body))
    return zstandard.ZstdCompressor().compress(out.getvalue())


def _list(dates: Mapping[str, str]) -> str:
    out = io.StringIO()
    lines = csv.writer(out, quoting=csv.QUOTE_ALL, lineterminator="\n")
    lines.writerows(sorted(dates.items(), key=lambda item: item[1], reverse=True))
    return out.getvalue()
