"""The service's settings and the only place in it that reads the environment.

Three sources, the later one wins: ``surveyor.toml`` (named by ``SURVEYOR_CONFIG``, else in the home), ``SURVEYOR_*``
variables (and the customary ``DATABASE_URL`` and ``AWS_*``), values given by a command line. An unknown key in the file
is an error; the file's ``[scan]`` table is the scanner's own, in the names of its variables without ``SURVEYOR_``.
"""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

from pydantic import AliasChoices, Field, PrivateAttr, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from surveyor.scan import settings as scanner
from surveyor.scan.errors import BadTarget
from surveyor.service.errors import BadConfiguration

GIB = 1 << 30
API_KEY = re.compile(r"sv_live_[A-Za-z0-9_-]{43}")
SECRET_BYTES = 32
_SECRET, _NEXT_SECRET = "secret", "secret.next"
LOCAL_HOSTS = ("localhost", "127.0.0.1", "[::1]")


def _named(*names: str) -> AliasChoices:
    return AliasChoices(*names)


class Config(BaseSettings):
    """Every setting of the service, immutable. Sizes in bytes, times in seconds unless the name says minutes."""

    model_config = SettingsConfigDict(
        env_prefix="SURVEYOR_",
        frozen=True,
        extra="forbid",
        populate_by_name=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    home: Path
    """The one data folder: database, objects, advisories, secret."""
    secret: SecretStr | None = None
    """64 hexadecimal digits that all machines of an installation share; else made once, in the home."""
    database_url: SecretStr | None = Field(None, validation_alias=_named("SURVEYOR_DATABASE_URL", "DATABASE_URL"))
    """``postgresql://…`` of your own database; without it an embedded one is started."""
    postgres_user: str | None = None
    """System user of the embedded server when started by root; else ``surveyor`` where it exists, else ``nobody``."""

    storage_url: str | None = None
    """Where objects go: ``file:///folder`` or ``s3://bucket[/prefix]``; else ``objects`` in the home."""
    s3_endpoint: str | None = Field(
        None, validation_alias=_named("SURVEYOR_S3_ENDPOINT", "AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL")
    )
    """Address of an S3 service other than AWS."""
    s3_region: str = Field(
        "us-east-1", validation_alias=_named("SURVEYOR_S3_REGION", "AWS_REGION", "AWS_DEFAULT_REGION")
    )
    """The bucket's region."""
    s3_access_key_id: SecretStr | None = Field(
        None, validation_alias=_named("SURVEYOR_S3_ACCESS_KEY_ID", "AWS_ACCESS_KEY_ID")
    )
    """Access key of the object store."""
    s3_secret_access_key: SecretStr | None = Field(
        None, validation_alias=_named("SURVEYOR_S3_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY")
    )
    """Its secret."""
    s3_session_token: SecretStr | None = Field(
        None, validation_alias=_named("SURVEYOR_S3_SESSION_TOKEN", "AWS_SESSION_TOKEN")
    )
    """Its session token, for temporary credentials."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = Field(8600, ge=1, le=65535)
    """Port to listen on."""
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    """Names a Host header may carry beside localhost and the bind host (a defence against DNS rebinding)."""
    public_url: str | None = None
    """What links begin with when people use another address than the one we listen on."""
    bootstrap_api_key: SecretStr | None = None
    """The first API key, for automated set-ups: ``sv_live_`` and 43 characters of A-Z a-z 0-9 _ -. Another one given
    later takes its place: the earlier is revoked. Giving none revokes nothing."""
    upload_max_bytes: int = Field(20 * GIB, ge=1)
    """The largest upload, in bytes."""

    rate_strict: int = Field(30, ge=1)
    """Kick-offs per team and window: scans, retries, uploads, verifications, reports, tests of webhooks."""
    rate_default: int = Field(100, ge=1)
    """All other API requests per team and window; a kick-off spends nothing of these."""
    rate_window_seconds: int = Field(60, ge=1)
    """Length of a window, in seconds."""

    audit_concurrency: int = Field(default_factory=lambda: max(8, 2 * (os.cpu_count() or 1)), ge=1, le=256)
    """Scanners that one worker runs at once; else twice the number of processors, at least 8: pages are waited for."""
    heartbeat_seconds: float = Field(15.0, gt=0)
    """How often a worker says that it lives."""
    stalled_seconds: float = Field(60.0, gt=0)
    """A worker silent for so long loses its jobs to others; at least four heartbeats."""
    stale_minutes: float = Field(30.0, gt=0)
    """A scan without any sign of life for so long fails with "stale job timeout"."""
    page_seconds: float = Field(60.0, gt=0)
    """The deadline of each page scanner, in seconds."""
    site_seconds: float = Field(900.0, gt=0)
    """The deadline of each page scanner where several pages of a site are scanned, in seconds."""
    page_evidence: bool = True
    """Whether what scanners saw of pages is kept with the scan, so that rules can be run on it later."""
    verify_seconds: float = Field(10.0, gt=0)
    """The deadline of one look at a page's headers by a verification, in seconds; other checks have the scanner's."""
    grace_seconds: float = Field(10.0, ge=0)
    """How long a stopping process may finish what it does before it is ended."""
    llm_monthly_units: int = Field(1_000, ge=0, le=1_000_000_000)
    """Units of language models that each team may spend a month: one for each scan or verification that asks one."""
    llm_seconds: float = Field(90.0, gt=0, le=600)
    """How long one provider may take to answer one question."""
    llm_analysis_seconds: float = Field(300.0, gt=0, le=1_200)
    """How long the analysis of one scan may take in all."""
    artifact_days: int = Field(30, ge=0, le=36_500)
    """Days that uploaded files are kept after they were last brought or scanned; 0 keeps them for ever."""
    evidence_days: int = Field(30, ge=0, le=36_500)
    """Days that what scanners saw of pages is kept after the scan; 0 keeps it for ever."""
    event_days: int = Field(90, ge=0, le=36_500)
    """Days that the events of ended scans are kept; 0 keeps them for ever."""
    log_folder: str | None = None
    """Folder of each process's log, beside which only warnings and errors go to standard error; ``-``: all go there.
    Else ``logs`` in the home under ``surveyor up``, and standard error for ``serve`` and ``worker`` alone."""
    feed_refresh: bool = True
    """Fetch advisories once a day."""
    webhook_retry_seconds: float = Field(10.0, gt=0, le=3600)
    """Wait before a webhook's message is tried for the second time; each further wait is four times as long."""

    scan: dict[str, str] = Field(default_factory=dict, repr=False)
    """The scanner's own settings: the file's ``[scan]`` table."""
    _environment: Mapping[str, str] = PrivateAttr(default_factory=dict)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library calls by keyword
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Nothing is read behind the caller's back: ``load`` gives what was found."""
        return (init_settings,)

    @field_validator("allowed_hosts", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value

    @field_validator("bootstrap_api_key")
    @classmethod
    def _key_form(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not API_KEY.fullmatch(value.get_secret_value()):
            raise ValueError("must be sv_live_ and 43 characters of A-Z a-z 0-9 _ -")
        return value

    @field_validator("secret")
    @classmethod
    def _secret_form(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(rf"[0-9a-fA-F]{{{2 * SECRET_BYTES}}}", value.get_secret_value()):
            raise ValueError(f"must be {2 * SECRET_BYTES} hexadecimal digits")
        return value

    @field_validator("storage_url")
    @classmethod
    def _storage_form(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"file:///.*|s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/.*)?", value):
            raise ValueError("must be file:///FOLDER or s3://BUCKET[/PREFIX]")
        return value

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.stalled_seconds < 4 * self.heartbeat_seconds:
            # a limit near the interval takes jobs away from workers that live
            raise ValueError("stalled_seconds must be at least four times heartbeat_seconds")
        return self

    @property
    def base_url(self) -> str:
        """The address people use, without a slash at the end."""
        if self.public_url:
            return self.public_url.rstrip("/")
        host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        return f"http://{f'[{host}]' if ':' in host and not host.startswith('[') else host}:{self.port}"

    @property
    def hosts(self) -> tuple[str, ...]:
        """Host names (no port; IPv6 in brackets) that a request may carry, lower case."""
        bind = f"[{self.host}]" if ":" in self.host else self.host
        public = re.sub(r"^[a-z]+://|(:\d+)?(/.*)?$", "", (self.public_url or "").lower())
        return tuple(dict.fromkeys(h.lower() for h in (*LOCAL_HOSTS, bind, *self.allowed_hosts, public) if h))

    @property
    def objects_url(self) -> str:
        """``storage_url`` or its default below the home."""
        return self.storage_url or (self.home / "objects").as_uri()

    @property
    def logs(self) -> Path | None:
        """The folder of logs that was set."""
        return Path(self.log_folder).expanduser().absolute() if self.log_folder not in {None, "-"} else None

    @property
    def logs_of_up(self) -> Path | None:
        """The same for the processes of ``surveyor up``, whose terminal is for people."""
        return self.home / "logs" if self.log_folder is None else self.logs

    @property
    def temporary(self) -> Path:
        """Where spool files go; it exists after ``prepare_home``."""
        return self.home / "tmp"

    def scan_settings(self) -> scanner.Settings:
        """What the scanner's children are given: the file's ``[scan]`` table, then the environment."""
        table = {f"SURVEYOR_{key.upper()}": value for key, value in self.scan.items()}
        found = scanner.from_environment(table | dict(self._environment) | {"SURVEYOR_HOME": str(self.home)})
        limits = replace(found.limits, page_seconds=self.page_seconds, site_seconds=self.site_seconds)
        return replace(found, limits=limits)

    def child_environment(self, **changes: str) -> dict[str, str]:
        """This process's variables with changes, for a process of the service; the bootstrap key stays behind."""
        kept = {name: value for name, value in os.environ.items() if name != "SURVEYOR_BOOTSTRAP_API_KEY"}
        return kept | changes

    def prepare_home(self) -> Path:
        """Make the home and its ``tmp``. Root's home can be crossed, not listed: the database's user lives below it."""
        try:
            with contextlib.suppress(FileExistsError):
                self.home.mkdir(parents=True)
                self.home.chmod(0o711 if os.geteuid() == 0 else 0o700)
            self.temporary.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise BadConfiguration(
                f"cannot make the data folder {self.home}: {error.strerror} (SURVEYOR_HOME)"
            ) from error
        return self.home

    def secret_key(self) -> bytes:
        """The 32 bytes that sign cookies, CSRF tokens and links, and seal what is kept; given, or made in the home."""
        if self.secret is not None:
            return bytes.fromhex(self.secret.get_secret_value())
        return _kept_secret(self.prepare_home() / _SECRET)

    def next_secret_key(self) -> bytes:
        """What is to take the secret's place; the same again until ``use_next_secret``, so that nothing is lost."""
        return _kept_secret(self.prepare_home() / _NEXT_SECRET)

    def use_next_secret(self) -> None:
        """Put it in the secret's place; a given secret is for whoever gave it to exchange."""
        if self.secret is None:
            (self.home / _NEXT_SECRET).replace(self.home / _SECRET)
        else:
            (self.home / _NEXT_SECRET).unlink()


def _kept_secret(path: Path) -> bytes:
    """The bytes in a file that only our user can read; made when there is none."""
    if not path.exists():
        partial = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(SECRET_BYTES))
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(partial, path)  # never replaces: of two that start together, one secret stays
        except FileExistsError:
            pass
        finally:
            partial.unlink()
    key = path.read_bytes()
    if len(key) != SECRET_BYTES:
        raise BadConfiguration(f"{path} must hold {SECRET_BYTES} bytes; remove it to have a new one made")
    return key


class _GivenEnvironment(EnvSettingsSource):
    """The library's reader of variables, over a mapping that came in by parameter."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._given = {name.lower(): value for name, value in environment.items() if value}
        super().__init__(Config)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return dict(self._given)


def load(environment: Mapping[str, str] | None = None, /, **given: Any) -> Config:  # noqa: ANN401 - any field's value
    """Read the settings.

    ``environment`` is the process's unless given; ``given`` holds fields by name, ``None`` meaning not given.
    Raises BadConfiguration in one sentence that names the setting and never its value.
    """
    env = dict(os.environ if environment is None else environment)
    given = {name: value for name, value in given.items() if value is not None}
    home = Path(given.pop("home", None) or scanner.home(env)).expanduser().absolute()
    found = _file(env, home) | _variables(env) | given | {"home": home}
    try:
        config = Config(**found)
    except ValidationError as error:
        raise BadConfiguration(_sentence(error)) from None
    # a browser that is installed is found on the path
    config._environment = {k: v for k, v in env.items() if k.startswith("SURVEYOR_") or k == "PATH"}  # noqa: SLF001
    try:
        config.scan_settings()
    except BadTarget as error:
        raise BadConfiguration(str(error)) from None
    return config


def _variables(env: Mapping[str, str]) -> dict[str, Any]:
    """What the variables say, by field name."""
    read = _GivenEnvironment(env)()
    names = {
        str(choice): name
        for name, field in Config.model_fields.items()
        if isinstance(field.validation_alias, AliasChoices)
        for choice in field.validation_alias.choices
    }
    return {names.get(name, name): value for name, value in read.items() if name != "scan"}


def _file(env: Mapping[str, str], home: Path) -> dict[str, Any]:
    named = env.get("SURVEYOR_CONFIG")
    path = Path(named).expanduser() if named else home / "surveyor.toml"
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        if named:
            raise BadConfiguration(f"SURVEYOR_CONFIG names {path}, which does not exist") from None
        return {}
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise BadConfiguration(f"cannot read {path}: {error}") from None
    if isinstance(table := content.get("scan"), dict):
        content["scan"] = {key: str(value) for key, value in table.items()}
    return content


def _sentence(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    words = first["msg"].removeprefix("Value error, ")
    return f"setting {where}: {words}" if where else f"settings: {words}"
