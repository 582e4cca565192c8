# A static program and two empty folders; no shell, no package, nobody's account.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=1 go build -trimpath -tags netgo,osusergo,timetzdata,sqlite_omit_load_extension \
        -ldflags '-s -w -linkmode external -extldflags "-static"' -o /out/mayfly . \
    && mkdir -p -m 0700 /out/folders/data /out/folders/keys

FROM scratch
COPY --from=build /out/mayfly /
COPY --from=build --chown=65532:65532 /out/folders/ /
ENV MAYFLY_DATA=/data MAYFLY_KEYS=/keys
USER 65532:65532
VOLUME ["/data", "/keys"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=15s CMD ["/mayfly", "healthcheck"]
ENTRYPOINT ["/mayfly"]
