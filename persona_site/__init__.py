import os

from persona_site.celery import app as celery_app

# Every process of a site imports this: what it writes is for nobody else on the machine to read.
os.umask(0o077)

__all__ = ["celery_app"]
