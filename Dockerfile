# The official image with ltv in it:  docker build --build-arg PG_MAJOR=17 -t postgres-ltv .
# It is used as the official one is; in each database, CREATE EXTENSION ltv.
ARG PG_MAJOR=17

FROM postgres:$PG_MAJOR AS build
RUN apt-get update && apt-get install -y --no-install-recommends gcc libc6-dev make postgresql-server-dev-$PG_MAJOR
COPY . /ltv
RUN make -C /ltv with_llvm=no && make -C /ltv with_llvm=no DESTDIR=/stage install

FROM postgres:$PG_MAJOR
COPY --from=build /stage /
