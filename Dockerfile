# A static program and two empty folders; no shell, no package, nobody's account.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=1 go build -trimpath -tags netgo,osusergo,timetzdata \
        -ldflags '-s -w -linkmode external -extldflags "-static"' -o /out/mayfly . \
    && install -d -m 0700 -o 65532 -g 65532 /out/data /out/keys

FROM scratch
COPY --from=build /out/ /
ENV MAYFLY_DATA=/data MAYFLY_KEYS=/keys
USER 65532:65532
VOLUME ["/data", "/keys"]
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=6s --start-period=15s CMD ["/mayfly", "healthcheck"]
ENTRYPOINT ["/mayfly"]
