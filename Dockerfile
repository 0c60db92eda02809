# docker build -t dbtruth . && docker run --rm -v "$PWD:/work" dbtruth check
FROM rust:1-slim-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends build-essential && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY . .
RUN cargo install --locked --path . --root /out

FROM debian:bookworm-slim
# git for `--staged` and `--since`, certificates for databases behind TLS.
RUN apt-get update && apt-get install -y --no-install-recommends git ca-certificates && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory '*'
COPY --from=build /out/bin/dbtruth /out/bin/git-dbtruth /usr/local/bin/
RUN useradd --create-home dbtruth
USER dbtruth
WORKDIR /work
ENTRYPOINT ["dbtruth"]
CMD ["check"]
