# assay: make an AI factory match a file. `make` alone prints this help.
.DEFAULT_GOAL := help
.PHONY: help build man pictures release demo test fuzz chaos test-sites test-vllm otelcol lint sbom bench bench-peers slurm-up slurm-down demo-slurm demo-full

VERSION  := $(shell git describe --always --dirty --tags 2>/dev/null || echo devel)
BIN      := bin/assay
SLURM    := $(CURDIR)/.slurm
export CGO_ENABLED := 0
export GOFLAGS := $(GOFLAGS) -trimpath

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/assay
	@go build -trimpath -ldflags "-s -w -X main.version=$(VERSION)" -o $(BIN) ./cmd/assay

demo: build ## run examples/quickstart.yaml on this machine, show the results, stop everything
	@.ci/demo

test: ## install what is needed (as root on Debian), run everything against real Slurm, Prometheus and Chroma
	@.ci/test

fuzz: ## fuzz every parser for FUZZTIME (10m) each; make fuzz ARGS=./drivers/slurm FUZZTIME=1h
	@.ci/fuzz $(ARGS)

chaos: ## as root: break a real Slurm in 500 ways under assay and check what came of it; make chaos ARGS="-seed 7 -faults 100"
	@go run ./cmd/chaos $(ARGS)

test-sites: ## as root: the Slurm driver and the end-to-end tests on Slurm 24.11 and 26.05 with Apptainer, in roots below .test/sites
	@.ci/test-sites

test-vllm: ## install vLLM's CPU build with a tiny model (8 GB) and benchmark it: not part of `make test`
	@.ci/test-vllm

otelcol: ## build a real OpenTelemetry Collector, which `make test` and `make demo-full` then use
	@.ci/otelcol

lint: ## formatting, go vet, staticcheck, checksums of the modules, known vulnerabilities
	@.ci/lint

sbom: build ## write bin/assay.cdx.json: the modules of bin/assay, their versions, hashes and licences (CycloneDX)
	@.ci/sbom $(BIN) $(VERSION) $(BIN).cdx.json

man: build ## write the man pages of the verbs and of the manual into .test/man
	@$(BIN) man .test/man && echo "man -l .test/man/assay.1; man -l .test/man/assay-tutorial.7"

pictures: build ## make the pictures of README.md from a real run, in Chromium (four minutes)
	@.ci/pictures

release: ## build binaries, packages, SBOMs and checksums of this commit into dist/; .ci/release check compares two builds
	@.ci/release

bench: build ## what a pass costs and how that grows; the load generator next to other clients; Go's benchmarks
	@go run ./cmd/corebench
	@go run ./drivers/suite/selftest -gateway $(BIN) $(if $(wildcard .test/vllm/.complete),-vllm .test/vllm) $(if $(wildcard .test/peers/missing),-peers .test/peers)
	@go test -run '^$$' -bench . -benchmem ./...

bench-peers: ## build and install other load generators (hey, GuideLLM: 1 GB) into .test/peers, which `make bench` then measures too
	@.ci/bench-peers

slurm-up: build ## start a real Slurm cluster on this machine: 4 nodes with 4 fake GPUs each
	@go run ./drivers/slurm/slurm-up -dir $(SLURM) up

slurm-down: ## stop that cluster
	@go run ./drivers/slurm/slurm-up -dir $(SLURM) down

demo-slurm: build ## apply examples/slurm.yaml to that cluster: real Chroma, simulated vLLM on 2 GPU nodes
	@.ci/demo-slurm

demo-full: build ## apply examples/full-slurm.yaml there: every kind of service, stand-ins named as such
	@.ci/demo-full
