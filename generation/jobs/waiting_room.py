"""The waiting room: who is served next. It knows jobs, accounts and classes, and no people.

Interactive jobs go before background ones. Inside a class accounts take turns: each job gets a turn
when it joins, one later than the account's job before it, and never earlier than the turn that is
being served now (start-time fair queuing). What an account waits for, was just given and is being
given pushes its next turn back; somebody who comes with one job goes before the rest of another's ten.

The room lies in Redis and may be lost: rows are the truth, and each kind's sweeper puts back what is
`absent`. A message to the workers carries only that there is work; the worker takes the fairest job.
The scripts name their keys themselves, so this is one Redis, not a cluster.
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
# Until a first job was measured.
_UNMEASURED = timedelta(seconds=5)

# room:CLASS     who waits: "arrival|account|name" by turn; arrival decides between equal turns
# accounts:CLASS the turn after each account's last one; forgotten once served turns have passed it
# turn:CLASS     the turn that is being served
# members        name → "class|entry of the room"
# running        name → "account|class|milliseconds at which it was taken"
# shown          name → the position that was last told
# seconds        class → how long a job takes, lately
# slots          "worker|jobs that it does at once" by the second until which that is believed

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

# In one step, so that requests which come at the same moment cannot pass a limit together.
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

# The account's later jobs move up, as if this one had never come.
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


@dataclass(frozen=True)
class Place:
    """Where a job stands. `expected_wait` is None while no worker runs or none has finished a job yet."""

    job_id: str
    position: int  # jobs that are served before it, as it looks now
    expected_wait: timedelta | None


class Full(Exception):
    """No place is free to wait in: for this account (`own`), or for anybody."""

    def __init__(self, *, own: bool, retry_after: timedelta) -> None:
        super().__init__("The waiting room is full.")
        self.own = own
        self.retry_after = retry_after


@dataclass(frozen=True)
class _Pace:
    """How fast jobs are served now."""

    running: int
    slots: int
    seconds: dict[str, float]  # class → of one job, a moving average

    def expected_wait(self, position: int, klass: str) -> timedelta | None:
        if not self.slots or klass not in self.seconds:
            return None
        turns = max(0, position + 1 - max(0, self.slots - self.running))
        return timedelta(seconds=turns * self.seconds[klass] / self.slots)


_handlers: dict[str, Handler] = {}


def is_loss(error: Exception) -> bool:
    """Whether a store went away, so that the same work may succeed later. Any other error would come again."""
    if isinstance(error, redis.DataError):  # a value that Redis never takes
        return False
    return isinstance(error, redis.RedisError | BrokerLost | db.OperationalError | db.InterfaceError)


def handles(kind: str) -> Callable[[Handler], Handler]:
    """Registers the function that does the jobs of a kind, given their id; in a room's `tasks`, which workers load.

    It runs under the lease `kind:job_id`, in a generation worker, and must stand being called for a job
    that is no longer owed. The room that registers it has a sweeper for what is `absent`. It lets a loss
    (`is_loss`) pass, after which the sweeper owes the job again, and ends the job itself at any other error.
    """

    def register(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return register


def join(
    *, kind: str, job_id: str, account: str, klass: Class, announce: Callable[[Place], None] = lambda place: None
) -> None:
    """Puts a job into the room and tells the workers; one that waits already stays where it is.

    `announce` gets the place before any worker is told of the job.
    """
    position = connection().eval(_JOIN, 0, f"{kind}:{job_id}", account, klass)
    if position is not None:
        announce(Place(job_id, position, _pace().expected_wait(position, klass)))
        current_app.send_task(_SERVE)


def admit(*, account: str, klass: Class) -> None:
    """Raises Full where another job of this account should not wait; changes nothing."""
    waiting, own = connection().eval(_COUNT, 0, account, klass)
    if own >= settings.WAITING_PER_ACCOUNT or waiting >= settings.WAITING_LIMIT:
        raise full(klass, own=own >= settings.WAITING_PER_ACCOUNT)


def join_all(*, kind: str, job_ids: Sequence[str], account: str, klass: Class) -> None:
    """Puts new jobs of one account into the room, all of them, or none and raises Full where they would not fit."""
    names = [f"{kind}:{job_id}" for job_id in job_ids]
    limits = (settings.WAITING_PER_ACCOUNT, settings.WAITING_LIMIT)
    refusal = connection().eval(_JOIN_ALL, 0, account, klass, *limits, *names)
    if refusal is not None:
        raise full(klass, own=refusal == b"own")
    for _ in names:
        current_app.send_task(_SERVE)


def leave(*, kind: str, job_id: str) -> None:
    """Takes a job out that nobody waits for any more; one that is being done is not touched."""
    connection().eval(_LEAVE, 0, f"{kind}:{job_id}")


def place(*, kind: str, job_id: str) -> Place | None:
    """Where a job stands; None where it does not wait."""
    place_data = connection().eval(_PLACE, 0, f"{kind}:{job_id}")
    if not place_data:
        return None
    klass, position = place_data[0].decode(), place_data[1]
    return Place(job_id, position, _pace().expected_wait(position, klass))


def moved(kind: str) -> list[Place]:
    """Jobs of a kind whose position differs noticeably from the one last told, which this then counts as told.

    Noticeably: by a quarter, and by one at least. So a way of 200 places is told about 15 times.
    """
    with connection().pipeline(transaction=True) as pipe:
        for klass in _CLASSES:
            pipe.zrange(f"waiting:room:{klass}", 0, -1)
        pipe.hgetall("waiting:shown")
        *rooms, shown = pipe.execute()
    standing = [(klass, entry) for klass, room in zip(_CLASSES, rooms, strict=True) for entry in room]
    if not standing:
        return []
    pace = _pace()
    positions: dict[bytes, int] = {}
    places = []
    for position, (klass, entry) in enumerate(standing):
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
    """Those that neither wait nor are being done: lost with Redis, or with a worker a lease ago."""
    ids = list(job_ids)
    if not ids:
        return set()
    names = [f"{kind}:{job_id}" for job_id in ids]
    with connection().pipeline(transaction=True) as pipe:
        pipe.hmget("waiting:members", names)
        pipe.hmget("waiting:running", names)
        waiting, running = pipe.execute()
    return {job_id for job_id, *known in zip(ids, waiting, running, strict=True) if not any(known)}


def sizes() -> dict[str, int]:
    """Class → jobs that wait."""
    return {klass: connection().zcard(f"waiting:room:{klass}") for klass in _CLASSES}


def serve() -> None:
    """Runs the fairest job, if one waits, and holds the job's lease meanwhile."""
    name = connection().eval(_TAKE, 0)
    if name is None:
        return
    kind, _, job_id = name.decode().partition(":")
    lease = leases.take(name.decode())
    if lease is None:
        # Whoever ended it a moment ago still holds it. The sweeper brings it back if it is owed.
        connection().hdel("waiting:running", name)
        return
    with lease:
        try:
            _handlers[kind](job_id)
        finally:
            connection().eval(_FINISH, 0, name)


def rouse() -> None:
    """Makes up for messages that were lost, and forgets jobs whose worker was."""
    names = [name.decode() for name in cast(list[bytes], connection().hkeys("waiting:running"))]
    if lost := set(names) - leases.held(names):
        connection().eval(_FORGET_LOST, 0, int(settings.LEASE.total_seconds() * 1000), *lost)
    for _ in range(sum(sizes().values()) - connection().llen(QUEUE)):
        current_app.send_task(_SERVE)


def offer(worker: str, slots: int, believed: timedelta) -> None:
    """Records how many jobs a worker runs at once."""
    connection().eval(_OFFER, 0, f"{worker}|{slots}", int(believed.total_seconds()))


def withdraw(worker: str, slots: int) -> None:
    """Records that a worker takes no more jobs."""
    connection().zrem("waiting:slots", f"{worker}|{slots}")


def full(klass: Class, *, own: bool) -> Full:
    """The refusal, with the time after which a place is likely to be free."""
    seconds = _pace().seconds.get(klass, _UNMEASURED.total_seconds())
    return Full(own=own, retry_after=timedelta(seconds=max(1, ceil(seconds))))


def _pace() -> _Pace:
    answer: list[Any] = connection().eval(_PACE, 0)
    seconds = {klass: float(value) for klass, value in zip(_CLASSES, answer[2:], strict=True) if value}
    return _Pace(answer[0], answer[1], seconds)
