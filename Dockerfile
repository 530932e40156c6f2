# Two images with one static binary: `docker build .` is for OCI Functions, Container Instances, OKE and hosted
# applications, `docker build --target datascience .` for model deployments. See docs/.
#
# They listen on every address, and as a container they start only with OCI_MCP_ACCESS, which says who may call:
# `none` if the network in front decides. Functions and model deployments decide themselves.
#
# BINARY=machine takes the binary in the context instead, where rust's image cannot be pulled: see deploy/image.sh.
ARG BINARY=build

# The toolchain of rust-toolchain.toml.
FROM rust:1.95.0-slim-bookworm AS build
WORKDIR /src
COPY . .
RUN deploy/build.sh && mv target/dist/oci-mcp /

FROM scratch AS machine
COPY oci-mcp /

FROM ${BINARY} AS binary

# Health checks of model deployments run `curl` in the container, say Oracle's samples.
FROM debian:bookworm-slim AS datascience
RUN apt-get update && apt-get install -y --no-install-recommends curl && rm -rf /var/lib/apt/lists/*
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="oci-mcp" \
      org.opencontainers.image.description="MCP tools from a Data Science model deployment" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0 OR UPL-1.0" \
      org.opencontainers.image.base.name="docker.io/library/debian:bookworm-slim"
COPY --from=binary /oci-mcp /usr/local/bin/oci-mcp
ENV OCI_MCP_BIND=0.0.0.0
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/oci-mcp"]

# Certificates are in the binary. Functions refuses volumes, and runs as this user whatever is said here.
FROM scratch
ARG VERSION=unknown
ARG REVISION=unknown
LABEL org.opencontainers.image.title="oci-mcp" \
      org.opencontainers.image.description="MCP tools from OCI's serverless hosts" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.licenses="Apache-2.0 OR UPL-1.0"
COPY --from=binary /oci-mcp /usr/local/bin/oci-mcp
ENV OCI_MCP_BIND=0.0.0.0
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/oci-mcp"]
