# A small image that runs as nobody. The database is another container's work: see docker-compose.yml.
FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY src src
COPY migrations migrations
COPY templates templates
COPY assets assets
RUN cargo build --locked --release --bin escalation-tracker

FROM debian:bookworm-slim
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates \
    && rm -rf /var/lib/apt/lists/*
COPY --from=build /src/target/release/escalation-tracker /usr/local/bin/
# A volume mounted here belongs to the user below.
RUN install -d -o 65534 -g 65534 /data
USER 65534:65534
ENV LISTEN=0.0.0.0:8080 LOG_FORMAT=json DATA_DIR=/data
EXPOSE 8080
ENTRYPOINT ["escalation-tracker"]
CMD ["serve"]
