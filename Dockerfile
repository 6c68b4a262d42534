# One binary that needs nothing, in an image that holds nothing else but certificates.
#
#   docker build -t gauntlet .
#   docker run --rm --network host -v "$PWD:/work" gauntlet run orders.target.toml --out report
FROM rust:1-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends cmake && rm -rf /var/lib/apt/lists/*
WORKDIR /source
COPY Cargo.toml Cargo.lock build.rs README.md ./
COPY src src
COPY vectors vectors
COPY scenarios scenarios
COPY reports reports
COPY tests tests
COPY ci ci
RUN ci/dist.sh && cp target/gauntlet /gauntlet

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /gauntlet /usr/local/bin/gauntlet
WORKDIR /work
ENTRYPOINT ["gauntlet"]
