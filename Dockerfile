# A static program, who vouches for https, and two empty folders; no shell, no package,
# nobody's account. The flags are those of deploy/release.sh.
FROM golang:1.26-bookworm AS build
ARG VERSION=
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=1 go build -trimpath -buildvcs=false -tags netgo,osusergo,timetzdata,sqlite_omit_load_extension \
        -ldflags "-s -w -X main.built=${VERSION:-$(git describe --tags --always --dirty --abbrev=12 2>/dev/null)} -linkmode external -extldflags \"-static\"" -o /out/mayfly . \
    && mkdir -p -m 0700 /out/folders/data /out/folders/keys

FROM scratch
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/mayfly /
COPY --from=build --chown=65532:65532 /out/folders/ /
ENV MAYFLY_DATA=/data MAYFLY_KEYS=/keys
USER 65532:65532
VOLUME ["/data", "/keys"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=15s CMD ["/mayfly", "healthcheck"]
ENTRYPOINT ["/mayfly"]
