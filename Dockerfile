# syntax=docker/dockerfile:1
# The server's image. Targets: `server`, the default, and `edge` for small machines. What is inside: docs/image.md.
# Names without a registry; `--build-arg PYTHON_IMAGE=...` and `GO_IMAGE=...` name mirrors or images pinned by digest.
ARG PYTHON_IMAGE=python:3.11-slim-bookworm
ARG GO_IMAGE=golang:1.26-bookworm


# The probe of HEALTHCHECK and of Kubernetes; go.sum holds the digests of what it is made from.
FROM ${GO_IMAGE} AS probe
ARG GOPROXY
WORKDIR /build
COPY .ci/tools/go.mod .ci/tools/go.sum ./
RUN --mount=type=secret,id=ca-certificates,target=/etc/ssl/certs/ca-certificates.crt \
    CGO_ENABLED=0 GOTOOLCHAIN=local GOFLAGS=-mod=readonly \
    go build -trimpath -ldflags='-s -w' -o /grpc_health_probe github.com/grpc-ecosystem/grpc-health-probe


# The project as a wheel, and an environment with nothing in it, not even pip.
FROM ${PYTHON_IMAGE} AS python
WORKDIR /build
COPY requirements/build.txt requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca-certificates,target=/etc/ssl/certs/ca-certificates.crt \
    python3 -m venv --without-pip /opt/build \
    && python3 -m venv --without-pip /opt/mfn \
    && python3 -m pip --python /opt/build/bin/python --no-cache-dir install \
        --require-hashes --only-binary :all: --requirement requirements/build.txt
COPY pyproject.toml README.md LICENSE MANIFEST.in ./
COPY mfn_grpc mfn_grpc
COPY server server
COPY clients/python clients/python
RUN python3 -m pip --python /opt/build/bin/python wheel --no-index --no-deps --no-build-isolation --wheel-dir /wheels .
COPY image/install.sh image/warm.sh /usr/local/bin/


FROM python AS server-packages
ARG SOURCE_DATE_EPOCH=1767225600
COPY requirements/image.txt requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca-certificates,target=/etc/ssl/certs/ca-certificates.crt \
    install.sh requirements/image.txt
RUN warm.sh


FROM python AS edge-packages
ARG SOURCE_DATE_EPOCH=1767225600
COPY requirements/edge.txt requirements/
RUN --mount=type=secret,id=pip.conf,target=/etc/pip.conf \
    --mount=type=secret,id=ca-certificates,target=/etc/ssl/certs/ca-certificates.crt \
    install.sh requirements/edge.txt
ENV MFN_SERVICES=electrochemistry,simulation,features
RUN warm.sh


# What both targets share: the interpreter without its installer, the user, the folders that can be written.
FROM ${PYTHON_IMAGE} AS runtime
RUN rm -rf /usr/local/lib/python3*/*-packages /usr/local/lib/python3*/ensurepip /usr/local/bin/pip* \
    && groupadd --gid 1000 mfn \
    && useradd --uid 1000 --gid 1000 --no-create-home --home-dir /tmp --shell /usr/sbin/nologin mfn \
    && install --directory --owner 1000 --group 1000 --mode 0700 /var/cache/mfn /var/lib/mfn \
    && install --directory /run/secrets/mfn /run/secrets/mfn-tls
COPY --from=probe /grpc_health_probe /usr/local/bin/grpc_health_probe
COPY --chmod=0755 image/entrypoint.sh /usr/local/bin/mfn-entrypoint
COPY --chmod=0755 image/healthcheck.sh /usr/local/bin/mfn-healthcheck
ENV PATH=/opt/mfn/bin:${PATH} \
    PYTHONDONTWRITEBYTECODE=1 \
    NUMBA_CACHE_DIR=/var/cache/mfn/kernels \
    MFN_HOST=0.0.0.0 \
    MFN_METRICS_HOST=0.0.0.0
ARG VERSION=0.1.0
ARG REVISION=unknown
ARG CREATED=2026-01-01T00:00:00Z
LABEL org.opencontainers.image.title="mfn-grpc" \
      org.opencontainers.image.description="Reaction-diffusion simulations, membrane potentials and features of fields over gRPC" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.created="${CREATED}" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.authors="The mfn-grpc authors"
WORKDIR /tmp
EXPOSE 50051 9464
STOPSIGNAL SIGTERM
ENTRYPOINT ["mfn-entrypoint"]
CMD ["mfn-server"]


FROM runtime AS edge
LABEL org.opencontainers.image.title="mfn-grpc-edge" \
      org.opencontainers.image.description="mfn-grpc for small machines without the internet: potentials, simulations, features"
COPY --from=edge-packages /opt/mfn /opt/mfn
ENV MFN_SERVICES=electrochemistry,simulation,features \
    MFN_MAX_CELLS=65536 \
    MFN_COMPUTE_THREADS=2 \
    MFN_MAX_RUNNING=2 \
    MFN_MAX_QUEUED=4 \
    MFN_MAX_STREAMS=8 \
    MFN_MAX_STATE_BYTES=67108864
# A small machine may compile for many minutes when its processor is not the one of the build.
HEALTHCHECK --interval=30s --timeout=5s --start-period=900s --retries=3 CMD ["mfn-healthcheck"]
USER 1000:1000


FROM runtime AS server
COPY --from=server-packages /opt/mfn /opt/mfn
# Long enough to compile every kernel on one slow core: on another processor than the build's none is taken over.
HEALTHCHECK --interval=10s --timeout=5s --start-period=300s --retries=3 CMD ["mfn-healthcheck"]
USER 1000:1000
