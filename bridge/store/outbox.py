"""Work written with the change that makes it necessary, claimed under a lease with a fence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BindParameter,
    Connection,
    and_,
    bindparam,
    case,
    delete,
    func,
    literal,
    or_,
    select,
    text,
    update,
)

from bridge.errors import LeaseLost
from bridge.ports import Job, JobKind, OpenJob, Room, Share
from bridge.store.dialects import DIALECTS, Dialect
from bridge.store.schema import ROOMS, outbox

_FIELDS = ("subject", "lane", "due_at", "attempts", "fence", "revision")


def _put(dialect: Dialect, keep_due: bool) -> Any:
    query = dialect.insert(outbox)
    changed = {"revision": outbox.c.revision + 1}
    if not keep_due:
        changed |= {"due_at": query.excluded.due_at, "attempts": query.excluded.attempts}
    return query.on_conflict_do_update(index_elements=["kind", "subject"], set_=changed)


# Built once: SQLAlchemy needs longer to build a statement than the database needs to carry it out.
_PUT = {
    (dialect, keep_due): _put(dialect, keep_due)
    for dialect in DIALECTS
    for keep_due in (False, True)
}
_THIS = and_(outbox.c.kind == bindparam("of_kind"), outbox.c.subject == bindparam("of_subject"))
_HELD = and_(_THIS, outbox.c.fence == bindparam("of_fence"))
_REMOVE = delete(outbox).where(_THIS)
_FENCE = select(outbox.c.fence).where(_THIS).with_for_update()
_DONE = delete(outbox).where(_HELD, outbox.c.revision == bindparam("of_revision"))
_RELEASE = update(outbox).where(_HELD).values(leased_until=None)


def _walk(dialect: Dialect, room: Room) -> Any:
    """Go from lane to lane by the index: a lane with ten thousand jobs costs no more than one with a single job."""
    jobs = f"{dialect.by_index('outbox', f'ix_outbox_{room.value}')} WHERE {ROOMS[room.value]}"
    return text(f"""
        WITH RECURSIVE onward(lane) AS (
            SELECT (SELECT min(lane) FROM {jobs} AND lane > :after) WHERE (SELECT min(due_at) FROM outbox) <= :now
            UNION ALL SELECT (SELECT min(lane) FROM {jobs} AND lane > onward.lane) FROM onward WHERE onward.lane IS NOT NULL
        ), round(lane) AS (
            SELECT (SELECT min(lane) FROM {jobs} AND lane <= :after) WHERE (SELECT min(due_at) FROM outbox) <= :now
            UNION ALL SELECT (SELECT min(lane) FROM {jobs} AND lane > round.lane AND lane <= :after) FROM round WHERE round.lane IS NOT NULL
        )
        SELECT lane FROM (SELECT lane FROM onward UNION ALL SELECT lane FROM round) AS lanes
        WHERE lane IS NOT NULL AND lane NOT IN :left_out AND (
            SELECT subject FROM {jobs} AND outbox.lane = lanes.lane AND due_at <= :now AND (leased_until IS NULL OR leased_until < :now)
            ORDER BY due_at LIMIT 1) IS NOT NULL
        LIMIT :most""").bindparams(
        bindparam("now", type_=outbox.c.due_at.type),
        bindparam("left_out", expanding=True, type_=outbox.c.lane.type),
    )


def _pick(dialect: Dialect, room: Room, newest: bool) -> Any:
    c = outbox.c
    now: BindParameter[Any] = bindparam("now")
    query = select(outbox).where(
        text(ROOMS[room.value]),
        c.lane == bindparam("of_lane"),
        c.due_at <= now,
        or_(c.leased_until.is_(None), c.leased_until < now),
    )
    return dialect.locked(
        query.order_by(c.due_at.desc() if newest else c.due_at).limit(bindparam("most")), skip=True
    )


_WALK = {(dialect, room): _walk(dialect, room) for dialect in DIALECTS for room in Room}
_PICK = {
    (dialect, room, newest): _pick(dialect, room, newest)
    for dialect in DIALECTS
    for room in Room
    for newest in (False, True)
}
_LEASE = (
    update(outbox)
    .where(_THIS)
    .values(fence=bindparam("new_fence"), leased_until=bindparam("until"))
)


class SqlOutbox:
    """See `ports.Outbox`. A put during a claim raises the revision, so that the holder cannot finish what it has not seen."""

    def __init__(self, connection: Connection, dialect: Dialect) -> None:
        """Work on one connection."""
        self._connection = connection
        self._dialect = dialect

    def put(
        self, kind: JobKind, subject: str, lane: str, due_at: datetime, *, keep_due: bool = False
    ) -> None:
        """Make sure that `subject` is looked at when due."""
        row = {
            "kind": kind.value,
            "subject": subject,
            "lane": lane,
            "due_at": due_at,
            "attempts": 0,
            "fence": 0,
            "revision": 0,
        }
        self._connection.execute(_PUT[self._dialect, keep_due], row)

    def nudge(self, kind: JobKind, subject: str, due_at: datetime) -> None:
        """Bring an existing job forward to `due_at`."""
        sooner = update(outbox).where(_THIS, outbox.c.due_at > due_at).values(due_at=due_at)
        self._connection.execute(sooner, {"of_kind": kind.value, "of_subject": subject})

    def bring_forward(self, kind: JobKind, subject: str, due_at: datetime) -> None:
        """Bring an existing job forward to `due_at`, once before the time for which it was planned."""
        c = outbox.c
        sooner = update(outbox).where(
            _THIS, c.due_at > due_at, or_(c.forward_from.is_(None), c.forward_from <= due_at)
        )
        self._connection.execute(
            sooner.values(due_at=due_at, forward_from=c.due_at),
            {"of_kind": kind.value, "of_subject": subject},
        )

    def lanes_due(
        self,
        room: Room,
        now: datetime,
        *,
        after: str = "",
        left_out: Sequence[str] = (),
        most: int = 1_000,
    ) -> Sequence[str]:
        """Return lanes that have jobs to be claimed, from behind `after` on and round to it."""
        wanted = {"now": now, "after": after, "left_out": list(left_out), "most": most}
        return list(self._connection.execute(_WALK[self._dialect, room], wanted).scalars())

    def claim(
        self, room: Room, shares: Sequence[Share], now: datetime, leased_until: datetime
    ) -> Sequence[Job]:
        """Lease due jobs to the caller, at most its share of each lane."""
        self._dialect.in_index_order(self._connection)
        jobs = [job for share in shares for job in self._picked(room, share, now)]
        if jobs:
            self._connection.execute(
                _LEASE,
                [
                    {
                        "of_kind": job.kind.value,
                        "of_subject": job.subject,
                        "new_fence": job.fence,
                        "until": leased_until,
                    }
                    for job in jobs
                ],
            )
        return jobs

    def _picked(self, room: Room, share: Share, now: datetime) -> Iterator[Job]:
        """Lock and return the jobs of a share as they are when they are leased; nobody else can change them until the unit ends."""
        query = _PICK[self._dialect, room, share.newest]
        for row in self._connection.execute(
            query, {"of_lane": share.lane, "now": now, "most": share.most}
        ):
            fields = {name: row._mapping[name] for name in _FIELDS}
            yield Job(kind=JobKind(row.kind), **(fields | {"fence": row.fence + 1}))

    def hold(self, job: Job) -> None:
        """Prove that the caller still holds the job. Raises LeaseLost."""
        if self._connection.execute(_FENCE, _named(job)).scalar() != job.fence:
            raise LeaseLost

    def done(self, job: Job) -> None:
        """Remove a held job; if it was put anew meanwhile, release it instead."""
        if not self._connection.execute(_DONE, _named(job)).rowcount:
            self._connection.execute(_RELEASE, _named(job))

    def postpone(self, job: Job, due_at: datetime) -> None:
        """Release a held job, counting one more attempt; if it was put anew meanwhile, the earlier due time holds."""
        c = outbox.c
        same = c.revision == job.revision
        due = literal(
            due_at, c.due_at.type
        )  # untyped it would be written in another form than the column's, and sort wrongly
        earlier = case((or_(same, c.due_at > due), due), else_=c.due_at)
        attempts = case((same, c.attempts + 1), else_=c.attempts)
        released = (
            update(outbox)
            .where(_HELD)
            .values(due_at=earlier, attempts=attempts, leased_until=None, revision=c.revision + 1)
        )
        self._connection.execute(released, _named(job))

    def remove(self, kind: JobKind, subject: str) -> None:
        """Remove a job whoever holds it."""
        self._connection.execute(_REMOVE, {"of_kind": kind.value, "of_subject": subject})

    def open(self, subjects: Sequence[str]) -> Sequence[OpenJob]:
        """Return the jobs of these subjects, the first due first."""
        c = outbox.c
        query = select(c.kind, c.subject, c.lane, c.due_at, c.attempts, c.leased_until)
        rows = self._connection.execute(
            query.where(
                c.kind.in_([kind.value for kind in JobKind]), c.subject.in_(subjects)
            ).order_by(c.due_at)
        )
        return [OpenJob(JobKind(kind), *rest) for kind, *rest in rows]

    def depth(self) -> Mapping[str, int]:
        """Return how many jobs there are by kind."""
        query = select(outbox.c.kind, func.count()).group_by(outbox.c.kind)
        return {kind: count for kind, count in self._connection.execute(query)}


def _named(job: Job) -> Mapping[str, object]:
    return {
        "of_kind": job.kind.value,
        "of_subject": job.subject,
        "of_fence": job.fence,
        "of_revision": job.revision,
    }
