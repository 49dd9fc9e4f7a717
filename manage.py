#!/usr/bin/env python
import os
import sys

# Read by older versions too, so that they say it instead of failing in the middle of an import.
if sys.version_info < (3, 11):  # noqa: UP036
    sys.exit("Afterword needs Python 3.11 or newer; this is " + sys.version.split()[0] + ".")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line
    from django.db import OperationalError, ProgrammingError
    from psycopg.errors import UndefinedTable

    from persona_site import services

    try:
        with services.running_for(sys.argv[1:]):
            execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    except ProgrammingError as error:
        if not isinstance(error.__cause__, UndefinedTable):
            raise
        sys.exit("The database lacks tables. `python manage.py migrate` makes them; `make run` does so by itself.")
    except OperationalError as error:
        sys.exit(f"The database does not answer. Check DATABASE_URL, or leave it out for the built-in one. {error}")


if __name__ == "__main__":
    main()
