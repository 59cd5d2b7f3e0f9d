# The Airbyte source as an image: make image. That passes the version, which stands in src/tiktok_marketing/_version.py alone.
# Built in the image with a compiler, run in the one without: both are the same Debian and the same Python.
FROM python:3.12 AS build
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements/base.txt requirements/base.txt
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY native native
COPY src src
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps . \
    && /opt/venv/bin/python -c "import tiktok_marketing.sync.decode._rows"
ARG VERSION
RUN test "$VERSION" = "$(/opt/venv/bin/source-tiktok-marketing --version)" \
    || { echo "Build with: make image. It passes the version for the image's labels."; exit 1; }

FROM python:3.12-slim
COPY --from=build /opt/venv /opt/venv
# The platform mounts configuration, catalog and state below /secrets or /data, and runs the image as a user of its own.
RUN useradd --create-home --uid 1000 airbyte
USER airbyte
WORKDIR /home/airbyte
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRBYTE_ENTRYPOINT="source-tiktok-marketing"
ARG VERSION
LABEL io.airbyte.name=airbyte/source-tiktok-marketing \
      io.airbyte.version=$VERSION \
      org.opencontainers.image.version=$VERSION
ENTRYPOINT ["source-tiktok-marketing"]
