"""Settings of the Django example."""

SECRET_KEY = "only for the example"
ROOT_URLCONF = "django_app.urls"
ALLOWED_HOSTS = ["testserver"]
INSTALLED_APPS = ["django.contrib.auth", "django.contrib.contenttypes", "rest_framework"]
MIDDLEWARE: list[str] = []
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend", "bailiwick.django.Backend"]
USE_TZ = True
BAILIWICK = {
    "ENGINE": "django_app.authz.engine",
    "TENANT": "django_app.authz.tenant",
    "USER_TENANT": "django_app.authz.user_tenant",
}
