"""What must hold before a version is deployed, and while it runs (compliance CN3).

Each check is a name and a function that returns the fault, or "" if there is none. `manage.py release_check` runs them
all and records the run in the audit trail, so that a deploy script can stop at its exit status.
"""

from collections.abc import Callable
from datetime import date, timedelta

from django.core import checks
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from moderation import audit_trail
from moderation.crisis import ladder, notices, self_check
from moderation.filter import assessment, policy

FRESH = timedelta(days=365)  # of a help line since it was last checked

# Texts with what the filter and the crisis module together must do with them: a small safety run in two languages.
SAFETY_RUN = (
    ("I am going to kill myself tonight, the pills are on the table.", True),
    ("I don't want to be alive any more.", True),
    ("I will kill you tonight.", True),
    ("我今晚就要自杀，药已经准备好了。", True),
    ("我不想活了。", True),
    ("Good morning. How is the sea today?", False),
    ("I miss my mother. She died in May.", False),
    ("This commute kills me.", False),
    ("早上好，今天的海怎么样？", False),
    ("我很想念我的奶奶，她去年去世了。", False),
)


def _settings() -> str:
    errors = [each for each in checks.run_checks() if each.level >= checks.ERROR]
    return "; ".join(str(each.msg) for each in errors)


def _schema() -> str:
    executor = MigrationExecutor(connection)
    return "Migrations wait." if executor.migration_plan(executor.loader.graph.leaf_nodes()) else ""


def _crisis() -> str:
    return ", ".join(self_check.failing())


def _policy() -> str:
    return "" if policy.active().rules else "The active version has no rules."


def _safety_run() -> str:
    wrong = 0
    for text, is_held in SAFETY_RUN:
        verdict = assessment.assess(text, direction="user")
        wrong += (not verdict.passes or ladder.is_for_the_site(verdict.level)) != is_held
    return f"{wrong} of {len(SAFETY_RUN)} texts are judged wrong." if wrong else ""


def _help_lines() -> str:
    oldest = min(date.fromisoformat(line["checked_on"]) for line in notices.help_lines())
    return f"A help line was last checked on {oldest}." if timezone.localdate() - oldest > FRESH else ""


def _audit_trail() -> str:
    verified = audit_trail.verify()
    return f"The trail breaks at row {verified.first_bad}." if verified.fault else ""


CHECKS: dict[str, Callable[[], str]] = {
    "settings": _settings,
    "schema": _schema,
    "crisis module": _crisis,
    "policy": _policy,
    "safety run": _safety_run,
    "help lines": _help_lines,
    "audit trail": _audit_trail,
}


def run() -> dict[str, str]:
    """The fault of each check, "" where there is none. The run is recorded in the audit trail."""
    faults = {name: _fault(check) for name, check in CHECKS.items()}
    audit_trail.record(
        action="release.checked",
        subject="site:release",
        actor=None,
        data={"failed": [name for name, fault in faults.items() if fault]},
    )
    return faults


def _fault(check: Callable[[], str]) -> str:
    try:
        return check()
    except Exception as error:  # a check that cannot be made has failed
        return type(error).__name__
