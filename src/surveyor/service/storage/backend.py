"""The two kinds of store behind the door: a folder and a bucket; and what their errors mean."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import LocalStore, S3Store

from surveyor.service.config import Config
from surveyor.service.errors import BadConfiguration, Conflict, NotFound, ServiceError, StorageFull, StorageUnavailable

if TYPE_CHECKING:
    from obstore.store import ClientConfig  # a name of its stubs only

KEY = re.compile(r"(?!.*(?:^|/)\.{1,2}(?:/|$))[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
KEY_LENGTH = 512
#: ``ENOSPC`` and ``EDQUOT`` from a folder; the words of S3 servers.
FULL = re.compile(r"os error (?:28|122)\b|StorageFull|QuotaExceeded|InsufficientStorage")
#: The client's own limit covers a whole answer, body included; large objects are read in parts of this many bytes.
READ_PART_BYTES = 8 << 20
CLIENT: ClientConfig = {"connect_timeout": "10s", "timeout": "120s"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """``folder`` is the store's own when it is a local one; ``words`` names it in messages."""

    store: LocalStore | S3Store
    folder: Path | None
    words: str


def connect(config: Config) -> Backend:
    """The store that ``storage_url`` names; nothing is sent yet. A missing local folder is made."""
    url = urlsplit(config.objects_url)
    if url.scheme == "file":
        folder = Path(unquote(url.path))
        try:
            # several processes begin at once, and whoever made it first has made it for all
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise BadConfiguration(f"setting storage_url: cannot make {folder}: {error.strerror}") from error
        return Backend(store=LocalStore(folder), folder=folder, words=f"folder {folder}")
    return Backend(store=_bucket(config, url.netloc, url.path.strip("/")), folder=None, words=f"bucket {url.netloc}")


def _bucket(config: Config, bucket: str, prefix: str) -> S3Store:
    endpoint = config.s3_endpoint
    # without keys here the client asks the machine's own role
    keys = {
        "access_key_id": config.s3_access_key_id,
        "secret_access_key": config.s3_secret_access_key,
        "session_token": config.s3_session_token,
    }
    given = {name: secret.get_secret_value() for name, secret in keys.items() if secret is not None}
    if endpoint is not None:
        given["endpoint"] = endpoint
    plain = endpoint is not None and endpoint.startswith("http://")
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=config.s3_region,
        # servers of your own rarely have a wildcard name
        virtual_hosted_style_request=endpoint is None,
        client_options={**CLIENT, "allow_http": plain},
        **given,  # type: ignore[arg-type]
    )


def check_key(key: str) -> str:
    """A key of plain words and slashes. Raises NotFound: no object can have another one."""
    if len(key) > KEY_LENGTH or not KEY.fullmatch(key):
        raise NotFound("no such object")
    return key


def translate(error: BaseException, backend: Backend, key: str) -> ServiceError | None:
    """What an error of the store means to the service; None when it is none of the store's."""
    if isinstance(error, FileNotFoundError):
        return NotFound(f"no object {key}")
    if isinstance(error, AlreadyExistsError):
        return Conflict(f"object {key} exists")
    if isinstance(error, BaseError | OSError):
        if FULL.search(str(error)):
            return StorageFull(f"the {backend.words} has no room left; nothing of this object was kept")
        first = str(error).split("\n", 1)[0][:200]
        return StorageUnavailable(f"the {backend.words} failed: {first}")
    return None
