# The command as an image, with DuckDB, Postgres, the page of the report and the MCP server: make image-command.
# docker run --rm -e TIKTOK_ACCESS_TOKEN -e TIKTOK_APP_ID -e TIKTOK_SECRET -v "$PWD:/data" tiktok-marketing sync --to duckdb:///tiktok.duckdb
# Built in the image with a compiler, run in the one without: both are the same Debian and the same Python, for amd64 and arm64.
FROM python:3.13.15-trixie@sha256:82c46c08c991d3d3ff10476ac5e386c2c28f27bbd3985a02c5e39fe99ab272eb AS build
WORKDIR /build
# What builds the wheel stays in an environment of its own.
COPY requirements/build.txt requirements/command.txt requirements/
RUN python -m venv /opt/tools \
    && /opt/tools/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/build.txt
RUN python -m venv --without-pip /opt/venv \
    && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --no-cache-dir --require-hashes \
        -r requirements/command.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY native native
COPY src src
RUN /opt/tools/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-deps dist/*.whl \
    && /opt/venv/bin/python -c "import tiktok_marketing.sync.decode._rows"
ARG VERSION
RUN test "tiktok-marketing $VERSION" = "$(/opt/venv/bin/tiktok-marketing --version)" \
    || { echo "Build with: make image-command. It passes the version for the image's labels."; exit 1; }

FROM python:3.13.15-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285
COPY --from=build /opt/venv /opt/venv
# A database file and a configuration are mounted at /data. Whoever mounts a folder of another user runs it with --user: a
# number needs no account.
RUN mkdir --mode=1777 /data
USER 1000:1000
WORKDIR /data
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONUNBUFFERED=1
ARG VERSION
LABEL org.opencontainers.image.title=tiktok-marketing \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=$VERSION
ENTRYPOINT ["tiktok-marketing"]
