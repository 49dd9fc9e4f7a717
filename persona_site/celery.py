"""The Celery application: two queues, routes by task name, and the timetable."""

import os
import warnings

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "persona_site.settings")

app = Celery("afterword")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
# In a container root is the usual user; tasks are JSON, never pickles, which is what the warning is about.
warnings.filterwarnings("ignore", message="You're running the worker with superuser privileges")
