# One image for web, worker, beat and commands; docker-compose.yml shows the whole set.
FROM python:3.11-slim-bookworm

RUN apt-get update \
 && apt-get install -y --no-install-recommends libpangoft2-1.0-0 libharfbuzz-subset0 fonts-dejavu-core \
 && rm -rf /var/lib/apt/lists/*

ENV PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 STATIC_ROOT=/app/staticfiles MEDIA_ROOT=/data/media OMS_VAR=/data/var
WORKDIR /app

COPY requirements.lock ./
RUN pip install --no-cache-dir --require-hashes -r requirements.lock

RUN useradd --system --create-home --home-dir /data oms && mkdir -p /data/media /data/var && chown -R oms:oms /data
COPY . .
RUN OMS_PROCESS=command SECRET_KEY=only-for-this-build DATABASE_URL=postgres://build@localhost/build \
    REDIS_URL=redis://localhost/0 python manage.py collectstatic --no-input

ARG OMS_COMMIT=
ENV OMS_COMMIT=$OMS_COMMIT
USER oms
EXPOSE 8000
VOLUME /data
CMD ["gunicorn", "oms.wsgi", "--bind=0.0.0.0:8000", "--worker-class=gthread", "--workers=2", "--threads=4", "--timeout=60", "--graceful-timeout=25", "--max-requests=5000", "--max-requests-jitter=500"]
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["python", "-m", "oms.probe"]
