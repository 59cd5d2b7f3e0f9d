# The command as an image, with DuckDB, Postgres, the page of the report and the MCP server: make image-command.
# docker run --rm -e TIKTOK_ACCESS_TOKEN -e TIKTOK_APP_ID -e TIKTOK_SECRET -v "$PWD:/data" tiktok-marketing sync --to duckdb:///tiktok.duckdb
# Built in the image with a compiler, run in the one without: both are the same Debian and the same Python.
FROM python:3.12 AS build
WORKDIR /build
RUN python -m venv /opt/venv
COPY requirements/command.txt requirements/command.txt
RUN /opt/venv/bin/pip install --no-cache-dir --require-hashes -r requirements/command.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY native native
COPY src src
RUN /opt/venv/bin/pip install --no-cache-dir --no-deps . \
    && /opt/venv/bin/python -c "import tiktok_marketing.sync.decode._rows"
ARG VERSION
RUN test "tiktok-marketing $VERSION" = "$(/opt/venv/bin/tiktok-marketing --version)" \
    || { echo "Build with: make image-command. It passes the version for the image's labels."; exit 1; }

FROM python:3.12-slim
COPY --from=build /opt/venv /opt/venv
# A database file and a configuration are mounted at /data. Whoever mounts a folder of another user runs it with --user.
RUN useradd --create-home --uid 1000 tiktok && mkdir /data && chown tiktok /data
USER 1000
WORKDIR /data
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1
ARG VERSION
LABEL org.opencontainers.image.title=tiktok-marketing \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=$VERSION
ENTRYPOINT ["tiktok-marketing"]
