from django.contrib import admin
from django.urls import path

from oms import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("version", health.version, name="version"),
    path("admin/", admin.site.urls),
]
