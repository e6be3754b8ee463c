# Thin names for plain go commands; nothing here is needed to build or test.

.PHONY: build test race lint ci up

build:
	go build -o autonet ./cmd/autonet

test:
	go test ./...

race:
	go test -race -short ./...

lint:
	golangci-lint run ./...

ci:
	bash .ci/run

up:
	go run ./cmd/autonet up
