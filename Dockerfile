# The Airbyte source as an image: docker build -t source-tiktok-marketing .
FROM python:3.12-slim AS build
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements/base.txt requirements/base.txt
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/base.txt
COPY pyproject.toml README.md LICENSE ./
COPY src src
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps .

FROM python:3.12-slim
COPY --from=build /opt/venv /opt/venv
# The platform mounts configuration, catalog and state below /secrets or /data, and runs the image as a user of its own.
RUN useradd --create-home --uid 1000 airbyte
USER airbyte
WORKDIR /home/airbyte
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    AIRBYTE_ENTRYPOINT="source-tiktok-marketing"
LABEL io.airbyte.name=airbyte/source-tiktok-marketing \
      io.airbyte.version=0.1.0
ENTRYPOINT ["source-tiktok-marketing"]
