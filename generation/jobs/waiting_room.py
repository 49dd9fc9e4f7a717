"""The waiting room: which job is served next. It knows jobs, accounts and classes, and no people.

Interactive jobs are served before background ones. Within a class accounts take turns. Each job gets a turn number when
it joins: one more than the account's job before it, and never less than the turn that is served now (start-time fair
queuing). An account's waiting, recently served and running jobs push its next turn back. So a person with one job is
served before the remaining jobs of a person with ten.

Redis holds the room and may lose it. The rows of each kind decide which jobs are owed, and the kind's sweeper puts back
jobs that are `absent`. A message to the workers only says that there is work; the worker then takes the next job.
The scripts name their keys themselves, so they need a single Redis and not a cluster.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from math import ceil
from typing import Any, Literal, cast, get_args

import redis
from celery import current_app
from django import db
from django.conf import settings
from kombu.exceptions import OperationalError as BrokerLost

from generation.jobs import leases
from persona_site.redis import connection

Class = Literal["interactive", "background"]
Handler = Callable[[str], None]

QUEUE = "generation"  # of messages to the workers
_SERVE = "generation.tasks.serve"
_CLASSES = get_args(Class)
# The duration of a job before the first one was measured.
_UNMEASURED = timedelta(seconds=5)

# What Redis holds, under keys that begin with "waiting:".
# room:CLASS     the waiting jobs: "arrival|account|name" by turn; arrival decides between equal turns
# accounts:CLASS the turn after each account's last one; removed when the served turn has reached it
# turn:CLASS     the turn that is served now
# members        name → "class|entry of the room"
# running        name → "account|class|time in milliseconds at which a worker took it"
# shown          name → the position that its person was last shown
# seconds        class → the recent average duration of a job
# slots          "worker|jobs that it runs at once" by the second at which the entry expires

_JOINING = """
local function join(name, account, class)
  if redis.call('hexists', 'waiting:members', name) == 1 then return false end
  redis.call('hdel', 'waiting:running', name)
  local running = 0
  for _, job in ipairs(redis.call('hvals', 'waiting:running')) do
    if string.match(job, '^[^|]*') == account then running = running + 1 end
  end
  local now = tonumber(redis.call('get', 'waiting:turn:' .. class) or 0)
  local last = tonumber(redis.call('zscore', 'waiting:accounts:' .. class, account) or 0)
  local turn = math.max(now + running, last)
  local entry = string.format('%016d|%s|%s', redis.call('incr', 'waiting:arrivals'), account, name)
  redis.call('zadd', 'waiting:accounts:' .. class, turn + 1, account)
  redis.call('zadd', 'waiting:room:' .. class, turn, entry)
  redis.call('hset', 'waiting:members', name, class .. '|' .. entry)
  local ahead = redis.call('zrank', 'waiting:room:' .. class, entry)
  if class == 'background' then ahead = ahead + redis.call('zcard', 'waiting:room:interactive') end
  redis.call('hset', 'waiting:shown', name, ahead)
  return ahead
end
"""

_COUNTING = """
local function count(account, class)
  local entries = redis.call('zrange', 'waiting:room:' .. class, 0, -1)
  local own = 0
  for _, entry in ipairs(entries) do
    if string.match(entry, '^%d+|([^|]*)') == account then own = own + 1 end
  end
  return #entries, own
end
"""

_JOIN = _JOINING + "return join(ARGV[1], ARGV[2], ARGV[3])"

_COUNT = _COUNTING + "return {count(ARGV[1], ARGV[2])}"

# One step, so that requests that arrive at the same moment cannot exceed a limit together.
_JOIN_ALL = (
    _JOINING
    + _COUNTING
    + """
local account, class, added = ARGV[1], ARGV[2], #ARGV - 4
local waiting, own = count(account, class)
if own + added > tonumber(ARGV[3]) then return 'own' end
if waiting + added > tonumber(ARGV[4]) then return 'all' end
for i = 5, #ARGV do join(ARGV[i], account, class) end
return false
"""
)

_TAKE = """
for _, class in ipairs({'interactive', 'background'}) do
  local first = redis.call('zpopmin', 'waiting:room:' .. class)
  if first[1] then
    local account, name = string.match(first[1], '^%d+|([^|]*)|(.*)$')
    local now = redis.call('time')
    redis.call('set', 'waiting:turn:' .. class, first[2])
    redis.call('zremrangebyscore', 'waiting:accounts:' .. class, '-inf', first[2])
    redis.call('hdel', 'waiting:members', name)
    redis.call('hdel', 'waiting:shown', name)
    local taken_at = now[1] * 1000 + math.floor(now[2] / 1000)
    redis.call('hset', 'waiting:running', name, string.format('%s|%s|%d', account, class, taken_at))
    return name
  end
end
return false
"""

# The account's later jobs move up, as if this one had never joined.
_LEAVE = """
local member = redis.call('hget', 'waiting:members', ARGV[1])
if not member then return 0 end
local class, entry = string.match(member, '^([^|]*)|(.*)$')
local account = string.match(entry, '^%d+|([^|]*)')
local room, accounts = 'waiting:room:' .. class, 'waiting:accounts:' .. class
local turn = redis.call('zscore', room, entry)
redis.call('zrem', room, entry)
redis.call('hdel', 'waiting:members', ARGV[1])
redis.call('hdel', 'waiting:shown', ARGV[1])
for _, other in ipairs(redis.call('zrangebyscore', room, '(' .. turn, '+inf')) do
  if string.match(other, '^%d+|([^|]*)') == account then redis.call('zincrby', room, -1, other) end
end
if redis.call('zscore', accounts, account) then redis.call('zincrby', accounts, -1, account) end
return 1
"""

_FINISH = """
local job = redis.call('hget', 'waiting:running', ARGV[1])
if not job then return end
redis.call('hdel', 'waiting:running', ARGV[1])
local class, taken_at = string.match(job, '|([^|]*)|(%d+)$')
local now = redis.call('time')
local took = now[1] + now[2] / 1000000 - taken_at / 1000
local before = tonumber(redis.call('hget', 'waiting:seconds', class) or took)
redis.call('hset', 'waiting:seconds', class, tostring(before + 0.2 * (took - before)))
"""

_FORGET_LOST = """
local time = redis.call('time')
local now = time[1] * 1000 + time[2] / 1000
for i = 2, #ARGV do
  local job = redis.call('hget', 'waiting:running', ARGV[i])
  if job and now - string.match(job, '%d+$') > tonumber(ARGV[1]) then
    redis.call('hdel', 'waiting:running', ARGV[i])
  end
end
"""

_PLACE = """
local member = redis.call('hget', 'waiting:members', ARGV[1])
if not member then return false end
local class, entry = string.match(member, '^([^|]*)|(.*)$')
local ahead = redis.call('zrank', 'waiting:room:' .. class, entry)
if class == 'background' then ahead = ahead + redis.call('zcard', 'waiting:room:interactive') end
return {class, ahead}
"""

_OFFER = """
local now = redis.call('time')[1]
redis.call('zremrangebyscore', 'waiting:slots', '-inf', now)
redis.call('zadd', 'waiting:slots', now + ARGV[2], ARGV[1])
"""

_PACE = """
local slots = 0
for _, worker in ipairs(redis.call('zrangebyscore', 'waiting:slots', redis.call('time')[1], '+inf')) do
  slots = slots + string.match(worker, '%d+$')
end
local seconds = redis.call('hmget', 'waiting:seconds', 'interactive', 'background')
return {redis.call('hlen', 'waiting:running'), slots, seconds[1] or '', seconds[2] or ''}
"""

_IS_TALK = """
if redis.call('zcard', 'waiting:room:interactive') > 0 then return 1 end
for _, job in ipairs(redis.call('hvals', 'waiting:running')) do
  if string.match(job, '^[^|]*|interactive|') then return 1 end
end
return 0
"""


@dataclass(frozen=True)
class Place:
    """A job's place. `expected_wait` is None while no worker runs, or until a first job has finished."""

    job_id: str
    position: int  # jobs that are served before it, as the room is now
    expected_wait: timedelta | None


class Full(Exception):
    """The room has no free place: for this account (`own`), or for any account."""

    def __init__(self, *, own: bool, retry_after: timedelta) -> None:
        super().__init__("The waiting room is full.")
        self.own = own
        self.retry_after = retry_after


@dataclass(frozen=True)
class _Pace:
    """The speed at which jobs are served now."""

    running: int
    slots: int
    seconds: dict[str, float]  # class → the duration of a job, a moving average

    def expected_wait(self, position: int, klass: str) -> timedelta | None:
        if not self.slots or klass not in self.seconds:
            return None
        turns = max(0, position + 1 - max(0, self.slots - self.running))
        return timedelta(seconds=turns * self.seconds[klass] / self.slots)


_handlers: dict[str, Handler] = {}


def is_loss(error: Exception) -> bool:
    """Whether a store was lost, so that the same work may succeed later. Any other error would happen again."""
    if isinstance(error, redis.DataError):  # a value that Redis never accepts
        return False
    return isinstance(error, redis.RedisError | BrokerLost | db.OperationalError | db.InterfaceError)


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Registers the function that does the jobs of a kind by their ids. Used in a room's `tasks`, which workers load.

    The function runs in a generation worker under the lease `kind:job_id`. It must accept a job that is no longer
    owed. The room that registers it has a sweeper for jobs that are `absent`. The function raises a loss (`is_loss`),
    and the sweeper then queues the job again. At any other error the function ends the job itself.
    """

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def join(
    *, kind: str, job_id: str, account: str, klass: Class, announce: Callable[[Place], None] = lambda place: None
) -> None:
    """Puts a job into the room and notifies the workers. A job that waits already keeps its place.

    `announce` is called with the place before any worker is notified.
    """
    position = connection().eval(_JOIN, 0, f"{kind}:{job_id}", account, klass)
    if position is not None:
        announce(Place(job_id, position, _pace().expected_wait(position, klass)))
        current_app.send_task(_SERVE)


def admit(*, account: str, klass: Class) -> None:
    """Raises Full if no further job of this account may wait. Changes nothing."""
    waiting, own = connection().eval(_COUNT, 0, account, klass)
    if own >= settings.WAITING_PER_ACCOUNT or waiting >= settings.WAITING_LIMIT:
        raise full(klass, own=own >= settings.WAITING_PER_ACCOUNT)


def join_all(*, kind: str, job_ids: Sequence[str], account: str, klass: Class) -> None:
    """Puts new jobs of one account into the room, all or none. Raises Full if they do not fit."""
    names = [f"{kind}:{job_id}" for job_id in job_ids]
    limits = (settings.WAITING_PER_ACCOUNT, settings.WAITING_LIMIT)
    refusal = connection().eval(_JOIN_ALL, 0, account, klass, *limits, *names)
    if refusal is not None:
        raise full(klass, own=refusal == b"own")
    for _ in names:
        current_app.send_task(_SERVE)


def leave(*, kind: str, job_id: str) -> None:
    """Takes out a job that nobody waits for any more. A running job is not touched."""
    connection().eval(_LEAVE, 0, f"{kind}:{job_id}")


def place(*, kind: str, job_id: str) -> Place | None:
    """A job's place; None if it does not wait."""
    place_data = connection().eval(_PLACE, 0, f"{kind}:{job_id}")
    if not place_data:
        return None
    klass, position = place_data[0].decode(), place_data[1]
    return Place(job_id, position, _pace().expected_wait(position, klass))


def moved_places(kind: str) -> list[Place]:
    """The places of a kind's jobs whose position differs noticeably from the one last shown. Stores it as shown.

    Noticeably means by a quarter, and by one at least. So a job that moves up 200 places is reported about 15 times.
    """
    with connection().pipeline(transaction=True) as pipe:
        for klass in _CLASSES:
            pipe.zrange(f"waiting:room:{klass}", 0, -1)
        pipe.hgetall("waiting:shown")
        *rooms, shown = pipe.execute()
    waiting_jobs = [(klass, entry) for klass, room in zip(_CLASSES, rooms, strict=True) for entry in room]
    if not waiting_jobs:
        return []
    pace = _pace()
    positions: dict[bytes, int] = {}
    places = []
    for position, (klass, entry) in enumerate(waiting_jobs):
        name = entry.split(b"|", 2)[2]
        job_kind, _, job_id = name.decode().partition(":")
        before = int(shown.get(name, position))
        if job_kind == kind and abs(position - before) >= max(1, before / 4):
            positions[name] = position
            places.append(Place(job_id, position, pace.expected_wait(position, klass)))
    if positions:
        connection().hset("waiting:shown", mapping=positions)  # type: ignore[arg-type]  # the stubs want one type of key
    return places


def absent(kind: str, job_ids: Iterable[str]) -> set[str]:
    """The jobs that neither wait nor run: lost with Redis, or with a worker at least one lease ago."""
    ids = list(job_ids)
    if not ids:
        return set()
    names = [f"{kind}:{job_id}" for job_id in ids]
    with connection().pipeline(transaction=True) as pipe:
        pipe.hmget("waiting:members", names)
        pipe.hmget("waiting:running", names)
        waiting, running = pipe.execute()
    return {job_id for job_id, *entries in zip(ids, waiting, running, strict=True) if not any(entries)}


def sizes() -> dict[str, int]:
    """Class → number of waiting jobs."""
    return {klass: connection().zcard(f"waiting:room:{klass}") for klass in _CLASSES}


def is_talk() -> bool:
    """Whether an interactive job waits or runs, so that work that nobody waits for should stand back."""
    return bool(connection().eval(_IS_TALK, 0))


def serve() -> None:
    """Runs the next job, if one waits, and holds the job's lease meanwhile."""
    name = connection().eval(_TAKE, 0)
    if name is None:
        return
    kind, _, job_id = name.decode().partition(":")
    lease = leases.take(name.decode())
    if lease is None:
        # The worker that has just ended the job still holds its lease. If the job is owed, the sweeper puts it back.
        connection().hdel("waiting:running", name)
        return
    with lease:
        try:
            _handlers[kind](job_id)
        finally:
            connection().eval(_FINISH, 0, name)


def rouse() -> None:
    """Replaces lost messages, and forgets running jobs whose worker was lost."""
    names = [name.decode() for name in cast(list[bytes], connection().hkeys("waiting:running"))]
    if lost_names := set(names) - leases.held(names):
        connection().eval(_FORGET_LOST, 0, int(settings.LEASE.total_seconds() * 1000), *lost_names)
    for _ in range(sum(sizes().values()) - connection().llen(QUEUE)):
        current_app.send_task(_SERVE)


def offer(worker: str, slots: int, believed: timedelta) -> None:
    """Records how many jobs a worker runs at once. The entry expires after `believed`."""
    connection().eval(_OFFER, 0, f"{worker}|{slots}", int(believed.total_seconds()))


def withdraw(worker: str, slots: int) -> None:
    """Records that a worker takes no more jobs."""
    connection().zrem("waiting:slots", f"{worker}|{slots}")


def full(klass: Class, *, own: bool) -> Full:
    """The error for a full room, with the time after which a place is likely to be free."""
    seconds = _pace().seconds.get(klass, _UNMEASURED.total_seconds())
    return Full(own=own, retry_after=timedelta(seconds=max(1, ceil(seconds))))


def _pace() -> _Pace:
    answer: list[Any] = connection().eval(_PACE, 0)
    seconds = {klass: float(value) for klass, value in zip(_CLASSES, answer[2:], strict=True) if value}
    return _Pace(answer[0], answer[1], seconds)
