"""Settings, read from the environment. ``.env.example`` lists and explains the variables."""

from datetime import timedelta

from csp.constants import NONE, SELF

from oms.environment import Environment, local_secret_key, process_kind
from oms.paths import BASE_DIR, embedded_database, redis_socket, redis_url, var_dir

env = Environment()
VAR_DIR = var_dir()
PROCESS = process_kind()

# --- Which kind of installation is this? ---------------------------------------------------------
DEBUG = env.boolean("DEBUG", default=False)
DEMO = env.boolean("OMS_DEMO", default=False)
EMBEDDED_DATABASE = not env.has("DATABASE_URL")
EMBEDDED_REDIS = not env.has("REDIS_URL")
LOCAL = env.boolean("OMS_LOCAL", default=DEBUG or DEMO or EMBEDDED_DATABASE)
HTTPS = env.boolean("HTTPS", default=not LOCAL)

if EMBEDDED_DATABASE and not env.has("SECRET_KEY"):
    try:
        SECRET_KEY = local_secret_key(VAR_DIR / "secret_key")
    except OSError as error:
        SECRET_KEY = ""
        env.refuse(f"SECRET_KEY is missing and cannot be kept in {VAR_DIR}: {error.strerror}.")
else:
    SECRET_KEY = env.text("SECRET_KEY")
SECRET_KEY_FALLBACKS = env.names("SECRET_KEY_FALLBACKS", default=[])

_LOOPBACK = ["127.0.0.1", "localhost", "[::1]"]
if LOCAL or PROCESS != "web":
    ALLOWED_HOSTS = env.names("ALLOWED_HOSTS", default=_LOOPBACK)
else:
    ALLOWED_HOSTS = env.names("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env.names("CSRF_TRUSTED_ORIGINS", default=[])
BASE_URL = env.url("BASE_URL", ("http", "https"), default="http://127.0.0.1:8000").rstrip("/")

# The seller, as the law wants it on an invoice.
COMPANY_NAME = env.text("COMPANY_NAME", default="")
COMPANY_ADDRESS = env.text("COMPANY_ADDRESS", default="")
COMPANY_TAX_ID = env.text("COMPANY_TAX_ID", default="")
COMPANY_CURRENCY = env.text("COMPANY_CURRENCY", default="EUR")
EXCHANGE_RATES = env.exchange_rates("EXCHANGE_RATES")

# --- Parts ---------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "oms.core.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.humanize",
    "axes",
    "csp",
    "django_htmx",
    "import_export",
    "oms.core",
    "inventory",
    "orders",
    "fulfillment",
    "returns",
    "channels",
    "reports",
]
MIDDLEWARE = [
    "oms.logs.RequestLogMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "oms.urls"
WSGI_APPLICATION = "oms.wsgi.application"
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
                "oms.core.context_processors.shell",
            ]
        },
    }
]

# --- Database: time-outs travel with every connection ----------------------------------------------
STATEMENT_TIMEOUT_MS = env.integer(
    "STATEMENT_TIMEOUT_MS",
    default={"web": 10_000, "worker": 60_000, "command": 60_000}[PROCESS],
)
_TIMEOUTS = {
    "lock_timeout": env.integer("LOCK_TIMEOUT_MS", default=3_000),
    "statement_timeout": STATEMENT_TIMEOUT_MS,
    "idle_in_transaction_session_timeout": env.integer("IDLE_TIMEOUT_MS", default=10_000),
}
DATABASES = {"default": env.database("DATABASE_URL", default=dict(embedded_database()))}
DATABASES["default"] |= {
    "NAME": env.text("DATABASE_NAME", default=DATABASES["default"].get("NAME", "")),
    "CONN_MAX_AGE": env.integer("CONN_MAX_AGE", default=60),
    "CONN_HEALTH_CHECKS": True,
    "OPTIONS": {
        "connect_timeout": 5,
        "application_name": f"oms-{PROCESS}",
        "options": " ".join(f"-c {name}={value}" for name, value in _TIMEOUTS.items()),
        **DATABASES["default"].get("OPTIONS", {}),
    },
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Celery: the message is a doorbell, so losing one loses nothing --------------------------------
REDIS_URL = env.url(
    "REDIS_URL",
    ("redis", "rediss", "unix"),
    **({"default": redis_url()} if LOCAL else {}),
)
CELERY_BROKER_URL = f"redis+socket://{redis_socket()}" if EMBEDDED_REDIS else REDIS_URL
CELERY_BROKER_URL = CELERY_BROKER_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
    "socket_timeout": 5,
    "socket_keepalive": True,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_TASK_PUBLISH_RETRY = False
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SOFT_TIME_LIMIT = 300
CELERY_TASK_TIME_LIMIT = 360
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_MAX_MEMORY_PER_CHILD = 400_000
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_ENABLE_UTC = True
CELERY_TIMEZONE = "UTC"
CELERY_TASK_DEFAULT_QUEUE = "celery"
QUEUES = ["celery", "orders", "documents", "messages", "channels", "reports"]
CELERY_TASK_CREATE_MISSING_QUEUES = True
CELERY_TASK_ROUTES = (
    [
        ("*.tasks.render_*", {"queue": "documents"}),
        ("*.tasks.send_*", {"queue": "messages"}),
        ("inventory.tasks.*", {"queue": "orders"}),
        ("orders.tasks.*", {"queue": "orders"}),
        ("fulfillment.tasks.*", {"queue": "orders"}),
        ("returns.tasks.*", {"queue": "orders"}),
        ("channels.tasks.*", {"queue": "channels"}),
        ("reports.tasks.*", {"queue": "reports"}),
    ],
)

# --- People and sessions ---------------------------------------------------------------------------
AUTH_USER_MODEL = "core.User"
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    "django.contrib.auth.backends.ModelBackend",
]
PASSWORD_HASHERS = [
    "django.contrib.auth.hashers.Argon2PasswordHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
_VALIDATION = "django.contrib.auth.password_validation"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"{_VALIDATION}.UserAttributeSimilarityValidator"},
    {"NAME": f"{_VALIDATION}.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": f"{_VALIDATION}.CommonPasswordValidator"},
    {"NAME": f"{_VALIDATION}.NumericPasswordValidator"},
]
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "/admin/"
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

# --- Browser -----------------------------------------------------------------------------------------
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$", r"^version$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
if env.boolean("BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "media-src": [SELF],
        "manifest-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    }
}
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
IMPORT_EXPORT_ESCAPE_FORMULAE_ON_EXPORT = True

# --- Files -------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [BASE_DIR / "static"]
STATIC_ROOT = env.text("STATIC_ROOT", default="" if LOCAL else str(VAR_DIR / "static")) or None
MEDIA_ROOT = env.text("MEDIA_ROOT", default=str(VAR_DIR / "media"))
WHITENOISE_USE_FINDERS = LOCAL
WHITENOISE_AUTOREFRESH = DEBUG
_STATIC_STORAGE = (
    "django.contrib.staticfiles.storage.StaticFilesStorage"
    if LOCAL
    else "oms.staticfiles.BundlingStaticFilesStorage"
)
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": _STATIC_STORAGE},
}

# --- Languages, time, mail -----------------------------------------------------------------------------
USE_TZ = True
TIME_ZONE = env.text("TIME_ZONE", default="UTC")
LANGUAGE_CODE = "en-us"
LANGUAGES = [("en", "English")]
LOCALE_PATHS = [BASE_DIR / "oms" / "locale"]
FORMAT_MODULE_PATH = ["oms.formats"]
_MAIL_TO_FILES = {
    "EMAIL_BACKEND": "django.core.mail.backends.filebased.EmailBackend",
    "EMAIL_FILE_PATH": str(VAR_DIR / "mail"),
}
globals().update(
    env.mail("EMAIL_URL", default=_MAIL_TO_FILES)
    if LOCAL or PROCESS == "command"
    else env.mail("EMAIL_URL")
)
EMAIL_TIMEOUT = 15
DEFAULT_FROM_EMAIL = env.text("DEFAULT_FROM_EMAIL", default="orders@localhost")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Logs ------------------------------------------------------------------------------------------------
LOG_FORMAT = env.choice("LOG_FORMAT", ["json", "text"], default="text" if LOCAL else "json")
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "oms.logs.RequestIdFilter"},
        "route": {"()": "oms.logs.RouteFilter"},
    },
    "formatters": {
        "json": {"()": "oms.logs.JsonFormatter"},
        "text": {"format": "{asctime} {levelname} {name} {message}", "style": "{"},
    },
    "handlers": {
        "stdout": {
            "class": "logging.StreamHandler",
            "stream": "ext://sys.stderr" if PROCESS == "command" else "ext://sys.stdout",
            "formatter": LOG_FORMAT,
            "filters": ["request_id"],
        }
    },
    "root": {
        "handlers": ["stdout"],
        "level": env.text("LOG_LEVEL", default="INFO").upper(),
    },
    "loggers": {
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.request": {"filters": ["route"]},
        "django.security.csrf": {"filters": ["route"]},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        "fontTools": {"level": "WARNING"},
        "weasyprint": {"level": "ERROR"},
    },
}

env.stop_if_bad()
