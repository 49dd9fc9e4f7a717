"""Empties the database after a test that commits, with far less work than `flush`.

`flush` truncates all tables, which makes new files for each of them and their indexes, and then makes every permission
anew. Here the tables with rows lose their rows. Content types and permissions, which no test changes, stay. What the
rooms keep ready after each migration is made anew, as `flush` does, and so is the policy that a migration makes.
"""

from importlib import import_module
from typing import Any

from django.apps import apps
from django.db import connection, transaction
from django.test import TransactionTestCase

from generation.routing import engine_rows
from moderation.filter import policy
from personas import shipped

_KEPT = {"django_content_type", "auth_permission"}


def install() -> None:
    TransactionTestCase._fixture_teardown = _emptied  # type: ignore[attr-defined]


def _emptied(test: Any) -> None:
    names = set(connection.introspection.django_table_names(only_existing=True, include_views=False)) - _KEPT
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM {name})" for name in names))
        filled = [name for (name,) in cursor.fetchall()]
        # Without triggers, since all rows go: none refers to another, and entries of the audit trail may be deleted.
        cursor.execute("SET LOCAL session_replication_role = replica")
        for name in filled:
            cursor.execute(f"DELETE FROM {name}")
    import_module("moderation.migrations.0004_default_policy").make_default(apps, None)
    policy.forget()
    shipped.ensure()
    engine_rows.follow_environment()
