"""Waves of scans with faults in them, and what has to be true when a wave is over."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.fault.stage import Part, Stage
from tests.servers.pipeline import long_archive
from tests.servers.processes import psutil_gone

#: A page that raises the same findings whenever it is looked at.
PAGE = "<!doctype html><html lang=en><title>A page of some words</title><h1>Hello</h1><img src=a.png>"
ENDED = {"done", "failed"}
#: A wave that has not ended by then has lost something.
SECONDS = 120.0


@dataclass(frozen=True)
class Round:
    """One fault, and the seconds until all that was open then had ended (for the API: until it answered)."""

    fault: str
    recovery: float


@dataclass(frozen=True)
class Reference:
    """What an undisturbed scan of ``PAGE`` finds, and why some of its slots cannot look on this machine."""

    titles: tuple[str, ...]
    reasons: dict[str, str | None]


@dataclass
class Wave:
    """Scans under way, the faults among them, and the judgement."""

    stage: Stage
    fault: str
    packages: dict[str, int] = field(default_factory=dict)  # expected, by scan id
    pages: dict[str, str] = field(default_factory=dict)  # path by scan id
    faults: list[tuple[float, set[str], float | None]] = field(default_factory=list)  # when, the open scans, recovery
    ended_at: dict[str, float] = field(default_factory=dict)
    repairs: list[tuple[float, Callable[[], object]]] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        return [*self.packages, *self.pages]

    def start(self, *, files: int, pages: int) -> None:
        """Kick off, and follow from the first moment; some files take a moment, some seconds."""
        chance = self.stage.random
        for number in range(files):
            count = chance.choice([1_500, 4_000, 8_000, 16_000])
            scan_id = self.stage.scan_file(long_archive(count + number), f"file{number}.tar")
            self.packages[scan_id] = count + number
            self.stage.follow(scan_id)
        for _ in range(pages):
            path = f"/{chance.randrange(1 << 40):x}"
            self.stage.site.page(path, PAGE)
            scan_id = self.stage.scan_page(path)
            self.pages[scan_id] = path
            self.stage.follow(scan_id)

    def hurt(self, count: int, within: float, act: Fault) -> None:
        """Let ``count`` faults happen at random moments while scans run, and put right what a supervisor would."""
        began = time.monotonic()
        for moment in sorted(self.stage.random.uniform(0.05, within) for _ in range(count)):
            while time.monotonic() < began + moment:
                self._tick()
            touched = self.look()
            at = time.monotonic()
            hit, answered = act(self)
            # what hits nobody is no round; the API has its readers, also of scans that have just ended
            if hit and (touched or answered is not None):
                self.faults.append((at, touched, answered))

    def later(self, repair: Callable[[], object]) -> None:
        """Put something right in a moment."""
        self.repairs.append((time.monotonic() + self.stage.random.uniform(0.1, 1.0), repair))

    def _tick(self) -> None:
        for due, repair in tuple(self.repairs):
            if time.monotonic() >= due:
                self.repairs.remove((due, repair))
                repair()
        time.sleep(0.01)

    def look(self) -> set[str]:
        """The scans that are open, with the time that the others were first seen ended."""
        known = [scan_id for scan_id in self.ids if scan_id not in self.ended_at]
        still = self.stage.open_scans(known) if known else set()
        for scan_id in known:
            if scan_id not in still:
                self.ended_at[scan_id] = time.monotonic()
        return still

    def settle(self, seconds: float) -> list[Round]:
        """Wait for every end; the rounds of this wave."""
        end = time.monotonic() + seconds
        while self.repairs or (still := self.look()):
            self._tick()
            if time.monotonic() > end:
                raise AssertionError(f"{self.fault}: lost\n" + "\n".join(map(self._tell, still)))
        rounds = []
        for at, touched, answered in self.faults:
            recovery = answered if answered is not None else max(self.ended_at[one] for one in touched) - at
            rounds.append(Round(fault=self.fault, recovery=recovery))
        return rounds

    def judge(self, reference: Reference, *, may_fail: frozenset[str]) -> None:
        """No scan is lost or has acted twice, no slot is stuck, no event is missing or heard twice."""
        for scan_id in self.ids:
            self._judge_reader(scan_id)
            status, slots, last = self.stage.query(
                "select status, scanner_status, last_seq from audit_scan_runs where id = %s", scan_id
            )[0]
            told = self._tell(scan_id)
            assert status in ENDED, told
            assert {slot["state"] for slot in slots.values()} <= ENDED, told
            events = self.stage.query("select seq, stage from scan_events where scan_id = %s order by seq", scan_id)
            assert [event[0] for event in events] == list(range(1, last + 1)), told
            stages = [event[1] for event in events]
            reasons = {name: slot["reason"] for name, slot in slots.items()}
            if scan_id in self.pages:
                assert (status, stages[-1], stages.count("scan.done")) == ("done", "scan.done", 1), told
                self._judge_page(scan_id, reasons, reference, may_fail, told)
            elif status == "failed":
                assert set(reasons.values()) <= may_fail, told
                assert stages[-1] == "scan.error", told
            else:
                assert stages[-1] == "scan.done", told
                count = "select count(*), count(distinct purl) from scan_packages where scan_id = %s"
                assert self.stage.query(count, scan_id)[0] == (self.packages[scan_id],) * 2, told
        self._judge_jobs()

    def _judge_page(
        self, scan_id: str, reasons: dict[str, str | None], reference: Reference, may_fail: frozenset[str], told: str
    ) -> None:
        """What was found on a page, once each, is what an undisturbed scan finds, but for slots that were killed."""
        found = self.stage.titles(self.pages[scan_id])
        assert len(found) == len(set(found)), (found, told)
        changed = {reason for slot, reason in reasons.items() if reason != reference.reasons[slot]}
        assert changed <= may_fail, told
        if changed:
            assert set(found) <= set(reference.titles), (found, told)
        else:
            assert sorted(found) == sorted(reference.titles), (found, told)

    def _judge_reader(self, scan_id: str) -> None:
        """What a reader that comes back by Last-Event-ID has got is every number once, in order."""
        follower = self.stage.followers.pop(scan_id)
        last = self.stage.query("select last_seq from audit_scan_runs where id = %s", scan_id)[0][0]
        assert follower.wait(30), f"the reader of {scan_id} heard no end"
        assert follower.seqs == list(range(1, last + 1)), (follower.connections, follower.seqs, last)

    def _judge_jobs(self, seconds: float = 30.0) -> None:
        """Nothing of these scans waits or runs in the queue."""
        end = time.monotonic() + seconds
        while left := self.stage.query(
            "select id, task_name, status, args from procrastinate_jobs where status in ('todo', 'doing')"
            " and args->>'scan_id' = any(%s)",
            self.ids,
        ):
            assert time.monotonic() < end, left
            time.sleep(0.2)

    def _tell(self, scan_id: str) -> str:
        row = self.stage.query("select to_jsonb(r) - 'coverage' from audit_scan_runs r where id = %s", scan_id)
        events = self.stage.query(
            "select seq, stage, slot, detail from scan_events where scan_id = %s order by seq", scan_id
        )
        jobs = self.stage.query(
            "select id, task_name, status, attempts, worker_id from procrastinate_jobs where args->>'scan_id' = %s",
            scan_id,
        )
        return f"{row}\n{events[-25:]}\n{jobs}"


#: Whether anything was hit, and how long it took to recover where that is known at once.
Hit = tuple[bool, float | None]
Fault = Callable[[Wave], Hit]


def kill_worker(wave: Wave) -> Hit:
    """A worker at work, if any is; when all are dead, one that has just come back."""
    alive = [part for part in wave.stage.workers if part.alive]
    if not alive:
        wave.repairs.pop(0)[1]()
        alive = [part for part in wave.stage.workers if part.alive]
    chosen = wave.stage.random.choice([part for part in alive if part.children] or alive)
    chosen.kill()
    wave.later(chosen.start)
    return True, None


def kill_child(wave: Wave) -> Hit:
    """A scanner child, the next that runs."""
    while wave.look():
        if found := [child for part in wave.stage.workers for child in part.children]:
            with psutil_gone():
                wave.stage.random.choice(found).kill()
                return True, None
        time.sleep(0.01)
    return False, None


def kill_api(wave: Wave) -> Hit:
    """The web process, started again at once; its recovery is until it answers."""
    part: Part = wave.stage.parts["serve"]
    part.kill()
    part.start()
    return True, wave.stage.until_answers()


def kill_database(wave: Wave) -> Hit:
    """The postmaster with ``kill -9``; its supervisor starts it again."""
    wave.stage.kill_database()
    time.sleep(wave.stage.random.uniform(0.0, 1.0))
    wave.stage.server.open()
    return True, None


def restart_database(wave: Wave) -> Hit:
    """An operator's restart."""
    wave.stage.restart_database()
    return True, None


FAULTS: dict[str, Fault] = {
    "worker kill -9": kill_worker,
    "scanner child kill -9": kill_child,
    "API kill -9": kill_api,
    "PostgreSQL kill -9": kill_database,
    "PostgreSQL restarted": restart_database,
}
MAY_FAIL: dict[str, frozenset[str]] = {
    "worker kill -9": frozenset({"attempts"}),
    "scanner child kill -9": frozenset({"killed"}),
}


def undisturbed(stage: Stage) -> Reference:
    """One page and one file without any fault: everything is warm then, and what a page gives is known."""
    wave = Wave(stage, "none")
    wave.start(files=1, pages=1)
    wave.settle(60)
    scan_id, path = next(iter(wave.pages.items()))
    slots = stage.query("select scanner_status from audit_scan_runs where id = %s", scan_id)[0][0]
    found = Reference(titles=tuple(stage.titles(path)), reasons={name: slot["reason"] for name, slot in slots.items()})
    wave.judge(found, may_fail=frozenset())
    assert "Content-Security-Policy missing" in found.titles
    return found


def run(
    stage: Stage, fault: str, reference: Reference, *, faults: int, files: int, pages: int, within: float = 3.0
) -> list[Round]:
    """One wave from kick-off to judgement."""
    wave = Wave(stage, fault)
    wave.start(files=files, pages=pages)
    wave.hurt(faults, within, FAULTS[fault])
    rounds = wave.settle(SECONDS)
    wave.judge(reference, may_fail=MAY_FAIL.get(fault, frozenset()))
    return rounds


def table(rounds: list[Round]) -> str:
    """What happened how often, and the longest until all was well again; a round that did not recover raised before."""
    lines = ["| fault | rounds | recovered | median s | worst s |", "|---|---|---|---|---|"]
    for fault in dict.fromkeys(each.fault for each in rounds):
        taken = sorted(each.recovery for each in rounds if each.fault == fault)
        lines.append(f"| {fault} | {len(taken)} | {len(taken)} | {taken[len(taken) // 2]:.1f} | {taken[-1]:.1f} |")
    return "\n".join(lines)
