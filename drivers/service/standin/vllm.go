package main

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"assay/api/v1alpha1"
	"assay/drivers"
	"assay/drivers/service/simulator"
)

// vllm serves the simulator under vLLM's command line, as rank 0 of several nodes once all others have joined. On a Ray cluster it wants as many GPUs as it has shards, and ends when
// they become fewer, as vLLM does when it loses a worker.
func vllm(args []string) error {
	values, words := flags(args)
	if values["version"] != "" {
		fmt.Println(simulator.Version + "+standin")
		return nil
	}
	if len(words) < 2 || words[0] != "serve" {
		return errors.New("usage: vllm serve MODEL --host HOST --port PORT …")
	}
	model := words[1]
	if name := values["served-model-name"]; name != "" {
		model = name
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	if values["headless"] != "" {
		return join(ctx, net.JoinHostPort(values["master-addr"], values["master-port"]), values["node-rank"])
	}
	lost := make(chan error, 4)
	if nodes := number(values["nnodes"]); nodes > 1 {
		if err := gather(ctx, ":"+values["master-port"], nodes-1, lost); err != nil {
			return err
		}
	}
	if values["distributed-executor-backend"] == "ray" {
		shards := max(number(values["tensor-parallel-size"]), 1) * max(number(values["pipeline-parallel-size"]), 1)
		address := os.Getenv("RAY_ADDRESS")
		if err := enough(address, shards); err != nil {
			return err
		}
		go func() { lost <- watch(ctx, address, shards) }()
	}
	s := simulator.New(simulator.Config{Model: model, Simulate: v1alpha1.Simulate{TTFT: v1alpha1.Duration(20 * time.Millisecond), ITL: v1alpha1.Duration(4 * time.Millisecond)}})
	server := &http.Server{Addr: net.JoinHostPort(values["host"], values["port"]), Handler: noted(guarded(s)), ReadHeaderTimeout: 10 * time.Second}
	go func() { lost <- server.ListenAndServe() }()
	select {
	case err := <-lost:
		return err
	case <-ctx.Done():
		return server.Close()
	}
}

// enough reports an error unless the cluster has a GPU for every shard.
func enough(address string, shards int) error {
	text, err := ask(address)
	if err != nil {
		return err
	}
	nodes, gpus, err := drivers.ParseRayStatus(text)
	if err != nil {
		return err
	}
	if int(gpus) < shards {
		return fmt.Errorf("the number of required GPUs (%d) exceeds those of the placement group (%g on %d nodes)", shards, gpus, nodes)
	}
	return nil
}

func watch(ctx context.Context, address string, shards int) error {
	for ctx.Err() == nil {
		if err := enough(address, shards); err != nil {
			return fmt.Errorf("a worker of the engine died unexpectedly: %w", err)
		}
		time.Sleep(500 * time.Millisecond)
	}
	return nil
}

// guarded asks for the key in VLLM_API_KEY below /v1, as vLLM does.
func guarded(h http.Handler) http.Handler {
	key := os.Getenv("VLLM_API_KEY")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		given := r.Header.Get("Authorization")
		if key != "" && strings.HasPrefix(r.URL.Path, "/v1") && subtle.ConstantTimeCompare([]byte(given), []byte("Bearer "+key)) != 1 {
			http.Error(w, `{"error":"Unauthorized"}`, http.StatusUnauthorized)
			return
		}
		h.ServeHTTP(w, r)
	})
}

// noted appends the id of every prompt that comes to the file that STANDIN_SEEN names, one a line: what was sent twice is there twice.
func noted(h http.Handler) http.Handler {
	path := os.Getenv("STANDIN_SEEN")
	if path == "" {
		return h
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		})
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			if _, err := fmt.Fprintln(f, r.Header.Get("X-Request-Id")); err != nil { // one write: servers share the file
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
		}
		h.ServeHTTP(w, r)
	})
}
