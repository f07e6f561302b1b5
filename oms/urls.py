from django.contrib import admin
from django.urls import include, path

from oms import health

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("version", health.version, name="version"),
    path("admin/", include("orders.urls")),
    path("admin/", include("fulfillment.urls")),
    path("admin/", include("inventory.urls")),
    path("admin/", admin.site.urls),
]
