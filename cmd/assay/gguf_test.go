package main

import (
	"bytes"
	encoding "encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"testing"
)

// The tiny model: a llama of two blocks.
const (
	tinyWidth, tinyHidden, tinyHeads, tinyBlocks = 32, 64, 4, 2
	tinyContext                                  = 4096
	tinyWords                                    = 256 // in addition to three special tokens and one for each byte
)

// gguf is a file in llama.cpp's format, version 3: keys with values, then tensors, each from a multiple of 32 bytes on.
type gguf struct {
	keys, tensors   bytes.Buffer // their descriptions
	nKeys, nTensors uint64
	data            bytes.Buffer
}

func le(b *bytes.Buffer, values ...any) {
	for _, v := range values {
		if s, ok := v.(string); ok {
			le(b, uint64(len(s)), []byte(s))
			continue
		}
		_ = encoding.Write(b, encoding.LittleEndian, v) // a buffer takes all
	}
}

// The types of values that a model has here.
const (
	ggufUint32, ggufInt32, ggufFloat32, ggufString, ggufArray = uint32(4), uint32(5), uint32(6), uint32(8), uint32(9)
)

func (g *gguf) set(key string, kind uint32, value any) {
	g.nKeys++
	le(&g.keys, key, kind, value)
}

// list is a value of many.
func list[T any](g *gguf, key string, kind uint32, values []T) {
	g.nKeys++
	le(&g.keys, key, ggufArray, kind, uint64(len(values)))
	for _, v := range values {
		le(&g.keys, v)
	}
}

// tensor adds float32 values; the first dimension is the one that changes fastest.
func (g *gguf) tensor(name string, at func(i int) float32, dims ...uint64) {
	g.nTensors++
	size := uint64(1)
	le(&g.tensors, name, uint32(len(dims)))
	for _, d := range dims {
		size *= d
		le(&g.tensors, d)
	}
	le(&g.tensors, uint32(0), uint64(g.data.Len())) // float32, from there
	for i := range int(size) {
		le(&g.data, at(i))
	}
	g.data.Write(make([]byte, -g.data.Len()&31))
}

func (g *gguf) write(path string) error {
	var b bytes.Buffer
	le(&b, []byte("GGUF"), uint32(3), g.nTensors, g.nKeys)
	b.Write(g.keys.Bytes())
	b.Write(g.tensors.Bytes())
	b.Write(make([]byte, -b.Len()&31))
	b.Write(g.data.Bytes())
	return os.WriteFile(path, b.Bytes(), 0o600)
}

// tinyModel writes a model that answers with words, whatever it is asked: its weights are random, but for one feature that every
// token has, and that speaks against special tokens and single bytes.
func tinyModel(t *testing.T, path string) {
	t.Helper()
	g := &gguf{}
	g.set("general.architecture", ggufString, "llama")
	g.set("general.name", ggufString, "tiny")
	for name, v := range map[string]uint32{"context_length": tinyContext, "embedding_length": tinyWidth, "feed_forward_length": tinyHidden, "block_count": tinyBlocks,
		"attention.head_count": tinyHeads, "attention.head_count_kv": tinyHeads, "rope.dimension_count": tinyWidth / tinyHeads} {
		g.set("llama."+name, ggufUint32, v)
	}
	g.set("llama.attention.layer_norm_rms_epsilon", ggufFloat32, float32(1e-5))
	words, scores, kinds := []string{"<unk>", "<s>", "</s>"}, []float32{0, 0, 0}, []int32{2, 3, 3}
	for b := range 256 {
		words, scores, kinds = append(words, fmt.Sprintf("<0x%02X>", b)), append(scores, 0), append(kinds, 6)
	}
	for _, piece := range []string{"\u2581", "w", "0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "\u2581w"} { // of which the tokenizer makes words
		words, scores, kinds = append(words, piece), append(scores, float32(len(piece))), append(kinds, 1)
	}
	plain := len(words)
	for i := range tinyWords {
		words, scores, kinds = append(words, fmt.Sprintf("\u2581w%d", i)), append(scores, float32(-i)), append(kinds, 1)
	}
	g.set("tokenizer.ggml.model", ggufString, "llama")
	list(g, "tokenizer.ggml.tokens", ggufString, words)
	list(g, "tokenizer.ggml.scores", ggufFloat32, scores)
	list(g, "tokenizer.ggml.token_type", ggufInt32, kinds)
	for name, id := range map[string]uint32{"unknown": 0, "bos": 1, "eos": 2} {
		g.set("tokenizer.ggml."+name+"_token_id", ggufUint32, id)
	}
	rng := rand.New(rand.NewPCG(1, 1))
	random := func(int) float32 { return float32(rng.NormFloat64()) / 8 }
	one := func(int) float32 { return 1 }
	tokens := uint64(len(words))
	g.tensor("token_embd.weight", func(i int) float32 {
		if i%tinyWidth == 0 {
			return 1
		}
		return random(i)
	}, tinyWidth, tokens)
	g.tensor("output_norm.weight", one, tinyWidth)
	g.tensor("output.weight", func(i int) float32 {
		if i%tinyWidth == 0 && i/tinyWidth < plain {
			return -20
		}
		return random(i)
	}, tinyWidth, tokens)
	for n := range tinyBlocks {
		block := fmt.Sprintf("blk.%d.", n)
		g.tensor(block+"attn_norm.weight", one, tinyWidth)
		for _, name := range []string{"attn_q", "attn_k", "attn_v", "attn_output"} {
			g.tensor(block+name+".weight", random, tinyWidth, tinyWidth)
		}
		g.tensor(block+"ffn_norm.weight", one, tinyWidth)
		g.tensor(block+"ffn_gate.weight", random, tinyWidth, tinyHidden)
		g.tensor(block+"ffn_up.weight", random, tinyWidth, tinyHidden)
		g.tensor(block+"ffn_down.weight", random, tinyHidden, tinyWidth)
	}
	if err := g.write(path); err != nil {
		t.Fatal(err)
	}
}
