import os

from persona_site.celery import app as celery_app

# Every process of a site imports this. Other users of the machine must not read the files that it writes.
os.umask(0o077)

__all__ = ["celery_app"]
