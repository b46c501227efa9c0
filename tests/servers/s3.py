"""A real S3 server on 127.0.0.1: one SeaweedFS for each test process, a bucket for each test."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import boto3
from botocore.config import Config as BotoConfig
from botocore.exceptions import BotoCoreError, ClientError

from tests.servers.ports import Reserved

KEY, SECRET, REGION = "AKIDTEST", "secrettest", "us-east-1"
START_SECONDS = 90


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Where a bucket is, and an independent client that looks into it."""

    name: str
    endpoint: str
    client: Any

    def environment(self) -> dict[str, str]:
        """The variables that point the service at it."""
        return {
            "SURVEYOR_STORAGE_URL": f"s3://{self.name}",
            "SURVEYOR_S3_ENDPOINT": self.endpoint,
            "AWS_ACCESS_KEY_ID": KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": REGION,
        }

    def keys(self) -> list[str]:
        """What the other client sees."""
        answer = self.client.list_objects_v2(Bucket=self.name)
        return [item["Key"] for item in answer.get("Contents", [])]

    def unfinished(self) -> list[str]:
        """Keys of multipart uploads that nobody completed or aborted."""
        answer = self.client.list_multipart_uploads(Bucket=self.name)
        return [item["Key"] for item in answer.get("Uploads", [])]


class Seaweed:
    """The server; ready means that a first write worked, which comes seconds after HTTP answers."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="surveyor-s3-"))
        self._buckets = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._reserved = Reserved()
        self.endpoint = ""

    def __enter__(self) -> Self:
        port = self._reserved.number
        self.endpoint = f"http://127.0.0.1:{port}"
        program = Path(sys.executable).with_name("weed")
        turn = Path(tempfile.gettempdir()) / f"surveyor-s3-{os.getuid()}.lock"
        with turn.open("a") as lock, (self._folder / "log").open("wb") as log:
            # two that start in the same instant choose the same ports
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._process = subprocess.Popen(
                # without -ip.bind it listens on every interface
                [
                    program,
                    "mini",
                    f"-dir={self._folder}",
                    "-ip=127.0.0.1",
                    "-ip.bind=127.0.0.1",
                    "-webdav=false",
                    f"-s3.port={port}",
                ],
                cwd=self._folder,
                env={"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "HOME": str(self._folder), "PATH": ""},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            try:
                self._wait()
            except BaseException:
                self.__exit__()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process is not None:
            # it takes more than 20 s to end on SIGTERM
            self._process.send_signal(signal.SIGKILL)
            self._process.wait()
        self._reserved.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def bucket(self) -> Bucket:
        """A new, empty bucket."""
        self._buckets += 1
        client = self._client()
        name = f"test-{self._buckets:04d}"
        client.create_bucket(Bucket=name)
        return Bucket(name=name, endpoint=self.endpoint, client=client)

    def _client(self, seconds: float = 60.0) -> Any:
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            aws_access_key_id=KEY,
            aws_secret_access_key=SECRET,
            region_name=REGION,
            config=BotoConfig(retries={"max_attempts": 1}, connect_timeout=10, read_timeout=seconds),
        )

    def _wait(self) -> None:
        # a request that comes before all of it is up may never be answered
        client = self._client(5.0)
        deadline = time.monotonic() + START_SECONDS
        while True:
            try:
                with contextlib.suppress(client.exceptions.BucketAlreadyOwnedByYou):  # since a write that failed
                    client.create_bucket(Bucket="ready")
                client.put_object(Bucket="ready", Key="probe", Body=b"1")
            except (BotoCoreError, ClientError) as error:
                assert self._process is not None
                if self._process.poll() is not None or time.monotonic() > deadline:
                    log = (self._folder / "log").read_text(errors="replace")[-3000:]
                    raise RuntimeError(f"SeaweedFS does not come up: {error}\n{log}") from error
                time.sleep(0.1)
            else:
                return
