# The Airbyte source as an image: make image. That passes the version, which stands in src/tiktok_marketing/_version.py alone.
# Built in the image with a compiler, run in the one without: both are the same Debian and the same Python, for amd64 and arm64.
FROM python:3.13.15-trixie@sha256:82c46c08c991d3d3ff10476ac5e386c2c28f27bbd3985a02c5e39fe99ab272eb AS build
WORKDIR /build
# What builds the wheel stays in an environment of its own.
COPY requirements/build.txt requirements/base.txt requirements/
RUN python -m venv /opt/tools \
    && /opt/tools/bin/python -m pip install --no-cache-dir --require-hashes -r requirements/build.txt
RUN python -m venv --without-pip /opt/venv \
    && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --require-hashes \
        -r requirements/base.txt
COPY pyproject.toml setup.py README.md LICENSE ./
COPY native native
COPY src src
RUN /opt/tools/bin/python -m pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir dist . \
    && /opt/tools/bin/python -m pip --python /opt/venv/bin/python install --no-cache-dir --no-compile --no-deps dist/*.whl \
    && /opt/venv/bin/python -B -c "import tiktok_marketing.sync.decode._rows"
ARG VERSION
RUN test "$VERSION" = "$(/opt/venv/bin/python -B -m tiktok_marketing.airbyte --version)" \
    || { echo "Build with: make image. It passes the version for the image's labels."; exit 1; }
# Nothing can be compiled at run time: the root is read-only, and the base image has no bytecode of the standard library.
RUN PYTHONPYCACHEPREFIX=/opt/bytecode python -m compileall -q --invalidation-mode unchecked-hash \
        -x '/(ensurepip|idlelib|lib2to3|pydoc_data|site-packages|test|tests|tkinter|turtledemo)/' \
        "$(python -c 'import sysconfig; print(sysconfig.get_path("stdlib"))')" \
    && PYTHONPYCACHEPREFIX=/opt/bytecode python -m compileall -q --invalidation-mode unchecked-hash /opt/venv

FROM python:3.13.15-slim-trixie@sha256:9d2e5553305c7c7b0097999bb17187c69b921ccd6bc9d40e4bb5ebe652c00285
COPY --from=build /opt/venv /opt/venv
COPY --from=build /opt/bytecode /opt/bytecode
# The platform mounts configuration, catalog and state, and runs the image as a user of its own. A number needs no account.
USER 1000:1000
WORKDIR /tmp
ENV PATH=/opt/venv/bin:$PATH \
    HOME=/tmp \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONPYCACHEPREFIX=/opt/bytecode \
    PYTHONUNBUFFERED=1 \
    AIRBYTE_ENTRYPOINT=/opt/venv/bin/source-tiktok-marketing
# Where the docs are, which Airbyte's form links to: make image DOCUMENTATION_URL=https://...
ARG DOCUMENTATION_URL=
ENV TIKTOK_DOCUMENTATION_URL=$DOCUMENTATION_URL
ARG VERSION
LABEL io.airbyte.name=source-tiktok-marketing \
      io.airbyte.version=$VERSION \
      org.opencontainers.image.title=source-tiktok-marketing \
      org.opencontainers.image.description="Reads TikTok Ads completely, as an Airbyte source" \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.version=$VERSION
ENTRYPOINT ["/opt/venv/bin/source-tiktok-marketing"]
